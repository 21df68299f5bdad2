/**
 * The control `login-alerts`: which logins are told, by real logins at a real sshd, to a real mail
 * relay and to endpoints in the formats of Slack and Pushover; and what is not told.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ALERT_LIMIT_MS, AlertedServer, HOST, loginOf, LOG, subjectOf } from "./login-alerts";
import { DEPLOYER, itWithJournal } from "./harness";
import { eventually, run } from "./test-machines";

const server = new AlertedServer("a0c70a");
const it = itWithJournal(server);
const ANSWER = join(mkdtempSync(join(tmpdir(), "stronghold-answer-")), "answer");
const OPERATOR = "203.0.113.10";
const STRANGER = "203.0.113.66";
const { sinks } = server;

/** Writes sshd's drop-in and, for a second step, a PAM service that takes the account's password. */
const sshdAllows = (lines: string): void => {
  server.must(`cat >/etc/ssh/sshd_config.d/00-test.conf`, lines);
  server.reloadSshd();
};

const does = (line: string): boolean => server.root(line).code === 0;
const FORGED = "Accepted publickey for root from 192.0.2.1 port 1 ssh2: ED25519 SHA256:abc";

/** Words that log `ada` in and out again; every question is answered with her password. */
const login = (...options: string[]): string[] => [
  ...["env", `SSH_ASKPASS=${ANSWER}`, "SSH_ASKPASS_REQUIRE=force", "ssh", "-F", "none"],
  ...["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "NumberOfPasswordPrompts=1"]
    .concat(options)
    .flatMap((option) => ["-o", option]),
  ...["-i", server.keyFile("ada"), `ada@${server.ipv4}`, "true"],
];
const strangerGetsIn = (...options: string[]): boolean =>
  server.cloud.from("stranger", ...login(...options)).code === 0;

/** How many logins sshd has accepted since the server was made. */
const accepted = (): number =>
  Number(server.must("journalctl -q -t sshd-session --grep '^Accepted publickey for' | wc -l"));

beforeAll(async () => {
  await server.boot();
  server.addPerson("ada");
  server.addPerson("mallory");
  expect(server.control("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
  // How ssh(1) is told a password without a terminal.
  writeFileSync(ANSWER, "#!/bin/sh\necho open sesame\n", { mode: 0o755 });
}, 540_000);

beforeEach(async () => {
  await server.settle();
}, 120_000);

afterAll(async () => {
  rmSync(dirname(ANSWER), { recursive: true });
  await server.end();
}, 90_000);

afterEach(() => {
  sshdAllows("");
});

describe("a login", () => {
  it("with a key is told by every channel within 10 s", async () => {
    const began = Date.now();
    expect(server.lets("ada", { from: "stranger" })).toBe(true);
    const subject = loginOf("ada", STRANGER);
    expect(await server.mailArrives(subject)).toBe(true);
    expect(await eventually(() => sinks.posts.length === 2, ALERT_LIMIT_MS)).toBe(true);
    for (const { at } of sinks.arrived) expect(at - began).toBeLessThan(ALERT_LIMIT_MS);

    const [mail] = sinks.mails;
    expect(mail).toMatchObject({
      user: server.good["MAIL_USER"],
      from: "stronghold@example.org",
      to: ["ada@example.org", "bob+alerts@example.org"],
    });
    const fingerprint =
      run(["ssh-keygen", "-lf", server.keyFile("ada")]).stdout.split(" ")[1] ?? "";
    for (const line of [
      "From: stronghold@example.org",
      "To: ada@example.org, bob+alerts@example.org",
      "Content-Type: text/plain; charset=UTF-8",
      "Account:  ada",
      `Address:  ${STRANGER}, port `,
      "Method:   key only (publickey)",
      `Key:      ED25519 ${fingerprint}`,
      `Server:   ${HOST}`,
    ]) {
      expect(`\r\n${mail?.data ?? ""}`).toContain(`\r\n${line}`);
    }
    expect(mail?.data).toMatch(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r$/m);
    expect(mail?.data).toMatch(/^Message-ID: <[0-9a-f.-]+\.host-1@example\.org>\r$/m);
    expect(mail?.data).toMatch(/^Time: {5}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(UTC\+00:00\)\r$/m);

    const slack = sinks.posts.find(({ path }) => path.includes("services"));
    expect(slack).toMatchObject({ method: "POST", type: "application/json" });
    const { text } = JSON.parse(slack?.body ?? "{}") as { text: string };
    expect(text).toContain(`${subject}\nAccount:  ada\n`);

    const pushover = sinks.posts.find(({ path }) => path.includes("messages.json"));
    expect(pushover?.type).toBe("application/x-www-form-urlencoded");
    const form = Object.fromEntries(new URLSearchParams(pushover?.body));
    expect(form).toMatchObject({
      token: server.good["PUSHOVER_TOKEN"],
      user: server.good["PUSHOVER_USER"],
      title: subject,
      message: expect.stringContaining(`Address:  ${STRANGER}`) as string,
    });
    expect(Object.keys(form)).toHaveLength(4);
    // The server says so once the relay has answered, which may be after the mail is here.
    expect(await eventually(() => does(`grep -q 'mail: .* accepted' ${LOG}`))).toBe(true);
  }, 90_000);

  it("of the deployer is told apart from people's", async () => {
    expect(server.lets(DEPLOYER)).toBe(true);
    const subject = `[${HOST}] automation login: ${DEPLOYER} from ${OPERATOR}`;
    expect(await server.mailArrives(subject)).toBe(true);
  }, 90_000);

  it("over IPv6 is told", async () => {
    expect(server.lets("ada", { address: server.ipv6 })).toBe(true);
    expect(await server.mailArrives(loginOf("ada", "2001:db8:10::10"))).toBe(true);
  }, 90_000);

  it("with a password alone is told", async () => {
    sshdAllows("PasswordAuthentication yes\n");
    expect(strangerGetsIn("PreferredAuthentications=password")).toBe(true);
    expect(await server.mailArrives(loginOf("ada", STRANGER))).toBe(true);
    expect(sinks.mails[0]?.data).toContain("\r\nMethod:   password (password)\r\n");
  }, 90_000);

  it("with two factors is told, with the key that was the first", async () => {
    sshdAllows(
      "LogLevel VERBOSE\nKbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive\n",
    );
    expect(strangerGetsIn()).toBe(true);
    expect(await server.mailArrives(loginOf("ada", STRANGER))).toBe(true);
    const [mail] = sinks.mails;
    expect(mail?.data).toContain("\r\nMethod:   key and code (keyboard-interactive/pam)\r\n");
    expect(mail?.data).toMatch(/^Key: {6}ED25519 SHA256:[A-Za-z0-9+/]{43}\r$/m);
    // The first step alone is no login, though sshd says "Accepted key" of it.
    await server.settle();
    expect(server.lets("ada", { from: "stranger" })).toBe(false);
    expect(server.must("journalctl -q -t sshd-session -n 9")).toContain("Accepted key");
    sshdAllows("");
    expect(server.lets("ada")).toBe(true);
    expect(await server.mailArrives(loginOf("ada", OPERATOR))).toBe(true);
    expect(server.subjects()).toEqual([loginOf("ada", OPERATOR)]);
  }, 120_000);

  it("is told once each when there are many at once, while Monit restarts and a log is rotated", async () => {
    const commands = [
      "systemctl restart monit",
      "logrotate -f /etc/logrotate.d/rsyslog",
      "monit reload",
    ];
    const before = accepted();
    const words = login().join(" ");
    for (const command of commands) {
      server.root(`(${command}) >/dev/null 2>&1 &`);
      const burst = `for n in 1 2 3 4 5 6 7 8; do ${words} 2>/dev/null & done; wait`;
      server.cloud.from("stranger", "bash", "-c", burst);
      expect(server.lets("ada", { from: "stranger" })).toBe(true);
    }
    // Some of them are not looked at before the reboot.
    await server.cloud.machines.reboot(1001);
    expect(await eventually(() => server.lets("ada"), 20_000)).toBe(true);
    expect(await server.mailArrives(loginOf("ada", OPERATOR), 30_000)).toBe(true);
    const all = accepted() - before;
    expect(all).toBeGreaterThan(commands.length * 9);
    // What Monit missed, the timer finds.
    expect(await eventually(() => server.loginsTold() >= all, 45_000)).toBe(true);
    expect(server.loginsTold()).toBe(all);
  }, 450_000);

  it("is told even if Monit is dead", async () => {
    server.must("systemctl kill -s KILL monit; systemctl stop monit");
    expect(server.lets("ada")).toBe(true);
    expect(await server.mailArrives(loginOf("ada", OPERATOR), 40_000)).toBe(true);
    server.must("systemctl start monit");
  }, 180_000);

  it("is told even if a flood of failures comes before it", async () => {
    // More than journald takes of one unit in half a minute unless it is told otherwise, by a process
    // that counts as sshd's.
    const lines = 80_000;
    server.must(`
      for n in $(seq ${lines}); do echo "Failed password for flooded from 192.0.2.1"; done >/run/flood
      for hierarchy in /sys/fs/cgroup/{systemd,unified,}/system.slice/ssh.service/cgroup.procs; do
        if [[ -e $hierarchy ]]; then echo $$ >$hierarchy; fi
      done
      logger -t sshd-session -p auth.info -f /run/flood`);
    expect(server.lets("ada")).toBe(true);
    expect(await server.mailArrives(loginOf("ada", OPERATOR), 30_000)).toBe(true);
    const kept = "journalctl -q -t sshd-session --grep 'Failed password for flooded' | wc -l";
    expect(server.must(kept)).toBe(String(lines));
  }, 270_000);

  it("that is worded in no known way is told rather than passed over", async () => {
    // Twice, so that the second is compared with the first.
    const line =
      'Accepted telepathy of ada by <!channel> "$(touch /run/pwned)" [$(touch /run/pwned)] \\';
    server.sshdSays(`${line}\n${line}`);
    const subject = `[${HOST}] login: sshd let somebody in (2 times)`;
    expect(await server.mailArrives(subject)).toBe(true);
    // A busy machine may still be telling of the flood's login: only what tells of this one counts.
    const posts = () => sinks.posts.filter(({ body }) => body.includes("telepathy"));
    expect(await eventually(() => posts().length === 2, ALERT_LIMIT_MS)).toBe(true);
    expect(sinks.mails.find(({ data }) => subjectOf(data) === subject)?.data).toContain(
      'Accepted telepathy of ada by <!channel> "$(touch /run/pwned)"',
    );
    expect(posts().find(({ path }) => path.includes("services"))?.body).toContain(
      "&lt;!channel&gt;",
    );
    expect(server.root("test -e /run/pwned").code).toBe(1);
    // It is the last that sshd said, and the place from which the next scan goes on.
    server.must("systemctl start stronghold-alerts.service");
    expect(await eventually(() => server.subjects().length > 1, 3_000)).toBe(false);
  }, 90_000);
});

/** What an account other than root can do to look like sshd; a service's, for one that was broken into. */
function forge(account: string): boolean {
  const log = (words: string): string => `runuser -u ${account} -- logger -p auth.info ${words}; `;
  const tags = ["sshd", "sshd[1]", "sshd-session[4711]"];
  const asHost = log(`-t x "host-1 sshd-session[1]: ${FORGED}"`);
  server.must(tags.map((tag) => log(`-t "${tag}" "${FORGED}"`)).join("") + asHost);
  const fields = `SYSLOG_IDENTIFIER=sshd-session\n_UID=0\nMESSAGE=${FORGED}\n`;
  server.must(`cat | runuser -u ${account} -- logger --journald`, fields);
  return server.root("journalctl -q -t sshd-session -n 1 -o cat").stdout.startsWith(FORGED);
}

describe("nobody is told of", () => {
  it.each<[string, () => boolean]>([
    ["a login from the white list", () => server.lets("ada", { from: "neighbour" })],
    [
      "a login from a prefix of the white list",
      () => server.lets("ada", { from: "neighbour", address: server.ipv6 }),
    ],
    ["a failed login", () => !server.lets("ada", { key: DEPLOYER })],
    ["sudo and su", () => does("su ada -c true; su ada -c 'sudo -n true' 2>&1 || true")],
    ["Monit's own restart and reload", () => does("systemctl restart monit; monit reload")],
    [
      "Monit's missing its log",
      () => does("cd /var/log; mv auth.log away; monit validate; mv away auth.log"),
    ],
    ["lines that a person forged", () => forge("mallory")],
    ["lines that a service forged", () => forge("www-data")],
    ["another service's line", () => does(`logger -t cron -p auth.info '${FORGED}'`)],
  ])(
    "%s",
    async (_what, happens) => {
      expect(happens()).toBe(true);
      server.must("systemctl start stronghold-alerts.service");
      // A real login that comes after it is the only one to be told.
      expect(server.lets(DEPLOYER)).toBe(true);
      const subject = `[${HOST}] automation login: ${DEPLOYER} from ${OPERATOR}`;
      expect(await server.mailArrives(subject)).toBe(true);
      expect(server.subjects()).toEqual([subject]);
    },
    120_000,
  );

  it("a white-listed login, but it is in the log", () => {
    expect(server.lets("ada", { from: "neighbour" })).toBe(true);
    server.must("systemctl start stronghold-alerts.service");
    expect(server.must(`tail -n 1 ${LOG}`)).toContain(
      "login of ada from 203.0.113.77 by publickey: on the white list, nobody is told",
    );
  });
});
