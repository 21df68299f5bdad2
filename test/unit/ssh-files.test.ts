import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { renderKnownHosts, renderSshConfig } from "../../components/lib/ssh-files";
import { ed25519Line } from "./fixtures/keys";

const identity = { project: "stronghold", stack: "test" };
const servers = {
  app: {
    label: "stronghold-test-app",
    publicIPv4: "203.0.113.100",
    publicIPv6: "2001:db8:113::64",
    privateIPv4: "192.168.129.10",
    hostKey: ed25519Line(1),
  },
  database: {
    label: "stronghold-test-db",
    publicIPv4: "203.0.113.101",
    publicIPv6: "2001:db8:113::65",
    privateIPv4: "192.168.129.11",
    hostKey: ed25519Line(2),
  },
  backup: {
    label: "stronghold-test-backup",
    publicIPv4: "203.0.113.102",
    publicIPv6: "2001:db8:113::66",
    privateIPv4: "",
    hostKey: ed25519Line(3),
  },
};

const folder = mkdtempSync(join(tmpdir(), "stronghold-ssh-files-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe("the ssh_config", () => {
  it("is exactly this", () => {
    expect(renderSshConfig(identity, servers)).toBe(`# Servers of the stack "test" of stronghold.
Host app stronghold-test-app
  HostName 203.0.113.100
  HostKeyAlias stronghold-test-app
  HostKeyAlgorithms ssh-ed25519
  StrictHostKeyChecking yes
  UserKnownHostsFile ~/.ssh/stronghold-test.known_hosts
  ForwardAgent no

Host db stronghold-test-db
  HostName 192.168.129.11
  HostKeyAlias stronghold-test-db
  HostKeyAlgorithms ssh-ed25519
  StrictHostKeyChecking yes
  UserKnownHostsFile ~/.ssh/stronghold-test.known_hosts
  ForwardAgent no
  ProxyJump app

Host backup stronghold-test-backup
  HostName 203.0.113.102
  HostKeyAlias stronghold-test-backup
  HostKeyAlgorithms ssh-ed25519
  StrictHostKeyChecking yes
  UserKnownHostsFile ~/.ssh/stronghold-test.known_hosts
  ForwardAgent no
`);
  });

  it.each([
    ["app", "203.0.113.100", "stronghold-test-app", undefined],
    ["stronghold-test-app", "203.0.113.100", "stronghold-test-app", undefined],
    ["db", "192.168.129.11", "stronghold-test-db", "app"],
    ["stronghold-test-db", "192.168.129.11", "stronghold-test-db", "app"],
    ["backup", "203.0.113.102", "stronghold-test-backup", undefined],
  ])("sends ssh %s to %s, checked as %s", (alias, address, checkedAs, jump) => {
    const config = file("config", renderSshConfig(identity, servers));
    const shown = execFileSync("ssh", ["-T", "-G", "-F", config, alias], { encoding: "utf8" });
    const value = (name: string): string | undefined =>
      new RegExp(`^${name} (.*)$`, "m").exec(shown)?.[1];
    expect([value("hostname"), value("hostkeyalias"), value("proxyjump")]).toEqual([
      address,
      checkedAs,
      jump,
    ]);
    expect([value("stricthostkeychecking"), value("forwardagent")]).toEqual(["true", "no"]);
  });
});

describe("the known_hosts", () => {
  it("has one line a server, by label and by every address", () => {
    expect(renderKnownHosts(servers)).toBe(
      `stronghold-test-app,203.0.113.100,2001:db8:113::64,192.168.129.10 ${ed25519Line(1)}\n` +
        `stronghold-test-db,203.0.113.101,2001:db8:113::65,192.168.129.11 ${ed25519Line(2)}\n` +
        `stronghold-test-backup,203.0.113.102,2001:db8:113::66 ${ed25519Line(3)}\n`,
    );
  });

  it.each(["stronghold-test-db", "192.168.129.11", "2001:db8:113::65"])(
    "is where ssh-keygen finds %s",
    (name) => {
      const path = file("known_hosts", renderKnownHosts(servers));
      const found = execFileSync("ssh-keygen", ["-F", name, "-f", path], { encoding: "utf8" });
      expect(found).toContain(ed25519Line(2));
    },
  );
});
