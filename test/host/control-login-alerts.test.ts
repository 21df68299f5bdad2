/**
 * The control `login-alerts`: what it sets up, notices and mends. Which logins are told, and what
 * happens when a relay fails, is in control-login-alerts-{logins,delivery}.test.ts.
 */
import { base64, DEPLOYER, itWithJournal, type Parameters } from "./harness";
import { AlertedServer, CANARY, HOST, LOG, loginOf } from "./login-alerts";
import { eventually, IMAGE } from "./test-machines";
import { grouped } from "./tampers";

const server = new AlertedServer("a0c709");
const it = itWithJournal(server);
const ALERTS = "/etc/stronghold/alerts";
/** Where rsyslog's own rule is: Debian has it in the main file, Ubuntu in one beside it. */
const AUTH_RULE = IMAGE.startsWith("linode/ubuntu")
  ? "/etc/rsyslog.d/50-default.conf"
  : "/etc/rsyslog.conf";
const ids = (...numbers: string[]): string[] => numbers.map((number) => `LOGIN-ALERTS-${number}`);

beforeAll(async () => {
  // The control finds its packages installed; it never installs any.
  await server.bootBare();
  expect(server.control("audit")).toMatchObject({ code: 1, fails: ids("00") });
  server.install();
  server.addPerson("ada");
}, 540_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control login-alerts", () => {
  it("sets all of it up, tells nothing of before, and then has nothing to do", async () => {
    expect(server.lets("ada")).toBe(true);
    const fails = ids("01", "02", "03", "04", "05", "06", "09");
    expect(server.control("audit")).toMatchObject({ code: 1, fails, stderr: "" });
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(server.control("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(server.control("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(server.lets(DEPLOYER)).toBe(true);
    const subject = `[${HOST}] automation login: ${DEPLOYER} from 203.0.113.10`;
    expect(await server.mailArrives(subject)).toBe(true);
    expect(server.subjects()).toEqual([subject]);
  }, 180_000);

  it.each(
    grouped([
      [
        "a journal that forwards nothing",
        "cd /etc/systemd/journald.conf.d; sed -i s/=yes/=no/ zz-*; systemctl restart systemd-journald",
        ["01"],
      ],
      [
        "a limit on what sshd may log",
        "rm /run/systemd/units/log-rate-limit-burst:ssh.service",
        ["01"],
      ],
      ["an rsyslog that is stopped", "systemctl -q stop rsyslog.service syslog.socket", ["01"]],
      [
        "an rsyslog without its rule",
        `sed -i 's/^auth,/#&/' ${AUTH_RULE}; systemctl restart rsyslog`,
        ["01"],
      ],
      [
        "an rsyslog that has its rule again",
        `sed -i 's/^#auth,/auth,/' ${AUTH_RULE}; systemctl restart rsyslog`,
        ["01"],
      ],
      ["a Monit that is stopped", "systemctl -q stop monit", ["02"]],
      ["a Monit that does not start at boot", "systemctl -q disable monit 2>&1", ["02"]],
      [
        "a Monit that tells of itself",
        "echo 'set alert eve@example.org' >>/etc/monit/monitrc",
        ["02"],
      ],
      ["a Monit whose file everyone may read", "chmod 644 /etc/monit/monitrc", ["02"]],
      [
        "a Monit that runs with another file than there is",
        "cd /etc/monit; cp -p monitrc kept; echo 'check file more with path /etc/passwd' >>monitrc; " +
          "systemctl restart monit; sleep 1; mv kept monitrc",
        ["02"],
      ],
      [
        "a Monit that has not read its file",
        "cd /etc/monit; until [[ $(date +%s) > $(stat -c %Y /run/monit.pid) ]]; do :; done; touch monitrc",
        ["02"],
      ],
      ["another program", "echo 'exit 0' >/usr/local/sbin/stronghold-alert", ["03"]],
      ["a program that everyone may run", "chmod 755 /usr/local/sbin/stronghold-alert", ["03"]],
      ["a part of it that is gone", "rm /usr/local/lib/stronghold-alert/channels.sh", ["03"]],
      [
        "another unit",
        "sed -i s/30/3000/ /etc/systemd/system/stronghold-alerts.timer; systemctl daemon-reload",
        ["03"],
      ],
      [
        "a unit with a drop-in that is not read yet",
        "install -d /etc/systemd/system/stronghold-alerts.service.d; touch /etc/systemd/system/stronghold-alerts.service.d/x.conf",
        ["04"],
      ],
      ["nobody to look for logins", "systemctl -q stop stronghold-alerts.timer", ["04"]],
      ["nobody to hear Monit", "systemctl -q disable stronghold-alerts.path 2>&1", ["04"]],
      ["nobody to look at the clock", "systemctl -q stop stronghold-alerts-clock.timer", ["04"]],
      ["nobody to send mail", "systemctl -q stop stronghold-alerts-send@mail.path", ["04"]],
      ["another relay", `sed -i s/:587/:25/ ${ALERTS}/mail`, ["05"]],
      ["another webhook", `sed -i s/services/eve/ ${ALERTS}/slack`, ["05"]],
      ["certificates that are not verified", `echo insecure >>${ALERTS}/common`, ["05"]],
      ["secrets that a group may read", `chmod 640 ${ALERTS}/pushover`, ["05"]],
      ["secrets in an open folder", `chmod 755 ${ALERTS}`, ["05"]],
      ["a queue that everyone may read", "chmod 755 /var/spool/stronghold-alerts", ["05"]],
      ["a file that nobody asked for", `touch ${ALERTS}/.curlrc`, ["05"]],
      ["another address on the white list", `echo '*' >>${ALERTS}/white-list`, ["06"]],
      ["a log that is not rotated", "rm /etc/logrotate.d/stronghold-alerts", ["09"]],
      ["a log that everyone may read", `chmod 644 ${LOG}`, ["09"]],
      ["a log that leads elsewhere", `ln -sf /dev/null ${LOG}`, ["09"]],
    ]),
  )(
    "notices and mends: %s",
    (_what, { rows, numbers }) => {
      for (const [, tamper] of rows) server.must(tamper);
      expect(server.control("audit")).toMatchObject({
        code: 1,
        fails: ids(...numbers),
        stderr: "",
      });
      expect(server.control("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
      expect(server.control("apply")).toMatchObject({ code: 0, changed: 0 });
    },
    120_000,
  );

  it.each<[string, Parameters]>([
    ["a white list of everybody", { WHITE_LIST_B64: base64("*\n") }],
    ["a white list of names", { WHITE_LIST_B64: base64("203.0.113.7\nadmin.example.org\n") }],
    ["a pattern in the middle", { WHITE_LIST_B64: base64("203.*.113.7\n") }],
    ["a relay without a port", { MAIL_RELAY: "relay.example.org" }],
    ["a relay without a user", { MAIL_USER: "" }],
    ["a relay without a password", { MAIL_PASSWORD_B64: "" }],
    ["a relay without recipients", { MAIL_TO: "" }],
    ["no encryption", { MAIL_TLS: "none" }],
    ["a recipient that is a header", { MAIL_TO: 'a@b.example" -o /etc/passwd "' }],
    ["a password of two lines", { MAIL_PASSWORD_B64: base64("one\nurl=file:///etc/shadow") }],
    ["a webhook without TLS", { SLACK_WEBHOOK_B64: base64("http://hooks.example/x") }],
    [
      "a webhook of two lines",
      { SLACK_WEBHOOK_B64: base64('https://a.example/x"\noutput = "/etc/shadow') },
    ],
    ["half of Pushover", { PUSHOVER_USER: "" }],
    ["a certificate that is none", { CA_B64: base64("-----BEGIN CERTIFICATE-----\nx\n") }],
  ])("refuses %s, and changes nothing", (_what, bad) => {
    const refused = server.control("apply", bad);
    expect(refused).toMatchObject({ code: 64, stdout: "" });
    expect(refused.stderr).not.toContain(CANARY);
    expect(server.control("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it("takes over what changes, and drops a channel that is no longer wanted", () => {
    const none = { MAIL_RELAY: "", SLACK_WEBHOOK_B64: "", PUSHOVER_TOKEN: "", PUSHOVER_USER: "" };
    expect(server.control("apply", none)).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(server.control("apply", none)).toMatchObject({ code: 0, changed: 0 });
    expect(server.root(`grep -rl ${CANARY.slice(0, 6)} /etc /var /usr/local /run`).stdout).toBe("");
    expect(server.lets("ada")).toBe(true);
    server.must("systemctl start stronghold-alerts.service");
    expect(server.must(`tail -n 1 ${LOG}`)).toContain(
      `${loginOf("ada", "203.0.113.10")}; queued for: nobody`,
    );
    expect(server.control("audit").fails).toEqual(ids("04", "05"));
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
  }, 180_000);

  it("can be killed at any point, and loses no login", async () => {
    await server.settle();
    const accepted = "journalctl -q -t sshd-session --grep '^Accepted publickey for ada' | wc -l";
    const before = Number(server.must(accepted));
    server.must(`: >${LOG}`);
    const none = { ...server.good, MAIL_RELAY: "", SLACK_WEBHOOK_B64: "", WHITE_LIST_B64: "" };
    const delays = [50, 150, 300, 450, 600, 800, 1_000, 1_500, 2_000];
    for (const [n, delay] of delays.entries()) {
      server.root("systemctl stop monit; rm -f /usr/local/lib/stronghold-alert/queue.sh");
      server.killDriverAfter(delay, "apply", "login-alerts", n % 2 === 0 ? none : server.good);
      expect(server.lets("ada")).toBe(true);
    }
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
    expect(server.control("apply")).toMatchObject({ code: 0, changed: 0 });
    const all = Number(server.must(accepted)) - before;
    expect(all).toBe(delays.length);
    expect(await eventually(() => loginsLogged() === all, 40_000)).toBe(true);
  }, 360_000);
});

/** Logins of ada that alerts stand for, whoever was told: one alert may stand for several. */
function loginsLogged(): number {
  const alerts = new Map<string, number>();
  const line = /alert (\S+): \[host-1\] login: ada from ([^;]+);/g;
  for (const [, id = "", rest = ""] of server.must(`cat ${LOG}`).matchAll(line)) {
    alerts.set(id, Number(/\((\d+) times\)/.exec(rest)?.[1] ?? "1"));
  }
  return [...alerts.values()].reduce((sum, times) => sum + times, 0);
}
