/**
 * The control `login-alerts`: what becomes of an alert when a service is down, slow, lying or full of
 * scruples; and that no secret is seen on the way. Services are real ones on the router of the cloud.
 */
import { HTTPS_PORTS, SINK_IPV4, SMTP_PORTS } from "../sinks/ports";
import { base64, itWithJournal, type Parameters } from "./harness";
import { ALERT_LIMIT_MS, AlertedServer, CANARY, HOST, LOG, loginOf } from "./login-alerts";
import { eventually } from "./test-machines";

const server = new AlertedServer("a0c70d");
const it = itWithJournal(server);
const { sinks } = server;
const SPOOL = "/var/spool/stronghold-alerts";
const SUBJECT = loginOf("ada", "203.0.113.10");
const CLOSED = 9;

const ids = (...numbers: string[]): string[] => numbers.map((number) => `LOGIN-ALERTS-${number}`);
const relay = (port: number): Parameters => ({ MAIL_RELAY: `${SINK_IPV4}:${port}` });
const slack = (behaviour: string, port?: number): Parameters => ({
  SLACK_WEBHOOK_B64: base64(server.url(behaviour, port)),
});
const slackPosts = (): number =>
  sinks.posts.filter(({ path }) => path.startsWith("/ok/services")).length;
const waiting = (): string => server.must(`find ${SPOOL} -type f`);
const logged = (text: string): boolean => server.must(`tail -n 40 ${LOG}`).includes(text);

beforeAll(async () => {
  await server.boot();
  server.addPerson("ada");
  expect(server.control("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
}, 540_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("mail", () => {
  const cases: [string, Parameters, string][] = [
    ["is down", relay(CLOSED), "it cannot be reached"],
    ["takes the connection and is silent", relay(SMTP_PORTS.hanging), "it does not answer in time"],
    [
      "shows a foreign certificate",
      relay(SMTP_PORTS.foreignCertificate),
      "its certificate cannot be verified",
    ],
    ["offers no TLS", relay(SMTP_PORTS.withoutTls), "it offers no TLS"],
    [
      "refuses the password",
      { MAIL_PASSWORD_B64: base64(`wrong ${CANARY}`) },
      "it refuses the user or the password",
    ],
    ["says not now", relay(SMTP_PORTS.busy), "the relay says not now (451)"],
    // Last, and by the port of the next test: what is sent between two files' being put in place, with the
    // authority that is there already, leaves by the relay of before.
    [
      "is signed by an authority of our own that is not given",
      { ...relay(SMTP_PORTS.implicit), MAIL_TLS: "implicit", CA_B64: "" },
      "its certificate cannot be verified",
    ],
  ];

  it.each(cases)(
    "waits while the relay %s, and Slack does not",
    async (_what, bad, reason) => {
      const trustless = "CA_B64" in bad;
      server.control("apply", bad);
      sinks.arrived.length = 0;
      expect(server.lets("ada")).toBe(true);
      if (!trustless) expect(await eventually(() => slackPosts() === 1, ALERT_LIMIT_MS)).toBe(true);
      expect(
        await eventually(
          () => logged(`later, attempt 1: ${reason}`) || logged(`hopeless, attempt 1: ${reason}`),
          30_000,
        ),
      ).toBe(true);
      const audit = server.control("audit", bad);
      expect(audit).toMatchObject({ code: 1, fails: ids("08") });
      expect(audit.stdout).toContain(`mail: ${reason}, since 20`);
      expect(waiting()).toContain(`${SPOOL}/mail/`);
      expect(sinks.mails).toEqual([]);
    },
    180_000,
  );

  it("arrives once each when the relay is right", async () => {
    sinks.arrived.length = 0;
    server.control("apply", { ...relay(SMTP_PORTS.implicit), MAIL_TLS: "implicit" });
    expect(await eventually(() => server.loginsTold() >= cases.length, 20_000)).toBe(true);
    expect(await eventually(() => waiting() === "")).toBe(true);
    expect(sinks.mails.map(({ port }) => port)).toEqual(cases.map(() => SMTP_PORTS.implicit));
    const messageIds = sinks.mails.map(({ data }) => /^Message-ID: (.*)$/m.exec(data)?.[1]);
    expect(new Set(messageIds).size).toBe(cases.length);
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
  }, 120_000);

  it("goes to the others when one recipient is refused, and the audit says so", async () => {
    await server.settle();
    const one = { MAIL_TO: "nobody@example.org,ada@example.org" };
    server.control("apply", one);
    expect(server.lets("ada")).toBe(true);
    expect(await server.mailArrives(SUBJECT)).toBe(true);
    expect(sinks.mails.map(({ to }) => to)).toEqual([["ada@example.org"]]);
    expect(await eventually(() => waiting() === "")).toBe(true);
    const audit = server.control("audit", one);
    expect(audit.fails).toEqual(ids("08"));
    expect(audit.stdout).toContain("mail: the relay refuses some of the recipients (550), since");

    const none = { MAIL_TO: "nobody@example.org" };
    server.control("apply", none);
    expect(server.lets("ada")).toBe(true);
    expect(await eventually(() => logged("refused, attempt 1: the relay refuses it (550)"))).toBe(
      true,
    );
    expect(server.control("audit", none).fails).toEqual(ids("07", "08"));
    // Right settings give what was refused another chance.
    server.control("apply");
    expect(await eventually(() => sinks.mails.length === 2)).toBe(true);
    expect(server.control("audit")).toMatchObject({ code: 0, fails: [] });
  }, 180_000);
});

describe("Slack", () => {
  const cases: [string, Parameters, string, string][] = [
    ["is down", slack("ok", CLOSED), "later", "it cannot be reached"],
    ["fails", slack("500"), "later", "the service answers 500"],
    ["has had too much", slack("429"), "later", "the service answers 429"],
    ["never answers", slack("hang"), "later", "it does not answer in time"],
    [
      "shows a foreign certificate",
      slack("ok", HTTPS_PORTS.foreignCertificate),
      "later",
      "its certificate cannot be verified",
    ],
    ["sends elsewhere", slack("redirect"), "refused", "the service refuses it (302)"],
    ["knows no such webhook", slack("404"), "refused", "the service refuses it (404)"],
  ];

  it.each(cases)(
    "waits while it %s, and mail does not",
    async (_what, bad, verdict, reason) => {
      server.control("apply", bad);
      sinks.arrived.length = 0;
      expect(server.lets("ada")).toBe(true);
      expect(await server.mailArrives(SUBJECT)).toBe(true);
      expect(await eventually(() => logged(`${verdict}, attempt 1: ${reason}`), 120_000)).toBe(
        true,
      );
      const audit = server.control("audit", bad);
      expect(audit).toMatchObject({
        code: 1,
        fails: verdict === "later" ? ids("08") : ids("07", "08"),
      });
      expect(audit.stdout).toContain(`slack: ${reason}, since 20`);
      expect(slackPosts()).toBe(0);
    },
    300_000,
  );

  it("has them all when it is right again", async () => {
    sinks.arrived.length = 0;
    server.control("apply");
    expect(await eventually(() => slackPosts() === cases.length, 20_000)).toBe(true);
    expect(await eventually(() => waiting() === "")).toBe(true);
    expect(server.control("audit")).toMatchObject({ code: 0, fails: [] });
  }, 120_000);
});

describe("the queue", () => {
  it("outlasts a killed sender and a reboot, and empties by itself, once", async () => {
    await server.settle();
    await sinks.stop();
    expect(server.lets("ada")).toBe(true);
    expect(await eventually(() => waiting().split("\n").length === 3)).toBe(true);
    expect(await eventually(() => logged("mail: ") && logged("it cannot be reached"))).toBe(true);
    server.must("systemctl kill -s KILL 'stronghold-alerts-send@*.service'");
    expect(server.lets("ada", { address: server.ipv6 })).toBe(true);
    expect(await eventually(() => waiting().split("\n").length === 6, 40_000)).toBe(true);
    await server.cloud.machines.reboot(1001);
    expect(server.control("audit").fails).toEqual(ids("08"));
    server.must(`find ${SPOOL} -type f -exec touch -d '-1 hour' {} +`);
    const audit = server.control("audit");
    expect(audit.fails).toEqual(ids("07", "08"));
    expect(audit.stdout).toContain("mail: 2 wait; slack: 2 wait; pushover: 2 wait");

    await sinks.start();
    expect(await eventually(() => waiting() === "", 60_000)).toBe(true);
    expect(sinks.arrived).toHaveLength(6);
    expect(server.subjects()).toEqual([SUBJECT, loginOf("ada", "2001:db8:10::10")]);
    expect(server.control("audit")).toMatchObject({ code: 0, fails: [] });
  }, 450_000);

  it("is bounded; what it could not hold is counted, told and shown", async () => {
    const down = slack("ok", CLOSED);
    server.control("apply", down);
    server.must(
      `for n in {1000..1499}; do printf '[${HOST}] n\\n\\ntext\\n' >${SPOOL}/slack/$n; done`,
    );
    sinks.arrived.length = 0;
    expect(server.lets("ada")).toBe(true);
    expect(await server.mailArrives(SUBJECT)).toBe(true);
    expect(await eventually(() => logged("slack: DROPPED"))).toBe(true);
    // Pushover's may not have left yet.
    const slacks = waiting()
      .split("\n")
      .filter((file) => file.startsWith(`${SPOOL}/slack/`));
    expect(slacks).toHaveLength(500);
    const audit = server.control("audit", down);
    expect(audit.fails).toEqual(ids("07", "08"));
    expect(audit.stdout).toContain(`slack: 1 dropped, see ${LOG}`);
    server.control("apply");
    expect(await eventually(() => slackPosts() === 501, 300_000)).toBe(true);
    expect(sinks.posts.at(-1)?.body).toContain("1 alerts were dropped");
    expect(await eventually(() => waiting() === "")).toBe(true);
    expect(server.control("audit")).toMatchObject({ code: 0, fails: [] });
  }, 450_000);
});

describe("the clock", () => {
  it("is told of when it goes wrong and when it is right again, once each", async () => {
    await server.settle();
    const check = "/usr/local/sbin/stronghold-clock-check";
    const says = (code: number, text: string): void => {
      server.must(
        `cat >${check} && chmod 755 ${check}`,
        `#!/bin/bash\necho '${text}'\nexit ${code}\n`,
      );
      for (let n = 0; n < 3; n += 1) server.must("systemctl start stronghold-alerts-clock.service");
    };
    says(0, "the clock is right");
    says(1, "the clock is 17.0 s behind 192.0.2.1");
    expect(await server.mailArrives(`[${HOST}] clock: wrong`)).toBe(true);
    says(0, "the clock is right");
    expect(await server.mailArrives(`[${HOST}] clock: right again`)).toBe(true);
    expect(sinks.mails[0]?.data).toContain(
      "The check of the clock says: the clock is 17.0 s behind 192.0.2.1",
    );
    await server.settle();
    server.must(`rm ${check}; systemctl start stronghold-alerts-clock.service`);
    expect(server.subjects()).toEqual([]);
  }, 180_000);
});

/** With what the control was applied, for a server that audits itself. */
const MEMORY = "/var/lib/stronghold/applied/login-alerts";

describe("secrets", () => {
  it("are in the channels' own files, in root's memory of them and nowhere else, whatever happens", async () => {
    // Everything that any process shows of itself while alerts are being sent, in good days and bad.
    server.must(`: >/run/seen; (while [[ -e /run/seen ]]; do
      cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null >>/run/seen.all
    done) >/dev/null 2>&1 &`);
    for (const bad of [
      {},
      relay(SMTP_PORTS.hanging),
      { MAIL_PASSWORD_B64: base64(`wrong ${CANARY}`), ...slack("500") },
      slack("hang"),
      slack("404"),
    ]) {
      server.must("touch /run/marker");
      server.control("apply", bad);
      expect(server.lets("ada")).toBe(true);
      const tried = "find /var/lib/stronghold/alerts -name '*.result' -newer /run/marker | wc -l";
      expect(await eventually(() => server.must(tried) === "3", 40_000)).toBe(true);
    }
    server.control("apply");
    await server.settle();
    server.must("rm /run/seen");
    expect(server.must("tr '\\0' '\\n' </run/seen.all | grep -c '^curl$'")).not.toBe("0");
    const holders = server.root("grep -rlaF -f - / --exclude-dir={proc,sys,dev} | sort", CANARY);
    expect(holders.stdout.trim().split("\n")).toEqual([
      ...["mail", "pushover", "slack"].map((channel) => `/etc/stronghold/alerts/${channel}`),
      MEMORY,
    ]);
    expect(server.must(`stat -c %a:%U ${MEMORY} $(dirname ${MEMORY})`)).toBe("600:root\n700:root");
    const names = server.root("find / -xdev | grep -F -f <(cat)", CANARY).stdout;
    expect(names).toBe("");
  }, 450_000);
});
