import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { MachineSpec } from "../types";
import { Container, forgetContainer } from "./container";
import { Disk } from "./disk";
import { pollUntil, run } from "./run";
import { namespaceName, vantageCommand } from "./vantage";

const POWER_OFF_LIMIT_MS = 20_000;
const BOOT_LIMIT_MS = 120_000;
const CONSOLE_TAIL_LINES = 15;

/** One booted (or switched-off) Debian host: a disk, and the container that runs on it. */
export class Host {
  private readonly name: string;
  private readonly disk: Disk;
  private readonly container: Container;

  constructor(
    private readonly cloudId: string,
    private readonly folder: string,
    private readonly id: number,
  ) {
    this.name = namespaceName(cloudId, id);
    this.disk = new Disk(folder);
    this.container = new Container(this.name, folder, this.disk.root);
  }

  async create(spec: MachineSpec, image: string): Promise<void> {
    await this.disk.create(spec, image);
  }

  /** Puts the disk in its place again, after this machine itself was restarted. */
  async mount(image: string): Promise<void> {
    await this.disk.mount(image);
  }

  /** Starts the host unless it runs, and resolves when its sshd greets. */
  async boot(publicIPv4: string): Promise<void> {
    if (!this.container.isRunning()) await this.container.start();
    await this.waitForSsh(publicIPv4);
  }

  /** Asked from inside the host's own network, so that no wall stands in between. */
  async waitForSsh(publicIPv4: string): Promise<void> {
    const greeting = `exec 3<>/dev/tcp/${publicIPv4}/22 && read -r -u 3 line && [[ $line == SSH-* ]]`;
    // A host whose own firewall drops the probe must not hold it for minutes.
    // Node's pipes are sockets, for which bash takes itself for a remote shell and reads ~/.bashrc: whatever a
    // user has there would slow each probe down, or hold it until it is too late.
    const probe = ["timeout", "3", "bash", "--norc", "-c", greeting];
    const words = [...vantageCommand(this.cloudId, this.id), ...probe];
    const greets = (): Promise<boolean> =>
      run(words).then(
        () => true,
        () => false,
      );
    const settled = async (): Promise<boolean> => !this.isRunning() || (await greets());
    const inTime = await pollUntil(settled, BOOT_LIMIT_MS, 100);
    if (inTime && this.isRunning()) return;
    const what = inTime
      ? "ended while booting"
      : `did not answer SSH within ${BOOT_LIMIT_MS / 1000} s`;
    throw new Error(`the host ${what}; its console ends with:\n${await this.consoleTail()}`);
  }

  /** Orderly power-off, by force after 20 s. */
  async shutdown(): Promise<void> {
    this.container.powerOff();
    const off = await pollUntil(() => !this.container.hasProcesses(), POWER_OFF_LIMIT_MS);
    if (!off) await this.kill();
  }

  /** Ends every process of the host at once, as pulling the plug would. */
  async kill(): Promise<void> {
    await this.container.kill();
  }

  /** Removes the disk and all traces; the host must be off. */
  async remove(): Promise<void> {
    await this.disk.remove();
    await forgetContainer(this.name);
  }

  isRunning(): boolean {
    return this.container.isRunning();
  }

  get bootNumber(): number {
    return this.container.bootNumber;
  }

  /** Words that run a command as root inside the host, over its console rather than its network. */
  consoleCommand(words: readonly string[]): string[] {
    return this.container.consoleCommand(words);
  }

  private async consoleTail(): Promise<string> {
    const text = await readFile(join(this.folder, "console.log"), "utf8").catch(() => "(empty)");
    return text.trimEnd().split("\n").slice(-CONSOLE_TAIL_LINES).join("\n");
  }
}
