import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isAlive, processStart } from "../process-identity";
import type { MachineSpec } from "../types";
import { pollUntil, run } from "./run";
import { renderSeed, withRootPassword } from "./seed";
import { namespaceName, vantageCommand } from "./vantage";

const POWER_OFF_LIMIT_MS = 20_000;
const BOOT_LIMIT_MS = 60_000;

/** What the supervisor wrote last. */
export interface HostState {
  state: "booting" | "off";
  /** nspawn's process id while it runs, its exit code after. */
  value: number;
  boot: number;
}

/** One booted (or switched-off) Debian host: its folder, its disk, its processes. */
export class Host {
  constructor(
    private readonly cloudId: string,
    private readonly folder: string,
    readonly id: number,
  ) {}

  /** Makes the disk: the shared image below, this host's changes above. */
  async create(spec: MachineSpec, image: string): Promise<void> {
    for (const name of ["upper", "work", "root"]) {
      await mkdir(join(this.folder, name), {
        recursive: true,
        mode: name === "work" ? 0o700 : 0o755,
      });
    }
    await this.mount(image);
    await this.seed(spec);
  }

  async mount(image: string): Promise<void> {
    if (this.isMounted()) return;
    const [upper, work] = [join(this.folder, "upper"), join(this.folder, "work")];
    const layers = `lowerdir=${image},upperdir=${upper},workdir=${work}`;
    await run(["mount", "-t", "overlay", "overlay", "-o", layers, this.root]);
  }

  private async seed(spec: MachineSpec): Promise<void> {
    const folder = join(this.root, "var/lib/cloud/seed/nocloud");
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(renderSeed(spec))) {
      await writeFile(join(folder, name), String(text), { mode: 0o600 });
    }
    const shadow = join(this.root, "etc/shadow");
    const hash = await run(["openssl", "passwd", "-6", "-stdin"], { input: `${spec.rootPass}\n` });
    // Written over in place, so that owner and mode stay.
    await writeFile(shadow, withRootPassword(await readFile(shadow, "utf8"), hash.trim()));
    if (spec.authorizedKeys.length > 0) {
      await mkdir(join(this.root, "root/.ssh"), { recursive: true, mode: 0o700 });
      const keys = spec.authorizedKeys.map((key) => `${key.trim()}\n`).join("");
      await writeFile(join(this.root, "root/.ssh/authorized_keys"), keys, { mode: 0o600 });
    }
  }

  /** Starts the host under its supervisor and resolves when its sshd greets. */
  async boot(publicIPv4: string): Promise<void> {
    if (!this.isRunning()) {
      await rm(join(this.folder, "state"), { force: true });
      const supervise = join(__dirname, "supervise.sh");
      const namespace = namespaceName(this.cloudId, this.id);
      const words = [supervise, this.folder, namespace, "--", ...this.nspawn()];
      const child = spawn("bash", words, {
        // A session of its own: it must outlive the daemon, and Ctrl-C at a command.
        detached: true,
        stdio: "ignore",
        env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network" },
      });
      child.unref();
      if (child.pid === undefined) throw new Error("bash could not be started");
      const record = `${child.pid} ${processStart(child.pid) ?? ""}`;
      await writeFile(join(this.folder, "supervisor"), record);
    }
    await this.waitForSsh(publicIPv4);
  }

  /** Asked from inside the host's own network, so that no wall stands in between. */
  async waitForSsh(publicIPv4: string): Promise<void> {
    const probe = `exec 3<>/dev/tcp/${publicIPv4}/22 && IFS= read -r -t 1 -u 3 line && [[ $line == SSH-* ]]`;
    const words = [...vantageCommand(this.cloudId, this.id), "bash", "-c", probe];
    const greets = (): Promise<boolean> =>
      run(words).then(
        () => true,
        () => false,
      );
    const up = await pollUntil(async () => (await greets()) || this.hasEnded(), BOOT_LIMIT_MS, 100);
    if (up && !this.hasEnded()) return;
    const console = readFileSync(join(this.folder, "console.log"), "utf8").split("\n").slice(-15);
    const what = up ? "ended while booting" : `did not answer SSH within ${BOOT_LIMIT_MS / 1000} s`;
    throw new Error(`the host ${what}; its console ends with:\n${console.join("\n")}`);
  }

  private nspawn(): string[] {
    // Where systemd runs the machine, nspawn asks it for a scope of its own; elsewhere there is none to ask.
    const scope = existsSync("/run/systemd/system") ? [] : ["--keep-unit"];
    return [
      "systemd-nspawn",
      "--quiet",
      `--directory=${this.root}`,
      `--machine=${namespaceName(this.cloudId, this.id)}`,
      `--network-namespace-path=/run/netns/${namespaceName(this.cloudId, this.id)}`,
      "--boot",
      "--register=no",
      ...scope,
      "--resolv-conf=off",
      "--timezone=off",
      "--link-journal=no",
      "--console=pipe",
      // Without the first networkd is skipped silently; chrony needs the second.
      "--capability=CAP_NET_ADMIN,CAP_SYS_TIME",
    ];
  }

  /** Orderly power-off, by force after 20 s. */
  async shutdown(): Promise<void> {
    const supervisor = this.supervisor();
    if (!supervisor) return;
    process.kill(supervisor.pid, "SIGTERM");
    const off = await pollUntil(() => this.supervisor() === undefined, POWER_OFF_LIMIT_MS);
    if (!off) await this.kill();
  }

  /** Ends every process of the host at once, as pulling the plug would. */
  async kill(): Promise<void> {
    const supervisor = this.supervisor();
    // The supervisor first, or it would take the end for a crash and clear up on its own.
    if (supervisor) process.kill(supervisor.pid, "SIGKILL");
    const state = this.readState();
    if (state?.state === "booting") {
      // Recorded by a supervisor that may be long gone: make sure that it is still that process.
      const command = readText(`/proc/${state.value}/cmdline`);
      if (command.includes(this.root)) process.kill(state.value, "SIGKILL");
    }
    const pids = await run(["ip", "netns", "pids", namespaceName(this.cloudId, this.id)], {
      allowFailure: true,
    });
    for (const pid of pids.split("\n").filter(Boolean)) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It ended by itself in the meantime.
      }
    }
    await writeFile(join(this.folder, "state"), "off 137\n");
    await pollUntil(() => !this.hasProcesses(), 5_000, 20);
  }

  private hasProcesses(): boolean {
    return this.supervisor() !== undefined || this.init() !== undefined;
  }

  /** Removes the disk; the host must be off. */
  async remove(): Promise<void> {
    if (this.isMounted()) {
      // The last process may still be on its way out of the mount.
      const gone = await pollUntil(async () => {
        await run(["umount", this.root], { allowFailure: true });
        return !this.isMounted();
      }, 5_000);
      if (!gone) await run(["umount", "--lazy", this.root], { allowFailure: true });
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Words that run a command as root inside the host, over its console rather than its network. */
  consoleCommand(words: readonly string[]): string[] {
    const init = this.init();
    if (init === undefined) throw new Error("the host is off: it has no console");
    const env = [
      "env",
      "-i",
      "HOME=/root",
      `TERM=${process.env["TERM"] ?? "dumb"}`,
      "LANG=C.UTF-8",
    ];
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    return [
      "nsenter",
      "--target",
      String(init),
      "--all",
      "--wd=/root",
      "--",
      ...env,
      path,
      ...words,
    ];
  }

  isRunning(): boolean {
    return this.supervisor() !== undefined && this.readState()?.state !== "off";
  }

  /** Which boot this is; a reboot from inside counts it up. */
  get bootNumber(): number {
    return this.readState()?.boot ?? 0;
  }

  private hasEnded(): boolean {
    return this.supervisor() === undefined;
  }

  private readState(): HostState | undefined {
    const [state, value, boot] = readText(join(this.folder, "state")).trim().split(" ");
    if (state !== "booting" && state !== "off") return undefined;
    return { state, value: Number(value), boot: Number(boot ?? 0) };
  }

  private supervisor(): { pid: number } | undefined {
    const [pid = "", start = ""] = readText(join(this.folder, "supervisor")).split(" ");
    return start !== "" && isAlive(Number(pid), start) ? { pid: Number(pid) } : undefined;
  }

  /** The host's own process 1, as this machine numbers it: the one child of nspawn. */
  private init(): number | undefined {
    const state = this.readState();
    if (state?.state !== "booting") return undefined;
    const children = readText(`/proc/${state.value}/task/${state.value}/children`).trim();
    const [first] = children.split(" ");
    return first === undefined || first === "" ? undefined : Number(first);
  }

  private isMounted(): boolean {
    return readText("/proc/self/mountinfo").includes(` ${this.root} `);
  }

  private get root(): string {
    return join(this.folder, "root");
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
