import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isAlive } from "../process-identity";
import { processesInGroup, removeGroups } from "./control-group";
import { killAll, signal } from "./kill";
import { killNamespace } from "./network";
import { pollUntil } from "./run";

/** Generous: a busy machine, or one whose disk is cold, is slow and not broken. */
const START_LIMIT_MS = 60_000;
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What the supervisor wrote last. */
interface State {
  state: "booting" | "off";
  /** nspawn's process id while it runs, its exit code after. */
  value: number;
  boot: number;
}

/**
 * One host's processes: its supervisor, nspawn, and whatever runs inside.
 *
 * Nothing is remembered here. All of it is read from the supervisor's files and from /proc, so that
 * any process of this machine can look after a host that another one started.
 */
export class Container {
  constructor(
    /** Of the network namespace, of the control group, and of the container. */
    private readonly name: string,
    private readonly folder: string,
    private readonly root: string,
  ) {}

  /** Starts the container under a supervisor of its own. */
  async start(): Promise<void> {
    // A supervisor that was killed may have left its host on the way to power-off.
    await this.kill();
    await rm(this.file("supervisor"), { force: true });
    await rm(this.file("state"), { force: true });
    const supervise = join(__dirname, "supervise.sh");
    const child = spawn("bash", [supervise, this.folder, this.name, "--", ...this.nspawn()], {
      // A session of its own: it must outlive the daemon, and Ctrl-C at a command.
      detached: true,
      stdio: "ignore",
      // The working folder of a command may vanish long before the host does.
      cwd: "/",
      // `network`: a host may set its own network's sysctls. All others are this machine's, and stay read-only.
      env: {
        PATH: SYSTEM_PATH,
        LC_ALL: "C",
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network",
        ...this.unified(),
      },
    });
    child.on("error", () => undefined);
    child.unref();
    const started = await pollUntil(() => this.read() !== undefined, START_LIMIT_MS, 10);
    if (!started) throw new Error(`${supervise} did not start: is bash installed?`);
  }

  /** Asks the host to power off; it does so in its own time. */
  powerOff(): void {
    const supervisor = this.supervisor();
    if (supervisor !== undefined) signal(supervisor, "SIGTERM");
  }

  /** Ends every process of the host at once, as pulling the plug would. */
  async kill(): Promise<void> {
    // The supervisor first, or it would take the end for a crash and clear up on its own.
    await killAll(() => list(this.supervisor()));
    const state = this.read();
    // A killed nspawn leaves the host's init alive: it is found by its group and by its network.
    await killAll(() => [...processesInGroup(this.name), ...list(this.nspawnProcess())]);
    await killNamespace(this.name);
    if (state?.state === "booting") await writeFile(this.file("state"), "off 137\n");
  }

  /** Whether the host runs, looked after: a host without its supervisor is on the way to power-off. */
  isRunning(): boolean {
    return this.supervisor() !== undefined && this.read()?.state === "booting";
  }

  hasProcesses(): boolean {
    return this.supervisor() !== undefined || this.nspawnProcess() !== undefined;
  }

  /** Which boot since the start this is; a reboot from inside counts it up. */
  get bootNumber(): number {
    return this.read()?.boot ?? 0;
  }

  /** Words that run a command as root inside the host, over its console rather than its network. */
  consoleCommand(words: readonly string[]): string[] {
    const init = this.init();
    if (init === undefined) throw new Error("the host is off: boot it first, then use its console");
    const enter = ["nsenter", "--target", String(init), "--all", "--"];
    // Not nsenter's --wd: it opens that folder before it enters, so it would be this machine's.
    const terminal = process.env["TERM"] ?? "dumb";
    const variables = [`TERM=${terminal}`, "HOME=/root", "LANG=C.UTF-8", `PATH=${SYSTEM_PATH}`];
    return [...enter, "env", "-i", "--chdir=/root", ...variables, ...words];
  }

  private nspawn(): string[] {
    return [
      "systemd-nspawn",
      "--quiet",
      `--directory=${this.root}`,
      `--machine=${this.name}`,
      `--network-namespace-path=/run/netns/${this.name}`,
      "--boot",
      // No service of this machine is told or asked: it need not have systemd, and works in a container.
      "--register=no",
      // Stay in the group that the supervisor made, and end with 133 at a reboot from inside.
      "--keep-unit",
      "--resolv-conf=off",
      "--timezone=off",
      "--link-journal=no",
      "--console=pipe",
      // Without it networkd is skipped silently. CAP_SYS_TIME is left out: the clock is this machine's.
      "--capability=CAP_NET_ADMIN",
    ];
  }

  /**
   * A system whose systemd has no use for control groups of the first kind any more (258) gets those of the second,
   * also where this machine has both. It has then no limits of memory or time, which stay with the first.
   */
  private unified(): Record<string, string> {
    return systemdVersion(this.root) >= 258 ? { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "yes" } : {};
  }

  private supervisor(): number | undefined {
    const [pid = "", start = ""] = this.readFile("supervisor").trim().split(" ");
    return start !== "" && isAlive(Number(pid), start) ? Number(pid) : undefined;
  }

  /** nspawn, if the recorded process still is it: process ids are reused. */
  private nspawnProcess(): number | undefined {
    const state = this.read();
    if (state?.state !== "booting") return undefined;
    const command = readText(`/proc/${state.value}/cmdline`);
    return command.includes(`\0--directory=${this.root}\0`) ? state.value : undefined;
  }

  /** The host's own process 1, as this machine numbers it. */
  private init(): number | undefined {
    const nspawn = this.nspawnProcess();
    if (nspawn === undefined) return undefined;
    const children = readText(`/proc/${nspawn}/task/${nspawn}/children`).trim().split(" ");
    // While it sets the container up, nspawn has another child, which is in no namespace yet.
    const isInit = (pid: string): boolean =>
      /^NSpid:\t\d+\t1$/m.test(readText(`/proc/${pid}/status`));
    const init = children.find(isInit);
    return init === undefined ? undefined : Number(init);
  }

  private read(): State | undefined {
    const [state, value, boot] = this.readFile("state").trim().split(" ");
    if (state !== "booting" && state !== "off") return undefined;
    return { state, value: Number(value), boot: Number(boot ?? 0) };
  }

  private readFile(name: string): string {
    return readText(this.file(name));
  }

  private file(name: string): string {
    return join(this.folder, name);
  }
}

/** Removes what nspawn keeps about a container outside its folder; the container must be off. */
export async function forgetContainer(name: string): Promise<void> {
  await removeGroups(name);
  await rm(join("/run/systemd/nspawn/propagate", name), { recursive: true, force: true });
}

/** Of the systemd on that disk, as the name of its shared library tells; 0 where none does. */
function systemdVersion(root: string): number {
  const folders = names(join(root, "usr/lib")).filter((name) => name.endsWith("-linux-gnu"));
  const libraries = folders.flatMap((name) => names(join(root, "usr/lib", name, "systemd")));
  const versions = libraries.map((name) => /^libsystemd-shared-(\d+)\.so$/.exec(name)?.[1]);
  return Math.max(0, ...versions.map((version) => Number(version ?? 0)));
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function list(pid: number | undefined): number[] {
  return pid === undefined ? [] : [pid];
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
