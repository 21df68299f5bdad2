/**
 * The outside world of a local cloud, as its servers and a stranger meet it: the time, a mail relay, and
 * web endpoints in the formats of Slack and Pushover.
 *
 * It proves that a client which the real services would refuse is refused here, in the cases below. It
 * does not prove that whatever is taken here would be taken there.
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isAlive } from "../../local/process-identity";
import { commandLines, traces } from "../machine-view";
import { AT, configureHost, HOST, Place } from "./outside-place";
import { describeAsRoot, eventually, run } from "./test-machines";

const [one, two] = [new Place("outside-a"), new Place("outside-b")];

const MAIL = `From: a@local.test
To: b@local.test
Subject: [app] login: ada
 from 203.0.113.10

Account:  ada

.dot é
`;

describeAsRoot("the outside world of a cloud", () => {
  beforeAll(async () => {
    await Promise.all([one.start(), two.start()]);
    // A host's namespace is all that is needed of it: booted hosts are the concern of other tests.
    await one.cloud.machines.create(one.cloud.spec(1));
    configureHost(one);
  }, 360_000);

  afterAll(async () => {
    await Promise.all([one.cloud.down(), two.cloud.down()]);
  }, 90_000);

  it("tells the right time, to servers and strangers alike", () => {
    for (const place of [HOST, "stranger"] as const) {
      expect(Math.abs(one.timeOff(place) ?? NaN)).toBeLessThan(0.1);
    }
    expect(one.timeOff(HOST, "203.0.113.66")).toBeUndefined();
  }, 90_000);

  it("has a time server that could not set this machine's clock, nor be commanded", () => {
    const { pid } = one.process("time");
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    expect(words.slice(0, 4)).toEqual([join(one.dir, "chronyd"), "-4", "-x", "-d"]);
    const rights = /^CapEff:\t(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    // CAP_NET_BIND_SERVICE alone.
    expect(BigInt(`0x${rights ?? ""}`)).toBe(1n << 10n);
    const sockets = one.inRouter("ss", "-Hlnu");
    expect(sockets.stdout.match(/\S+:\d+(?= )/g)).toEqual([`${AT}:123`]);
    expect(readdirSync(one.dir).filter((name) => name.endsWith(".sock"))).toEqual([]);
  });

  it("opens no port but these", () => {
    const ports = ["-p-", "-T5", "-n", "-Pn", "-oG", "-", AT];
    const open = one.cloud.from("stranger", "nmap", ...ports).stdout.match(/\d+(?=\/open\/tcp)/g);
    expect(open).toEqual(["443", "587", "3142"]);
  }, 180_000);

  it("keeps what it has to root, and the authority's own key not at all", () => {
    const identity = join(one.dir, "identity");
    const files = readdirSync(identity).map((name) => join(identity, name));
    expect(files.map((file) => file.slice(identity.length + 1)).sort()).toEqual([
      "ca.crt",
      "credentials.json",
      "server.crt",
      "server.key",
    ]);
    expect([...files, one.dir, identity].filter((file) => statSync(file).mode & 0o077)).toEqual([]);
    const credentials = readFileSync(join(identity, "credentials.json"), "utf8");
    const secrets = Object.values(JSON.parse(credentials) as Record<string, string>);
    expect(secrets).toHaveLength(5);
    const lines = commandLines().join("\n");
    expect(secrets.filter((secret) => lines.includes(secret))).toEqual([]);
  });

  describe("takes mail", () => {
    it("over TLS, after a login", () => {
      const before = one.messages().length;
      const sent = one.mail(MAIL, "--ssl-reqd", ...one.login, "--mail-rcpt", "c@local.test");
      expect(sent).toMatchObject({ code: 0, stderr: "" });
      const [message, ...more] = one.messages().slice(before);
      expect(more).toEqual([]);
      expect(message).toMatchObject({
        channel: "mail",
        from: "a@local.test",
        to: ["b@local.test", "c@local.test"],
        subject: "[app] login: ada from 203.0.113.10",
        text: "Account:  ada\n\n.dot é",
        raw: MAIL.replaceAll("\n", "\r\n"),
      });
      expect(Date.now() - Date.parse(message!.time)).toBeLessThan(20_000);
      expect(statSync(join(one.dir, "messages.jsonl")).mode & 0o777).toBe(0o600);
    });

    const wrong = (): string[] => ["--user", `${one.identity.relayUser}:wrong`];
    // The codes are curl's: 67 login denied, 60 and 64 TLS, 55 a command refused, 8 the message.
    const REFUSED: [string, number[], () => string[]][] = [
      ["without TLS, even with the login", [67], () => one.login],
      ["without a login", [55], () => ["--ssl-reqd"]],
      ["with a wrong password", [67], () => ["--ssl-reqd", ...wrong()]],
      ["of another cloud", [67], () => ["--ssl-reqd", ...two.login]],
      [
        "from a client that trusts another authority",
        [60],
        () => ["--ssl-reqd", ...one.login, "--cacert", two.file("ca")],
      ],
    ];
    it.each(REFUSED)("not %s", (_what, codes, more) => {
      const before = one.messages().length;
      expect(codes).toContain(one.mail(MAIL, ...more()).code);
      expect(one.messages()).toHaveLength(before);
    });

    it("not of any size, and goes on after that", () => {
      const before = one.messages().length;
      const big = `${MAIL}${"0123456789\n".repeat(20_000)}`;
      expect(one.mail(big, "--ssl-reqd", ...one.login).code).not.toBe(0);
      expect(one.messages()).toHaveLength(before);
      expect(one.mail(MAIL, "--ssl-reqd", ...one.login).code).toBe(0);
    });
  });

  describe("answers as Slack does", () => {
    const JSON_TYPE = ["-H", "content-type: application/json"];
    const body = '{"text":"[app] login &amp; more\\nAccount: ada &lt;é&gt;"}';

    it("to a good message", () => {
      const before = one.messages().length;
      expect(one.post(one.identity.webhookPath, ...JSON_TYPE, "-d", body)).toEqual([200, "ok"]);
      expect(one.messages().slice(before)).toMatchObject([
        { channel: "slack", text: "[app] login & more\nAccount: ada <é>", raw: body },
      ]);
    });

    it.each<[string, () => string, string, [number, string]]>([
      ["a wrong path", () => "/services/T0/B0/wrong", body, [403, "invalid_token"]],
      ["another cloud's path", () => two.identity.webhookPath, body, [403, "invalid_token"]],
      ["no JSON", () => one.identity.webhookPath, "text", [400, "invalid_payload"]],
      ["no text", () => one.identity.webhookPath, '{"message":"x"}', [400, "no_text"]],
    ])("to %s", (_what, path, bad, answer) => {
      const before = one.messages().length;
      expect(one.post(path(), ...JSON_TYPE, "-d", bad)).toEqual(answer);
      expect(one.messages()).toHaveLength(before);
    });
  });

  describe("answers as Pushover does", () => {
    const post = (fields: Record<string, string>): [number, Record<string, unknown>] => {
      const { pushoverToken: token, pushoverUser: user } = one.identity;
      const form = Object.entries({ token, user, message: "Account: ada é", ...fields });
      const words = form.flatMap(([name, value]) => ["--data-urlencode", `${name}=${value}`]);
      const [status, body] = one.post("/1/messages.json", ...words);
      return [status, JSON.parse(body) as Record<string, unknown>];
    };

    it("to a good message", () => {
      const before = one.messages().length;
      const request = expect.stringMatching(/^[-0-9a-f]{36}$/) as unknown;
      expect(post({ title: "[app] login" })).toEqual([200, { status: 1, request }]);
      expect(one.messages().slice(before)).toMatchObject([
        { channel: "pushover", subject: "[app] login", text: "Account: ada é" },
      ]);
    });

    it.each([
      ["a wrong token", { token: "wrong" }, { token: "invalid" }],
      ["a wrong user", { user: "wrong" }, { user: "invalid" }],
      ["no message", { message: "" }, { message: "cannot be blank" }],
      ["a message that is too long", { message: "x".repeat(1025) }, {}],
    ])("to %s", (_what, fields, fault) => {
      const before = one.messages().length;
      const errors = [expect.any(String)];
      expect(post(fields)).toMatchObject([400, { ...fault, status: 0, errors }]);
      expect(one.messages()).toHaveLength(before);
    });
  });

  it("refuses what is too large for an alert, and goes on after that", () => {
    writeFileSync(one.file("big"), "x".repeat(3_000_000));
    expect(one.post(one.identity.webhookPath, "--data-binary", `@${one.file("big")}`)[0]).not.toBe(
      200,
    );
    expect(one.post("/")).toEqual([404, "not found"]);
  });

  it("is not the one of a cloud beside it", () => {
    expect(two.messages()).toEqual([]);
    expect(two.curl("stranger", `https://${AT}/`)).toMatchObject({ code: 0, stdout: "not found" });
    expect(two.curl("stranger", "--cacert", one.file("ca"), `https://${AT}/`).code).toBe(60);
  });

  it("stays as it is when it is started again", async () => {
    const before = [one.process("time"), one.process("receiver"), one.identity];
    await one.world.start();
    expect([one.process("time"), one.process("receiver"), one.identity]).toEqual(before);
  });

  it.each(["time", "receiver"] as const)(
    "comes back, as the same, after its part %s was killed",
    async (part) => {
      const before = [one.identity, one.messages()];
      const { pid, start } = one.process(part);
      process.kill(pid, "SIGKILL");
      expect(await eventually(() => !isAlive(pid, start))).toBe(true);
      expect(one.world.receives()).toBe(part === "time");
      await one.world.start();
      expect(one.timeOff("stranger")).toBeDefined();
      expect(one.post("/")).toEqual([404, "not found"]);
      expect([one.identity, one.messages()]).toEqual(before);
    },
    90_000,
  );

  it("takes the place of what a start left that was killed before it wrote its record", async () => {
    const before = [two.process("time"), two.process("receiver")];
    for (const name of ["time", "receiver"]) rmSync(join(two.dir, `${name}.pid`));
    await two.world.start();
    expect(before.filter(({ pid, start }) => isAlive(pid, start))).toEqual([]);
    expect(two.timeOff("stranger")).toBeDefined();
    expect(two.curl("stranger", `https://${AT}/`).stdout).toBe("not found");
  }, 90_000);

  it("says why it does not start, and starts once that is mended", async () => {
    const { pid, start } = two.process("receiver");
    process.kill(pid, "SIGKILL");
    expect(await eventually(() => !isAlive(pid, start))).toBe(true);
    const file = join(two.dir, "identity", "server.key");
    const key = readFileSync(file);
    writeFileSync(file, one.identity.key);
    await expect(two.world.start()).rejects.toThrow(
      /did not start; it said:(.|\n)*key values mismatch/,
    );
    writeFileSync(file, key);
    await two.world.start();
    expect(two.curl("stranger", `https://${AT}/`).stdout).toBe("not found");
  }, 90_000);

  it("is gone with its cloud, also where a network has lost its name, and the other stays", async () => {
    const parts = [one.process("time"), one.process("receiver")];
    run(["ip", "netns", "delete", `sh-${one.cloud.cloudId}-router`]);
    await one.cloud.down();
    expect(parts.filter(({ pid, start }) => isAlive(pid, start))).toEqual([]);
    expect(traces(one.cloud)).toEqual([]);
    expect(two.timeOff("stranger")).toBeDefined();
  }, 90_000);
});
