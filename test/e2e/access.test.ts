/**
 * Who gets in, from where, with what: every login path against the whole stack, by real clients.
 *
 * Proves G01, G05, G06 and the SSH rules of G08 and G09 from the attacker's side. It does not prove
 * what a real Linode does at its own edge; there, the Cloud Firewall is the vendor's.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { TestCloud } from "./cloud";

const cloud = new TestCloud("access");
const folder = mkdtempSync(join(tmpdir(), "stronghold-access-"));
let addresses: Record<"app" | "db", { v4: string; v6: string; private: string }>;

beforeAll(() => {
  cloud.down();
  cloud.up();
  const view = (suffix: string): { v4: string; v6: string; private: string } => {
    const machine = cloud.status().machines.find(({ label }) => label.endsWith(suffix));
    if (!machine) throw new Error(`no machine ${suffix}`);
    return { v4: machine.publicIPv4, v6: machine.publicIPv6, private: machine.privateIPv4 ?? "" };
  };
  addresses = { app: view("-app"), db: view("-db") };
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "foreign")]);
}, 400_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  cloud.down();
}, 60_000);

const adminKey = (): string => join(cloud.paths.operatorDir, "ada_ed25519");
const deployerKey = (): string => join(cloud.paths.operatorDir, "deployer_ed25519");

/** A bare ssh with nothing but what the row says; exit 255 is ssh's own refusal. */
function ssh(
  place: string,
  user: string,
  address: string,
  key?: string,
  ...more: string[]
): number {
  const identity = key === undefined ? ["-o", "PubkeyAuthentication=no"] : ["-i", key];
  const options = ["-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"];
  const limits = ["-o", "ConnectTimeout=1", "-o", "StrictHostKeyChecking=yes"];
  const hosts = ["-o", `UserKnownHostsFile=${cloud.paths.knownHosts}`, "-o", "IdentityAgent=none"];
  const words = [
    // The first value that ssh finds for an option is the one it takes.
    ...more,
    ...options,
    ...limits,
    ...hosts,
    ...identity,
    `${user}@${address}`,
    "true",
  ];
  return cloud.from(place, "ssh", ...words).code;
}

describe("logging in to the app server", () => {
  const rows: [
    string,
    string,
    string,
    "v4" | "v6" | "private",
    (() => string) | undefined,
    boolean,
  ][] = [
    ["the admin's key from the operator", "operator", "ada", "v4", adminKey, true],
    ["the admin's key from the operator over IPv6", "operator", "ada", "v6", adminKey, true],
    ["the deployer's key from the operator", "operator", "deployer", "v4", deployerKey, true],
    [
      "the deployer's key from the operator over IPv6",
      "operator",
      "deployer",
      "v6",
      deployerKey,
      true,
    ],
    ["a foreign key", "operator", "ada", "v4", () => join(folder, "foreign"), false],
    ["no key at all", "operator", "ada", "v4", undefined, false],
    ["the admin's key as root", "operator", "root", "v4", adminKey, false],
    ["the deployer's key as root", "operator", "root", "v4", deployerKey, false],
    ["the deployer's key as the admin", "operator", "ada", "v4", deployerKey, false],
    ["the admin's key as the deployer", "operator", "deployer", "v4", adminKey, false],
    ["the admin's key from a stranger", "stranger", "ada", "v4", adminKey, false],
    ["the admin's key from a stranger over IPv6", "stranger", "ada", "v6", adminKey, false],
    ["the deployer's key from a stranger", "stranger", "deployer", "v4", deployerKey, false],
    ["the admin's key from a neighbour", "neighbour", "ada", "v4", adminKey, false],
    [
      "the admin's key from a neighbour's private address",
      "neighbour",
      "ada",
      "private",
      adminKey,
      false,
    ],
    ["the admin's key from a neighbour over IPv6", "neighbour", "ada", "v6", adminKey, false],
  ];
  it.each(rows)("%s (%s, %s, %s)", (_, place, user, family, key, enters) => {
    expect(ssh(place, user, addresses.app[family], key?.())).toBe(enters ? 0 : 255);
  });
});

describe("logging in to the database server", () => {
  const direct = ["operator", "stranger", "neighbour"].flatMap((place) =>
    (["v4", "v6", "private"] as const).map((family) => [place, family] as const),
  );
  it.each(direct)("is impossible straight from %s over %s", (place, family) => {
    expect(ssh(place, "ada", addresses.db[family], adminKey())).toBe(255);
    expect(ssh(place, "deployer", addresses.db[family], deployerKey())).toBe(255);
  });

  it("works through the app server, with the stack's own ssh_config and known_hosts", () => {
    const ran = cloud.run(["ssh", "db", "--", "cat", "/etc/hostname"]);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/-db\n$/) as string });
  });

  it("leaves no private key of a person on either server", () => {
    for (const host of ["app", "db"]) {
      const found = cloud.run([
        "console",
        host,
        "--",
        "grep",
        "-rlE",
        "^-----BEGIN [A-Z ]*PRIVATE KEY",
        "/home",
        "/root",
        "/tmp",
      ]);
      expect(found.stdout).toBe("");
    }
  });
});

describe("verifying the host key", () => {
  it("refuses a host whose key is not the one in known_hosts", () => {
    const wrong = join(folder, "known_hosts");
    const foreign = readFileSync(join(folder, "foreign.pub"), "utf8");
    writeFileSync(wrong, `${addresses.app.v4} ${foreign}`);
    const code = ssh(
      "operator",
      "ada",
      addresses.app.v4,
      adminKey(),
      "-o",
      `UserKnownHostsFile=${wrong}`,
    );
    expect(code).toBe(255);
  });

  it("shows one host key, and not the one of the first boot", () => {
    for (const host of ["app", "db"] as const) {
      const keys = cloud.run(["console", host, "--", "ls", "/etc/ssh"]).stdout;
      expect(keys.match(/ssh_host_\w+_key\.pub/g)).toEqual(["ssh_host_ed25519_key.pub"]);
    }
    const scanned = cloud.from("operator", "ssh-keyscan", "-T", "2", addresses.app.v4).stdout;
    const known = readFileSync(cloud.paths.knownHosts, "utf8");
    expect(known).toContain(scanned.trim().split(" ").slice(1).join(" "));
  });
});

describe("a password", () => {
  it("is never asked for", () => {
    const options = [
      "-F",
      "/dev/null",
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
    ];
    const methods = ["-v", "-o", "PreferredAuthentications=none", "-o", "BatchMode=yes"];
    for (const user of ["ada", "root", "deployer", "nobody"]) {
      const ran = cloud.from(
        "operator",
        "ssh",
        ...options,
        ...methods,
        `${user}@${addresses.app.v4}`,
      );
      expect(ran.stderr).toContain("Authentications that can continue: publickey");
      expect(ran.stderr).not.toMatch(/can continue: .*(password|keyboard)/);
    }
  });
});

describe("moving on from a server", () => {
  it("lets an admin forward to the database's SSH and nowhere else", () => {
    const { sshConfig } = cloud.paths;
    const jump = (target: string): number =>
      cloud.from("operator", "ssh", "-F", sshConfig, "-o", "BatchMode=yes", "-W", target, "app")
        .code;
    expect(jump(`${addresses.db.private}:22`)).toBe(0);
    expect(jump("127.0.0.1:22")).not.toBe(0);
    expect(jump("203.0.113.66:22")).not.toBe(0);
  });
});

describe("ports", () => {
  const scan = (place: string, address: string): string[] => {
    const family = address.includes(":") ? ["-6"] : [];
    const flags = ["-Pn", "-n", "-p", "1-1024,3000,3003,3306,33060"];
    // Silence is answered with waiting; nobody here is further away than a millisecond.
    const pace = ["--min-rate", "2000", "--max-rtt-timeout", "100ms", "--max-retries", "1"];
    const ran = cloud.from(place, "nmap", ...family, ...flags, ...pace, "-oG", "-", address);
    return [...ran.stdout.matchAll(/(\d+)\/open\/tcp/g)].map((match) => match[1] ?? "");
  };
  const rows: [
    "operator" | "stranger" | "neighbour" | "app",
    "app" | "db",
    "v4" | "v6" | "private",
    string[],
  ][] = [
    ["operator", "app", "v4", ["22"]],
    ["operator", "app", "v6", ["22"]],
    ["operator", "db", "v4", []],
    ["operator", "db", "v6", []],
    ["stranger", "app", "v4", []],
    ["stranger", "app", "v6", []],
    ["stranger", "db", "v4", []],
    ["stranger", "db", "v6", []],
    ["neighbour", "app", "private", []],
    ["neighbour", "app", "v6", []],
    ["neighbour", "db", "private", []],
    ["neighbour", "db", "v6", []],
    ["app", "db", "private", ["22"]],
    ["app", "db", "v4", []],
    ["app", "db", "v6", []],
  ];
  it.each(rows)("from %s at %s over %s: %j", (place, host, family, open) => {
    expect(scan(place, addresses[host][family])).toEqual(open);
  });
});
