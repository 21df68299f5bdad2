/**
 * The first contact: the first boot's keys are swapped for the lasting ones, over the very connection
 * that they open.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { base64, BUNDLE, DEPLOYER, itWithJournal, stdinOf, TestServer } from "./harness";
import { eventually, type Ran } from "./test-machines";

const server = new TestServer("a0c707");
const it = itWithJournal(server);
const SCRIPT = readFileSync(join(BUNDLE, "hand-over.sh"), "utf8");

const privateKey = (name: string): string => {
  server.publicKey(name);
  return readFileSync(server.keyFile(name), "utf8");
};
const parameters = (): Record<string, string> => ({
  HOST_KEY_B64: base64(privateKey("host")),
  DEPLOYER,
  BOOTSTRAP_CLIENT_KEY: server.publicKey("first"),
});

/** As the stack calls it: the script is an argument, the parameters are on stdin. */
const handOver = (key: string, given = parameters()): Ran => {
  const command = `sudo bash -c '${SCRIPT.replaceAll("'", String.raw`'\''`)}' hand-over`;
  return server.ssh(DEPLOYER, command, { key, input: stdinOf(given) });
};
/** Looked up on the server: sshd would soon refuse somebody who asks it for its keys all the time. */
const hostKeys = (): string => server.must("cd /etc/ssh && sha256sum ssh_host_*");

beforeAll(async () => {
  await server.boot();
  // As the stack's first boot: a second host key, and the key that only the hand-over uses.
  server.must("ssh-keygen -A && systemctl restart ssh");
  server.must(`cat >>/home/${DEPLOYER}/.ssh/authorized_keys`, `${server.publicKey("first")}\n`);
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the hand-over", () => {
  it.each<[string, Record<string, string>, string]>([
    ["an unknown parameter", { EXTRA: "1" }, "unknown parameter"],
    ["a host key that is none", { HOST_KEY_B64: base64("hello") }, "not a private key"],
    [
      "a broken host key",
      { HOST_KEY_B64: base64("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n") },
      "not an unencrypted Ed25519 key",
    ],
    ["a name with a command in it", { DEPLOYER: "$(touch /run/executed)" }, "not an account name"],
    ["a client key that is none", { BOOTSTRAP_CLIENT_KEY: "." }, "not an Ed25519 public key"],
  ])("refuses %s, and changes nothing", (_what, wrong, message) => {
    const before = hostKeys();
    const refused = handOver("first", { ...parameters(), ...wrong });
    expect(refused).toMatchObject({ code: 64 });
    expect(refused.stderr).toContain(message);
    expect(hostKeys()).toBe(before);
    expect(server.root("test -e /run/executed").code).not.toBe(0);
  });

  it("does not take the deployer's last key", () => {
    const keys = `/home/${DEPLOYER}/.ssh/authorized_keys`;
    server.must(`cp -a ${keys} /root/kept && cat >${keys}`, `${server.publicKey("first")}\n`);
    const refused = handOver("first");
    server.must(`cp -a /root/kept ${keys}`);
    expect(refused).toMatchObject({ code: 70 });
    expect(refused.stderr).toContain("would be left without a key");
  });

  it("swaps both keys, and the sessions that are open stay open", async () => {
    const session = await server.session(DEPLOYER);
    const done = handOver("first");
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(done.stdout.match(/^PASS\tHANDOVER-0\d/gm)).toHaveLength(3);
    expect(done.stdout).toMatch(/^SUMMARY\thand-over\tpass=3 fail=0 changed=\d$/m);
    const knownHosts = server.keyFile("known_hosts");
    writeFileSync(
      knownHosts,
      `${server.ipv4} ${server.publicKey("host")}
`,
    );
    const options = ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${knownHosts}`];
    expect(await eventually(() => server.lets(DEPLOYER, { options }))).toBe(true);
    expect(server.must("cd /etc/ssh && stat -c '%a %U' ssh_host_*")).toBe("600 root\n644 root");
    session.say("still here");
    expect(await eventually(() => session.hears("still here"))).toBe(true);
    session.close();
  });

  it("leaves the first boot's key worthless, and the operator's as it was", () => {
    expect(server.lets(DEPLOYER, { key: "first" })).toBe(false);
    expect(server.lets(DEPLOYER)).toBe(true);
    expect(server.must(`stat -c '%a %U' /home/${DEPLOYER}/.ssh/authorized_keys`)).toBe(
      "600 deployer",
    );
  });

  it("changes nothing when it runs again", () => {
    const again = handOver(DEPLOYER);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout).toContain("changed=0");
  });
});
