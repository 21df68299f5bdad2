/** Real hosts for a test: one small cloud of its own, with nothing of the stack on it. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { LocalMachines } from "../../local/machines";
import { type Vantage, vantageCommand } from "../../local/machines/vantage";
import { isAlive, processStart } from "../../local/process-identity";
import type { CloudFirewall, MachineSpec } from "../../local/types";
import { readOr } from "../machine-view";

export const CACHE_DIR = process.env["STRONGHOLD_CACHE_DIR"] ?? "/var/cache/stronghold";

/** A layer that needs root is a visible skip without it, and a failure in CI. */
export const describeAsRoot =
  process.getuid?.() === 0 || process.env["CI"] === "true" ? describe : describe.skip;

/** What the hosts of the tests are made from: another of the local cloud's images, if that is asked for. */
export const IMAGE = process.env["STRONGHOLD_TEST_IMAGE"] ?? "linode/debian13";
/** MySQL on a release that has it, or else from Debian's next one. */
export const MYSQL_SOURCE: Record<string, string> = IMAGE.startsWith("linode/ubuntu")
  ? { DATABASE_SOURCE: "archive" }
  : { DATABASE_SOURCE: "suite:sid", SOURCE_EXPIRED: "accept" };

const STATE_ROOT = "/var/lib/stronghold";
const OWNER_FILE = "test-owner";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** While a command runs, no limit of jest's can end its test. Nothing that works takes so long. */
export const COMMAND_LIMIT_MS = 15 * 60_000;

export function run(words: readonly string[], input = ""): Ran {
  const [command = "", ...args] = words;
  const done = spawnSync(command, args, {
    encoding: "utf8",
    input,
    cwd: "/",
    maxBuffer: 256 * 1024 * 1024,
    timeout: COMMAND_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  if (done.error && "code" in done.error && done.error.code === "ETIMEDOUT") {
    throw new Error(
      `'${words.join(" ")}' was still at work after ${COMMAND_LIMIT_MS / 60_000} min`,
    );
  }
  return { code: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
}

/** Polls until `probe` holds; answers whether it did in time. */
export async function eventually(probe: () => boolean, limitMs = 60_000): Promise<boolean> {
  const began = Date.now();
  while (!probe()) {
    const waited = Date.now() - began;
    if (waited > limitMs) return false;
    // Most probes are processes on a host: what takes long need not be asked all the time.
    const pause = Math.min(20 + waited / 10, 200);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return true;
}

export class TestMachines {
  readonly stateDir: string;
  machines: LocalMachines;
  readonly log: string[] = [];

  readonly cloudId: string;

  /** A cloud of this process's own, so that one test can run twice on one machine. */
  constructor(
    name: string,
    private readonly cacheDir = CACHE_DIR,
  ) {
    const hash = createHash("sha256").update(`${name} ${ownRecord()}`);
    this.cloudId = hash.digest("hex").slice(0, 6);
    this.stateDir = join(STATE_ROOT, this.cloudId);
    this.machines = this.open();
  }

  /** As a new process would: knows only what is on disk and in the kernel. */
  open(): LocalMachines {
    const { stateDir, cacheDir, cloudId } = this;
    const log = (text: string): void => void this.log.push(text);
    return new LocalMachines({ stateDir, cacheDir, cloudId, log });
  }

  async start(): Promise<void> {
    await removeOrphans();
    mkdirSync(this.stateDir, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.stateDir, OWNER_FILE), ownRecord());
    this.machines = this.open();
    await this.machines.start();
  }

  async down(): Promise<void> {
    await this.machines.down();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  spec(n: number, more: Partial<MachineSpec> = {}): MachineSpec {
    return {
      id: 1000 + n,
      label: `host-${n}`,
      image: IMAGE,
      publicIPv4: `203.0.113.${100 + n}`,
      privateIPv4: `192.168.129.${10 + n}`,
      publicIPv6: `2001:db8:113::${n}`,
      rootPass: "a long password that nobody needs",
      authorizedKeys: [],
      ...more,
    };
  }

  /** `prepare` is called with the host's disk in its place, before anything runs on it. */
  async boot(
    spec: MachineSpec,
    firewall?: CloudFirewall,
    prepare: () => void = () => undefined,
  ): Promise<void> {
    await this.machines.create(spec);
    prepare();
    await this.machines.setFirewall(spec.id, firewall);
    await this.machines.boot(spec.id);
  }

  /** Runs a command of this machine with the network of a vantage point or a host. */
  from(place: Vantage | number, ...words: string[]): Ran {
    return run([...vantageCommand(this.cloudId, place), ...words]);
  }

  /** Runs a command as root inside a host. */
  inside(id: number, words: readonly string[], input = ""): Ran {
    return run(this.machines.consoleCommand(id, words), input);
  }

  /** Whether a TCP connection from there is accepted. */
  connects(place: Vantage | number, address: string, port: number): boolean {
    return this.from(place, "nc", "-z", "-w", "1", address, String(port)).code === 0;
  }

  /** The numbers of a host's own processes, as the supervisor's records and the kernel tell them. */
  processes(id: number): { supervisor: number; nspawn: number; init: number } {
    const folder = join(this.stateDir, "machines", String(id));
    const [supervisor] = readOr(join(folder, "supervisor")).split(" ");
    const [, nspawn = ""] = readOr(join(folder, "state")).split(" ");
    const [init] = readOr(`/proc/${nspawn}/task/${nspawn}/children`).split(" ");
    return { supervisor: Number(supervisor), nspawn: Number(nspawn), init: Number(init) };
  }
}

/** Takes down the clouds of tests that were killed before they could do it themselves. */
async function removeOrphans(): Promise<void> {
  for (const cloudId of existsSync(STATE_ROOT) ? readdirSync(STATE_ROOT) : []) {
    const stateDir = join(STATE_ROOT, cloudId);
    const [pid, start = ""] = readOr(join(stateDir, OWNER_FILE)).split(" ");
    if (start === "" || isAlive(Number(pid), start)) continue;
    const log = (): void => undefined;
    await new LocalMachines({ stateDir, cacheDir: CACHE_DIR, cloudId, log }).down();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

function ownRecord(): string {
  return `${process.pid} ${processStart(process.pid) ?? ""}`;
}
