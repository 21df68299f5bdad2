import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { platform, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { forgetNamespaceFolder } from "./network";
import { run } from "./run";

/** Something that this machine lacks for booting hosts. */
export interface Missing {
  what: string;
  found: string;
  repair: string;
  /** The package that brings it, where one does. */
  package?: string;
}

/** The commands that a local cloud is made with, and the Debian and Ubuntu packages that hold them. */
const COMMANDS: Record<string, string> = {
  "systemd-nspawn": "systemd-container",
  mmdebstrap: "mmdebstrap",
  mksquashfs: "squashfs-tools",
  nft: "nftables",
  iptables: "iptables",
  "apt-cacher-ng": "apt-cacher-ng",
  // The hosts' time server.
  chronyd: "chrony",
  socat: "socat",
  ip: "iproute2",
  flock: "util-linux",
  nsenter: "util-linux",
  sysctl: "procps",
  openssl: "openssl",
  // Makes the key pair of the backups, and decrypts them.
  age: "age",
  ssh: "openssh-client",
  // With these two the cloud is looked at from its vantage points.
  nc: "netcat-openbsd",
  nmap: "nmap",
};

/** What the tests need on top of that. */
const TEST_COMMANDS: Record<string, string> = {
  shellcheck: "shellcheck",
  shfmt: "shfmt",
  // A person's phone, and what brings the judge of SSH (test/ssh-audit.ts).
  oathtool: "oathtool",
  pip3: "python3-pip",
  // A visitor of the application (test/browser.ts), and what tells it which authority to trust.
  chromium: "chromium",
  certutil: "libnss3-tools",
  // What the judge of TLS cannot do without (test/testssl.ts).
  dig: "bind9-dnsutils",
  hexdump: "bsdextrautils",
};

/** What the machine is to do: boot hosts, or also test them. */
export type Purpose = "cloud" | "tests";

/** Not a command, but without it mmdebstrap cannot verify Debian's archive (Ubuntu has it apart). */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Everything that keeps this machine from booting hosts, each with its repair; empty where it can. */
export async function checkRequirements(purpose: Purpose): Promise<Missing[]> {
  if (platform() !== "linux") {
    return [{ what: "Linux", found: platform(), repair: "use a Debian or Ubuntu machine" }];
  }
  if (process.getuid?.() !== 0) {
    return [
      { what: "root", found: `user ${process.getuid?.() ?? "?"}`, repair: "run as root (sudo -E)" },
    ];
  }
  const missing = missingPackages(purpose);
  return missing.length > 0 ? missing : tryKernel();
}

function missingPackages(purpose: Purpose): Missing[] {
  const needed = purpose === "tests" ? { ...COMMANDS, ...TEST_COMMANDS } : COMMANDS;
  const commands = Object.entries(needed).filter(([command]) => !isOnPath(command));
  const rows = commands.map(([command, name]) => ({
    what: command,
    found: "not installed",
    repair: `apt-get install ${name}`,
    package: name,
  }));
  if (isReadable(KEYRING)) return rows;
  const name = "debian-archive-keyring";
  return [
    ...rows,
    { what: name, found: "not installed", repair: `apt-get install ${name}`, package: name },
  ];
}

/** What only trying can tell: containers often forbid one of these. Each try leaves nothing behind. */
async function tryKernel(): Promise<Missing[]> {
  const repair = "use a machine or a virtual machine of its own, or a privileged container";
  const tries: [string, () => Promise<unknown>][] = [
    ["network namespaces", tryNamespace],
    ["overlay and squashfs mounts", tryMounts],
  ];
  const missing: Missing[] = [];
  for (const [what, attempt] of tries) {
    try {
      await attempt();
    } catch (error) {
      missing.push({ what, found: lastWords(error), repair });
    }
  }
  return missing;
}

/** What the tool said, without the words it was called with. */
function lastWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^[^]* failed \(exit [^)]*\): /, "");
}

async function tryNamespace(): Promise<void> {
  const name = `sh-try-${process.pid}`;
  await run(["ip", "netns", "add", name]);
  try {
    const pair = ["type", "veth", "peer", "name", "try1"];
    await run(["ip", "-n", name, "link", "add", "try0", ...pair]);
    const rules =
      "add table inet try\nadd chain inet try f { type filter hook forward priority 0; }\n";
    await run(["nsenter", `--net=/run/netns/${name}`, "nft", "-f", "-"], { input: rules });
  } finally {
    await run(["ip", "netns", "delete", name]);
    await forgetNamespaceFolder();
  }
}

/** In a mount namespace of its own, where the kernel clears up even if we are killed. */
const MOUNT_SCRIPT = `
mount -t squashfs -o loop,ro "$1/try.squashfs" "$1/image"
mount -t overlay overlay -o "lowerdir=$1/image,upperdir=$1/upper,workdir=$1/work" "$1/root"
`;

async function tryMounts(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-try-"));
  try {
    for (const name of ["lower", "image", "upper", "work", "root"]) mkdirSync(join(folder, name));
    const image = join(folder, "try.squashfs");
    await run(["mksquashfs", join(folder, "lower"), image, "-quiet", "-no-progress"]);
    await run(["unshare", "--mount", "sh", "-ec", MOUNT_SCRIPT, "try-mounts", folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Installs the missing packages in one transaction, telling what.
 *
 * No service of theirs is started: a tool that tests firewalls must not open a port on its user's
 * machine. Does nothing where nothing is missing or nothing can be installed.
 */
export async function installRequirements(
  purpose: Purpose,
  onLine: (text: string) => void,
): Promise<void> {
  if (process.getuid?.() !== 0 || !isOnPath("apt-get")) return;
  const names = missingPackages(purpose).flatMap(({ package: name }) => name ?? []);
  if (names.length === 0) return;
  onLine(`installing ${names.join(" ")}`);
  const keptClock = isTimeDaemonActive();
  await withoutServiceStarts(async () => {
    await aptGet(["update", "-qq"]);
    await aptGet(["install", "-y", "-qq", "--no-install-recommends", ...names]);
  });
  // Only what we brought: one that was here before has its own users.
  if (names.includes("apt-cacher-ng")) await keepOff("apt-cacher-ng.service");
  // Debian allows one time daemon, so chrony took another one's place: then it has to do its work.
  if (names.includes("chrony")) await (keptClock ? startChrony() : keepOff("chrony.service"));
  onLine("installed");
}

const POLICY = "/usr/sbin/policy-rc.d";

/** Debian asks policy-rc.d before a package starts its service; 101 forbids it. */
async function withoutServiceStarts(work: () => Promise<void>): Promise<void> {
  const own = !isReadable(POLICY);
  if (own) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await work();
  } finally {
    if (own) rmSync(POLICY, { force: true });
  }
}

async function keepOff(unit: string): Promise<void> {
  if (isReadable("/run/systemd/system")) await run(["systemctl", "disable", "--quiet", unit]);
}

/** What chrony would push out; its own package never asks whether anything kept the clock before. */
const TIME_DAEMONS = ["systemd-timesyncd", "ntpsec", "ntp", "openntpd"];

function isTimeDaemonActive(): boolean {
  const units = TIME_DAEMONS.map((name) => `${name}.service`);
  return spawnSync("systemctl", ["--quiet", "is-active", ...units]).status === 0;
}

async function startChrony(): Promise<void> {
  await run(["systemctl", "start", "chrony.service"]);
}

function aptGet(args: string[]): Promise<void> {
  const wait = ["-o", "DPkg::Lock::Timeout=120"];
  return new Promise((resolve, reject) => {
    const child = spawn("apt-get", [...wait, ...args], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_MODE: "l" },
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`apt-get ${args.join(" ")} failed (exit ${code ?? "by signal"})`));
    });
  });
}

function isOnPath(command: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => isReadable(join(folder, command)));
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
