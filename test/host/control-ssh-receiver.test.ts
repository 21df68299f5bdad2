/**
 * The account that backups arrive by, as the controls `accounts` and `ssh` leave it on a backup server:
 * it gets in from the database server's address alone, and nobody else does from there.
 *
 * What it can do once it is in, is in vault-push.test.ts.
 *
 * | who                                     | from the operator | from the database server |
 * | --------------------------------------- | ----------------- | ------------------------ |
 * | stronghold-push with its key            | refused           | in, for pushing alone    |
 * | stronghold-push with any other key      | refused           | refused                  |
 * | the deployer, a person, root, each with | in, in, refused   | refused                  |
 * | a key that is listed for them           |                   |                          |
 */
import { base64, DEPLOYER, itWithJournal, type Parameters, type Report } from "./harness";
import { eventually } from "./test-machines";
import { RECEIVER, Sender, VaultServer } from "./vault-server";

const server = new VaultServer("a0c7d4");
const sender = new Sender(server);
const it = itWithJournal(server);
const HOME = `/var/lib/${RECEIVER}`;
const ROOT_KEYS = "/root/.ssh/authorized_keys";
const DROP_IN = "/etc/ssh/sshd_config.d/00-stronghold.conf";
const TURNED_AWAY = /Permission denied|Connection closed|Received disconnect/;

const accounts = (verb: string, more: Parameters = {}): Report =>
  server.drive(verb, "accounts", server.accountsParameters(more));
const ssh = (verb: string, more: Parameters = {}): Report =>
  server.drive(verb, "ssh", server.sshParameters(more));
/** Forgets who has failed of late: sshd would not look at a key of theirs for a while. */
const forgive = (): string => server.must("systemctl reset-failed ssh; systemctl restart ssh");

beforeAll(async () => {
  await server.boot();
  await server.cloud.boot(server.cloud.spec(2));
  server.layGround({
    keys: server.publicKey("push"),
    from: "203.0.113.102/32,2001:db8:113::2/128",
  });
}, 720_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the account that backups arrive by", () => {
  it("is set up by the controls, once", () => {
    for (const control of [accounts, ssh]) {
      expect(control("audit")).toMatchObject({ code: 0, fails: [], stderr: "" });
      expect(control("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    }
  });

  it.each<[string, string, string, string | undefined]>([
    ["with its key", RECEIVER, "push", undefined],
    ["with its key over IPv6", RECEIVER, "push", server.ipv6],
  ])("gets in from the database server %s, and to nothing but the vault", (_how, ...how) => {
    const [account, key, address] = how;
    forgive();
    const ran = sender.raw("", { account, key, ...(address === undefined ? {} : { address }) });
    // There is no vault on this server: that is said by the program behind the key.
    expect(ran.stdout).toMatch(/^REFUSED /);
    expect(ran.stderr).not.toMatch(TURNED_AWAY);
  });

  it.each([
    ["the account with a key that nobody listed", RECEIVER, "stranger"],
    ["the account with a person's key", RECEIVER, "ada"],
    ["the deployer with its key", DEPLOYER, DEPLOYER],
    ["the deployer with the account's key", DEPLOYER, "push"],
    ["a person with the right key", "ada", "ada"],
    ["a person with the account's key", "ada", "push"],
    ["root with a listed key", "root", "root"],
  ])("from the database server refuses %s", (_who, account, key) => {
    forgive();
    // What keeps root out is sshd, not that it has no key.
    server.must(`install -d /root/.ssh; echo '${server.publicKey("root")}' >${ROOT_KEYS}`);
    const flags = ["-o", "BatchMode=no", "-o", "NumberOfPasswordPrompts=0"];
    const ran = sender.raw("", { account, key, flags, command: "id" });
    server.must(`rm ${ROOT_KEYS}`);
    expect(ran).toMatchObject({ code: 255, stdout: "" });
    expect(ran.stderr).toMatch(TURNED_AWAY);
  });

  it("is refused from the operator's address, where the others get in", () => {
    expect(server.lets(RECEIVER, { key: "push" })).toBe(false);
    expect(server.lets(DEPLOYER)).toBe(true);
    expect(server.lets("ada", { options: ["BatchMode=no"] })).toBe(true);
  });
});

describe("what somebody has changed about it", () => {
  it("is mended while somebody is at work in its name", async () => {
    const line = `sed -i s#:${HOME}:#:/tmp:# /etc/passwd; setsid runuser -u ${RECEIVER} -- sleep 300`;
    server.must(`${line} >/dev/null 2>&1 &`);
    const isAtWork = (): boolean => server.root(`pgrep -x -u ${RECEIVER} sleep`).code === 0;
    expect(await eventually(isAtWork)).toBe(true);
    expect(accounts("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(server.root(`pgrep -u ${RECEIVER}`).stdout).toBe("");
  }, 90_000);

  it.each([
    ["its group", ["group", "gshadow"]],
    ["its shadow entry", ["shadow"]],
  ])("gets %s back, which a killed useradd leaves out", (_what, files) => {
    server.must(`sed -i /^${RECEIVER}:/d ${files.map((file) => `/etc/${file}`).join(" ")}`);
    expect(accounts("audit")).toMatchObject({ code: 1, fails: ["ACCOUNTS-14"] });
    expect(accounts("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(accounts("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
  });

  const edit = (pattern: string): string => `sed -i '${pattern}' ${DROP_IN}`;

  it.each([
    ["the forced command", edit("s#ForceCommand .*#ForceCommand /bin/sh#")],
    ["forwarding", edit("s/DisableForwarding yes/DisableForwarding no/")],
    ["a terminal", edit("/ForceCommand/,/MaxSessions/s/PermitTTY no/PermitTTY yes/")],
    ["where it comes from", edit("s/^  DenyUsers stronghold-push/  DenyUsers nobody/")],
    ["who else comes from there", edit("s/^  DenyUsers \\*/  DenyUsers nobody/")],
  ])(
    "in sshd's configuration (%s) is found and mended",
    (_what, line) => {
      server.must(line);
      server.reloadSshd();
      expect(ssh("audit").fails).toContain("SSH-14");
      expect(ssh("apply").code).toBe(0);
      expect(ssh("confirm")).toMatchObject({ code: 0, fails: [] });
    },
    90_000,
  );

  it.each([
    ["its shell", `chsh -s /bin/bash ${RECEIVER}`],
    ["its home", `sed -i s#:${HOME}:#:/tmp:# /etc/passwd`],
    ["a group", `usermod -aG adm ${RECEIVER}`],
    ["somebody in its group", `gpasswd -a ada ${RECEIVER}`],
    ["a password", `echo ${RECEIVER}:secret | chpasswd`],
    ["one more key", `echo '${server.publicKey("thief")}' >>${HOME}/.ssh/authorized_keys`],
    ["a key without bounds", `sed -i 's/^restrict.* ssh-/ssh-/' ${HOME}/.ssh/authorized_keys`],
    ["a folder of its own", `chown ${RECEIVER} ${HOME}/.ssh`],
    ["a file of the account's", `touch ${HOME}/.ssh/rc`],
    ["the program", "echo 'exec /bin/sh' >>/usr/local/sbin/stronghold-push"],
  ])(
    "in the account (%s) is found and mended",
    (_what, line) => {
      server.must(line);
      expect(accounts("audit").fails).toContain("ACCOUNTS-14");
      expect(accounts("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
      expect(accounts("apply")).toMatchObject({ changed: 0 });
    },
    90_000,
  );
});

it.each<[string, () => Report, string]>([
  ["addresses from everywhere", () => ssh("apply", { RECEIVER_FROM: "0.0.0.0/0" }), "everywhere"],
  [
    "an account for everywhere",
    () => accounts("apply", { RECEIVER_FROM: "0.0.0.0/0" }),
    "everywhere",
  ],
  ["keys without addresses", () => accounts("apply", { RECEIVER_FROM: "" }), "go together"],
  ["addresses without keys", () => accounts("apply", { RECEIVER_KEYS_B64: "" }), "go together"],
  [
    "a key that is the deployer's",
    () => accounts("apply", { RECEIVER_KEYS_B64: base64(`${server.publicKey(DEPLOYER)}\n`) }),
    "somebody else's",
  ],
  [
    "a key that is none",
    () => accounts("apply", { RECEIVER_KEYS_B64: base64("ssh-ed25519 AAAA\n") }),
    "not a public key",
  ],
])("refuses %s, and changes nothing", (_what, attempt, reason) => {
  const refused = attempt();
  expect(refused.code).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain(reason);
  for (const control of [accounts, ssh]) expect(control("audit").fails).toEqual([]);
});
