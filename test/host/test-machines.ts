/** Real hosts for a test: one small cloud of its own, with nothing of the stack on it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { LocalMachines } from "../../local/machines";
import { type Vantage, vantageCommand } from "../../local/machines/vantage";
import type { CloudFirewall, MachineSpec } from "../../local/types";

export const CACHE_DIR = process.env["STRONGHOLD_CACHE_DIR"] ?? "/var/cache/stronghold";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export function run(words: readonly string[], input = ""): Ran {
  const [command = "", ...args] = words;
  const done = spawnSync(command, args, { encoding: "utf8", input, cwd: "/" });
  return { code: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
}

/** Polls until `probe` holds; answers whether it did in time. */
export async function eventually(probe: () => boolean, limitMs = 20_000): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (!probe()) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

export class TestMachines {
  readonly stateDir: string;
  machines: LocalMachines;
  readonly log: string[] = [];

  /** `cloudId` must be six hex digits that no other test uses. */
  constructor(readonly cloudId: string) {
    this.stateDir = join("/var/lib/stronghold", cloudId);
    this.machines = this.open();
  }

  /** As a new process would: knows only what is on disk and in the kernel. */
  open(): LocalMachines {
    const { stateDir, cloudId } = this;
    const log = (text: string): void => void this.log.push(text);
    return new LocalMachines({ stateDir, cacheDir: CACHE_DIR, cloudId, log });
  }

  async start(): Promise<void> {
    await this.down();
    mkdirSync(this.stateDir, { recursive: true, mode: 0o700 });
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
      image: "linode/debian13",
      publicIPv4: `203.0.113.${100 + n}`,
      privateIPv4: `192.168.129.${10 + n}`,
      publicIPv6: `2001:db8:113::${n}`,
      rootPass: "a long password that nobody needs",
      authorizedKeys: [],
      ...more,
    };
  }

  async boot(spec: MachineSpec, firewall?: CloudFirewall): Promise<void> {
    await this.machines.create(spec);
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
}

/** Everything of a cloud that the machine shows; after `down` this must be empty. */
export function traces(cloudId: string): string[] {
  const marks = [`/${cloudId}/`, `sh-${cloudId}-`, `s${cloudId}`];
  const shown = ["ip netns list", "ip -o link", "cat /proc/self/mountinfo", "losetup --all"];
  const lines = shown.flatMap((words) => run(words.split(" ")).stdout.split("\n"));
  // A zombie has no command line left, and waits only for process 1.
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  lines.push(...processes.map((pid) => readOr(`/proc/${pid}/cmdline`).replaceAll("\0", " ")));
  return lines.filter((line) => marks.some((mark) => line.includes(mark)));
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
