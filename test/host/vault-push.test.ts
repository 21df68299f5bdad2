/**
 * What the database server can push to the vault and what becomes of everything else that is sent there:
 * real clients, at the database server's address, with its key.
 */
import { randomBytes } from "node:crypto";

import { itWithJournal } from "./harness";
import { eventually } from "./test-machines";
import { digest, FILES, type OpenPush, request, Sender, VaultServer } from "./vault-server";

const server = new VaultServer("a0c7d2");
const sender = new Sender(server);
const it = itWithJournal(server);

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");
const full = (): string => `full-20261123T000100Z-${hex(4)}.age`;
const log = (number: string): string => `log-0123abcd-${number}.age`;
const refused = (reason: string | RegExp): object => ({
  code: 1,
  stdout: expect.stringMatching(reason) as string,
  stderr: "",
});
const body = randomBytes(100_000);
const first = full();

/** Nothing is left of a connection, and the vault is as it was. */
async function isUntouched(before: string): Promise<void> {
  expect(await eventually(() => server.incoming() === "")).toBe(true);
  expect(server.state()).toBe(before);
}

beforeAll(async () => {
  await server.boot();
  await server.cloud.boot(server.cloud.spec(2));
  const settings = { keys: server.publicKey("push"), from: "203.0.113.102/32,2001:db8:113::2/128" };
  expect(server.setUp(settings)).toMatchObject({ code: 0, fails: [], stderr: "" });
}, 720_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("a push", () => {
  it("is stored as it was sent, for nobody to change", async () => {
    const stored = sender.push(first, body);
    expect(stored).toEqual({ code: 0, stdout: `STORED ${first}\n`, stderr: "" });
    expect(server.must(`stat -c '%a %U:%G %h %s' ${FILES}/${first}`)).toBe(
      "400 root:root 1 100000",
    );
    expect(server.must(`sha256sum <${FILES}/${first}`)).toBe(`${digest(body)}  -`);
    expect(server.must("stronghold-vault list")).toMatch(
      new RegExp(`^${first}\t100000\t2\\d{3}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`),
    );
    expect(server.must(`stronghold-vault show ${first} | sha256sum`)).toBe(`${digest(body)}  -`);
    const logged = `journalctl -q -t stronghold-vault -o cat | grep -qxF 'stored: ${first}, 100000 bytes'`;
    expect(await eventually(() => server.root(logged).code === 0)).toBe(true);
  });

  it.each<[string, string, Buffer]>([
    ["a manifest", "full-20261123T000100Z-0123abcd.manifest", Buffer.from("{}\n")],
    ["a log with a long number", log("0123456789"), randomBytes(1)],
    ["bytes of every kind", full(), Buffer.from(Array.from({ length: 256 }, (_, n) => n))],
    ["bytes that end without a line", full(), Buffer.from("\0\0\n\n\r\n\0")],
    ["more than a pipe holds", full(), randomBytes(20_000_000)],
  ])(
    "of %s is stored",
    (_what, name, bytes) => {
      expect(sender.push(name, bytes)).toMatchObject({ code: 0, stdout: `STORED ${name}\n` });
      expect(server.must(`sha256sum <${FILES}/${name}`)).toBe(`${digest(bytes)}  -`);
    },
    60_000,
  );

  it("works over IPv6, whatever is asked for instead", () => {
    const how = { address: server.ipv6, command: "id; cat /etc/shadow" };
    const name = full();
    expect(sender.push(name, "over IPv6", how)).toMatchObject({ stdout: `STORED ${name}\n` });
  });

  it("that is repeated is no fault and changes nothing", async () => {
    const before = server.state();
    expect(sender.push(first, body)).toEqual({ code: 0, stdout: `HAVE ${first}\n`, stderr: "" });
    await isUntouched(before);
  });

  it("of other content under the same name is refused", async () => {
    const before = server.state();
    for (const other of ["x", Buffer.concat([body, body]), randomBytes(100_000)]) {
      expect(sender.push(first, other)).toMatchObject(refused("already, with other content\n$"));
    }
    await isUntouched(before);
  });

  it("is stored once and whole when many come at once, also under one name", async () => {
    const name = full();
    const pushes = Array.from({ length: 6 }, (_, n) => sender.open(request(name, `${n}`)));
    for (const push of pushes) push.end();
    expect(await eventually(() => pushes.every((push) => push.ended()), 60_000)).toBe(true);
    const said = pushes.map((push) => push.said().replace(name, "it")).sort();
    expect(said.filter((line) => line === "STORED it\n")).toHaveLength(1);
    expect(said.filter((line) => line.startsWith("REFUSED"))).toHaveLength(5);
    expect(server.must(`cat ${FILES}/${name}`)).toMatch(/^\d$/);
  }, 270_000);

  it("that finds every place taken is told so, and works when it is tried again", async () => {
    const before = server.kept().length;
    const names = Array.from({ length: 30 }, full);
    const open = (name: string): [string, OpenPush] => [name, sender.open(request(name, name))];
    let left = names.map(open);
    const answers = new Set<string>();
    for (let round = 0; left.length > 0 && round < 20; round += 1) {
      for (const [, push] of left) push.end();
      expect(await eventually(() => left.every(([, push]) => push.ended()), 90_000)).toBe(true);
      for (const [, push] of left) answers.add(push.said().split(" ")[0] ?? "");
      left = left.filter(([, push]) => !push.said().startsWith("STORED"));
      left = left.map(([name]) => open(name));
    }
    expect(left).toEqual([]);
    expect([...answers].every((word) => ["STORED", "REFUSED", ""].includes(word))).toBe(true);
    expect(server.kept()).toHaveLength(before + 30);
    expect(server.must("systemctl is-active stronghold-vault.socket")).toBe("active");
  }, 900_000);
});

const sum = digest("hello");
const good = `PUT ${full()} 5 ${sum}\nhello`;
const header = (name: string, bytes: string | number = 5, hash = sum): string =>
  `PUT ${name} ${bytes} ${hash}\nhello`;

describe("a header is refused", () => {
  it.each<[string, string | Buffer]>([
    ["that is missing", ""],
    ["that does not end", good.split("\n")[0] ?? ""],
    ["of only a line end", "\n"],
    ["with another verb", good.replace("PUT", "GET")],
    ["that asks for a list", "LIST\n"],
    ["that asks for a file", `SHOW ${first}\n`],
    ["that deletes", `DELETE ${first}\n`],
    ["in lower case", good.replace("PUT", "put")],
    ["with a blank before it", ` ${good}`],
    ["with a blank behind it", good.replace("\n", " \n")],
    ["with two blanks", good.replace("PUT ", "PUT  ")],
    ["with tabs", good.replaceAll(" ", "\t")],
    ["with a carriage return", good.replace("\n", "\r\n")],
    ["with a NUL in front", `\0${good}`],
    ["with a NUL inside", good.replace("PUT", "PU\0T")],
    ["with a NUL in the name", good.replace(".age", "\0.age")],
    ["with a NUL for its end", good.replace("\n", "\0")],
    ["with a byte that is no character", Buffer.from(good.replace("PUT", "PUT\u00ff"), "latin1")],
    ["that is too long", `PUT ${"a".repeat(5000)} 5 ${sum}\nhello`],
    ["that never ends", "A".repeat(1_000_000)],
    ["with a fourth word", good.replace("\n", " x\n")],
    ["with options", good.replace("PUT ", "PUT -f ")],
    ["with a path upwards", header("../../etc/passwd")],
    ["with a path upwards to a good name", header(`../${full()}`)],
    ["with an absolute path", header(`/srv/stronghold-vault/files/${full()}`)],
    ["with a folder", header(`x/${full()}`)],
    ["with a name that is none", header("passwd")],
    ["with a hidden name", header(`.${full()}`)],
    ["with a name that goes on", header(`${full()}.age`)],
    ["with another ending", header(full().replace(".age", ".sh"))],
    ["with capitals in the name", header(full().toUpperCase())],
    ["with a short number of a log", header(log("12345"))],
    ["with a long number of a log", header(log("12345678901"))],
    ["with a date of letters", header("full-2026112XT000100Z-0123abcd.age")],
    ["with a wildcard", header("full-20261123T000100Z-*.age")],
    ["with a command in the name", header("full-$(touch /srv/pwned).age")],
    ["with a variable in the name", header("${HOME}.age")],
    ["with a subscript in the name", header("a[$(touch /srv/pwned)]")],
    ["with a command in the size", header(full(), "a[$(touch /srv/pwned)]")],
    ["with a command in the hash", header(full(), 5, "$(touch /srv/pwned)")],
    ["with no bytes", `PUT ${full()} 0 ${digest("")}\n`],
    ["with a negative size", header(full(), -5)],
    ["with a plus", header(full(), "+5")],
    ["with an octal size", header(full(), "05")],
    ["with a hexadecimal size", header(full(), "0x5")],
    ["with a size of letters", header(full(), "five")],
    ["with a fraction", header(full(), "5.0")],
    ["with an exponent", header(full(), "5e0")],
    ["with a size that no number holds", header(full(), "18446744073709551621")],
    ["with a size just past the limit", header(full(), "10000000000000")],
    ["with a size of blanks", header(full(), " ")],
    ["with a short hash", header(full(), 5, sum.slice(1))],
    ["with a long hash", header(full(), 5, `${sum}0`)],
    ["with a hash in capitals", header(full(), 5, sum.toUpperCase())],
    ["with a hash of no digits", header(full(), 5, "g".repeat(64))],
    ["of a manifest that is too long", header(full().replace("age", "manifest"), 1_000_001)],
  ])(
    "%s",
    async (_what, input) => {
      const before = server.state();
      const pattern =
        /^REFUSED (there is no header line|the header line is not PUT|that is no name|\S+ is too long for a manifest)/;
      expect(sender.raw(input)).toMatchObject(refused(pattern));
      await isUntouched(before);
      expect(server.root("ls /srv/pwned").code).toBe(2);
    },
    60_000,
  );
});

describe("a body is refused", () => {
  it.each<[string, string | Buffer, string]>([
    ["that is missing", `PUT ${full()} 5 ${sum}\n`, "ended after 0 of 5 bytes"],
    ["that is cut short", `PUT ${full()} 5 ${sum}\nhell`, "ended after 4 of 5 bytes"],
    ["that goes on", `PUT ${full()} 5 ${sum}\nhello\n`, "is longer than announced"],
    ["with a second file", `${good}${good}`, "is longer than announced"],
    ["of other content", `PUT ${full()} 5 ${sum}\nhallo`, "is not what its header says"],
    [
      "of other content that is long",
      Buffer.concat([Buffer.from(`PUT ${full()} 3000000 ${sum}\n`), randomBytes(3_000_000)]),
      "is not what its header says",
    ],
    [
      "that goes on for long",
      Buffer.concat([Buffer.from(good), randomBytes(3_000_000)]),
      "longer than",
    ],
    [
      "that the quota has no room for",
      header(full(), 200_000_000),
      "the quota of the vault is reached",
    ],
    [
      "that no disk has room for",
      header(full(), 9_999_999_999_999),
      "the quota of the vault is reached",
    ],
  ])(
    "%s",
    async (_what, input, reason) => {
      const before = server.state();
      expect(sender.raw(input)).toMatchObject(refused(`^REFUSED .*${reason}`));
      await isUntouched(before);
    },
    60_000,
  );

  it("whose sender is killed", async () => {
    const before = server.state();
    const push = sender.open(`PUT ${full()} 5000 ${sum}\nhello`);
    expect(await eventually(() => server.incoming() !== "")).toBe(true);
    push.kill();
    await isUntouched(before);
  }, 90_000);

  it("whose sender falls asleep, in the header or after it; nobody holds a place for ever", async () => {
    const before = server.state();
    const starts = ["PUT full-2026", `PUT ${full()} 5000 ${sum}\nhello`];
    const sleepers = Array.from({ length: 8 }, (_, n) => sender.open(starts[n % 2] ?? ""));
    const lively = (): boolean => sender.push(first, body).code === 0;
    // Each of two files.
    const places = (): number => server.incoming().split("\n").length / 2;
    expect(await eventually(() => places() === 8)).toBe(true);
    expect(sender.push(first, body)).toMatchObject(refused("it may be busy, try again later\n$"));
    expect(await eventually(lively, 60_000)).toBe(true);
    expect(await eventually(() => sleepers.every((push) => push.ended()), 100_000)).toBe(true);
    for (const push of sleepers) expect(push.said()).toMatch(/^REFUSED .*(no header|ended after)/);
    await isUntouched(before);
  }, 540_000);

  it("that comes in drops, once it has had its time", async () => {
    // Its time is an hour and more; here it is made short.
    const library = "/usr/local/lib/stronghold-vault/receive";
    server.must(`sed -i s/GRACE_SECONDS=300/GRACE_SECONDS=3/ ${library}`);
    const before = server.state();
    const push = sender.open(`PUT ${full()} 5000 ${sum}\n`);
    const drips = setInterval(() => {
      push.write("x");
    }, 300);
    const hasEnded = await eventually(() => push.ended());
    clearInterval(drips);
    server.must(`sed -i s/GRACE_SECONDS=3/GRACE_SECONDS=300/ ${library}`);
    expect(hasEnded).toBe(true);
    expect(push.said()).toMatch(/^REFUSED \S+ ended after \d+ of 5000 bytes\n$/);
    await isUntouched(before);
  }, 120_000);
});

describe("the quota", () => {
  it("holds for what is on its way, too", async () => {
    const before = server.state();
    const waiting = sender.open(`PUT ${full()} 120000000 ${sum}\n`);
    expect(
      await eventually(
        () => server.root("grep -q PUT /srv/stronghold-vault/incoming/*.header").code === 0,
      ),
    ).toBe(true);
    expect(sender.raw(header(full(), 120_000_000))).toMatchObject(refused("the quota"));
    waiting.kill();
    await isUntouched(before);
  }, 90_000);

  it("refuses what is one byte too much, for ever, and no old file makes way", async () => {
    const used = `find ${FILES} -type f -printf '%s\\n' | awk '{ s += $1 + 16384 } END { printf "%d", s }'`;
    const room = 200_000_000 - Number(server.must(used)) - 16384;
    expect(sender.raw(header(full(), room + 1))).toMatchObject(
      refused("the quota of the vault is reached"),
    );
    const last = full();
    expect(sender.push(last, Buffer.alloc(room, 7))).toMatchObject({ stdout: `STORED ${last}\n` });
    expect(await eventually(() => server.incoming() === "")).toBe(true);
    const before = server.state();
    for (let again = 0; again < 3; again += 1) {
      expect(sender.push(full(), "x")).toMatchObject(refused("the quota of the vault is reached"));
    }
    await isUntouched(before);
    // Nobody but a person can mend it, and the audit says so.
    expect(server.vault("audit").fails).toEqual(["VAULT-07"]);
    server.must(`rm ${FILES}/${last}`);
    expect(sender.push(last, "x")).toMatchObject({ code: 0 });
    expect(server.vault("audit").fails).toEqual([]);
  }, 270_000);

  it("is kept by what decides, even if the receiver says nothing of it", async () => {
    const receive = "/usr/local/lib/stronghold-vault/receive";
    server.must(
      `cp -a ${receive} /root/; sed -i '/^  reserve /s/.*/  printf "%s\\\\n" "$line" >"$HEADER"/' ${receive}`,
    );
    expect(server.vault("audit", { QUOTA_MB: "200" }).fails).toEqual(["VAULT-03"]);
    server.must("sed -i s/quota-mb=.*/quota-mb=1/ /etc/stronghold/vault");
    const before = server.state();
    expect(sender.push(full(), "x")).toMatchObject(refused("the quota of the vault is reached"));
    await isUntouched(before);
    server.must(`mv /root/receive ${receive}`);
    expect(server.vault("apply")).toMatchObject({ code: 0, fails: [] });
  }, 90_000);
});

describe("the operator's tool", () => {
  it.each([
    "../../../etc/shadow",
    "/etc/shadow",
    "",
    "-n",
    "full-20261123T000100Z-*.age",
    "refused",
  ])("shows nothing for %j", (name) => {
    const shown = server.root(`stronghold-vault show '${name}'`);
    expect(shown).toMatchObject({ code: 64, stdout: "" });
  });

  it("says that a file is not here, and has no other verbs", () => {
    expect(server.root(`stronghold-vault show ${full()}`)).toMatchObject({ code: 1, stdout: "" });
    for (const verb of ["", "delete x", "put x", "list x", "show"]) {
      expect(server.root(`stronghold-vault ${verb}`)).toMatchObject({ code: 64, stdout: "" });
    }
  });
});
