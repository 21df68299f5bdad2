import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { CloudFirewall, Machines, MachineSpec, MachineStatus, VpcPlace } from "../types";
import { AptProxy } from "./apt-proxy";
import { Forward } from "./forward";
import { Host } from "./host";
import { ensureImage } from "./image";
import { Network } from "./network";
import { DEBIAN, RECIPES, recipeOf } from "./recipes";
import { run } from "./run";
import { sweep } from "./sweep";
import { vantageCommand } from "./vantage";

const WATCH_INTERVAL_MS = 250;

export interface LocalMachinesOptions {
  stateDir: string;
  cacheDir: string;
  cloudId: string;
  log: (text: string) => void;
}

/** What is kept of a machine between runs; neither its user data nor its password is needed again. */
interface Stored {
  /** Absent in the records of the time when there was one image. */
  image?: string;
  publicIPv4: string;
  publicIPv6: string;
  privateIPv4?: string;
  vpc?: VpcPlace;
  firewall?: CloudFirewall;
}

interface Machine extends Stored {
  host: Host;
  status: MachineStatus;
  boot: number;
}

/**
 * The machines of one cloud, as real booted hosts.
 *
 * Everything is in folders and in the kernel, so that a new process takes over where an earlier one
 * died: `start` adopts the hosts that run, `down` sweeps all there is.
 */
export class LocalMachines implements Machines {
  readonly images = RECIPES.map(({ id }) => id);

  private readonly network: Network;
  private readonly machines = new Map<number, Machine>();
  private readonly listeners: ((id: number, status: MachineStatus) => void)[] = [];
  private readonly mounts = new Map<string, Promise<string>>();
  private walls: Promise<void> = Promise.resolve();
  private watch: NodeJS.Timeout | undefined;

  constructor(private readonly options: LocalMachinesOptions) {
    this.network = new Network(options.cloudId);
    this.adopt();
  }

  /** Makes the networks, and takes over the hosts that are there. */
  async start(): Promise<void> {
    mkdirSync(join(this.options.stateDir, "machines"), { recursive: true, mode: 0o700 });
    await this.network.start();
    await this.restore();
    await this.reloadWalls();
    await new AptProxy(this.options).start();
    this.watch = setInterval(() => {
      this.look();
    }, WATCH_INTERVAL_MS);
    this.watch.unref();
  }

  /** Makes the API answer at its usual loopback address for whoever runs at the operator's place. */
  async forwardApi(port: number, socket: string): Promise<void> {
    const enter = vantageCommand(this.options.cloudId, "operator");
    const listen = `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`;
    await new Forward(this.options.stateDir, "api").start([
      ...enter,
      "socat",
      listen,
      `UNIX-CONNECT:${socket}`,
    ]);
  }

  async create(spec: MachineSpec): Promise<void> {
    const { image, publicIPv4, publicIPv6, privateIPv4, vpc } = spec;
    if (this.machines.has(spec.id)) throw new Error(`machine ${spec.id} exists: destroy it first`);
    const host = this.host(spec.id);
    // Everything else is checked at the start; this alone is shared with other clouds.
    await new AptProxy(this.options).start();
    // A crash in the middle of an earlier try may have left a part of it.
    await this.wipe(spec.id, host);
    await this.network.connect(spec.id, spec);
    await host.create(spec, await this.mountImage(image));
    const machine: Machine = { image, publicIPv4, publicIPv6, host, status: "offline", boot: 0 };
    if (privateIPv4 !== undefined) machine.privateIPv4 = privateIPv4;
    if (vpc) machine.vpc = vpc;
    this.machines.set(spec.id, machine);
    await this.save(spec.id, machine);
  }

  async boot(id: number): Promise<void> {
    const machine = this.get(id);
    machine.status = "booting";
    try {
      await machine.host.boot(machine.publicIPv4);
      machine.boot = machine.host.bootNumber;
      machine.status = "running";
    } catch (error) {
      machine.status = machine.host.isRunning() ? "running" : "offline";
      throw error;
    }
  }

  async shutdown(id: number): Promise<void> {
    const machine = this.get(id);
    // Said first, so that the watch does not report as the host's own doing what was asked for.
    machine.status = "offline";
    await machine.host.shutdown();
  }

  async reboot(id: number): Promise<void> {
    await this.shutdown(id);
    await this.boot(id);
  }

  async destroy(id: number): Promise<void> {
    const host = this.machines.get(id)?.host ?? this.host(id);
    const had = this.machines.delete(id);
    await this.wipe(id, host);
    if (had) await this.reloadWalls();
  }

  async setFirewall(id: number, firewall: CloudFirewall | undefined): Promise<void> {
    const machine = this.get(id);
    if (firewall) machine.firewall = firewall;
    else delete machine.firewall;
    await this.save(id, machine);
    await this.reloadWalls();
  }

  status(id: number): MachineStatus {
    return this.machines.get(id)?.status ?? "offline";
  }

  onStatus(listener: (id: number, status: MachineStatus) => void): void {
    this.listeners.push(listener);
  }

  /** Words that run a command as root inside a host, also when its network is gone. */
  consoleCommand(id: number, words: readonly string[]): string[] {
    return this.get(id).host.consoleCommand(words);
  }

  /** Words to put in front of a command of this machine, so that it has a host's network. */
  networkCommand(id: number): string[] {
    return vantageCommand(this.options.cloudId, id);
  }

  /** Where an image that a machine was made from is mounted. */
  imageFolder(image: string): string {
    const name = image === DEBIAN ? "image" : `image-${recipeOf(image).name}`;
    return join(this.options.stateDir, name);
  }

  /** Takes everything of this cloud away, whatever state it is in. */
  async down(): Promise<void> {
    clearInterval(this.watch);
    await new AptProxy(this.options).stop();
    await sweep(this.options.cloudId, this.options.stateDir);
  }

  /** The image's folder, with the image mounted there; it is built if there is none. */
  private mountImage(image: string): Promise<string> {
    // Servers are made side by side: two mounts on one folder would hide each other.
    const mounted = this.mounts.get(image) ?? this.mountOnce(image);
    this.mounts.set(image, mounted);
    mounted.catch(() => this.mounts.delete(image));
    return mounted;
  }

  private async mountOnce(image: string): Promise<string> {
    const folder = this.imageFolder(image);
    const { cacheDir, log } = this.options;
    if (readFileSync("/proc/self/mountinfo", "utf8").includes(` ${folder} `)) return folder;
    const file = await ensureImage({ cacheDir, image, onProgress: log });
    mkdirSync(folder, { recursive: true });
    await run(["mount", "-t", "squashfs", "-o", "loop,ro", file, folder]);
    return folder;
  }

  private async wipe(id: number, host: Host): Promise<void> {
    await host.kill();
    await this.network.disconnect(id);
    await host.remove();
  }

  /** After a restart of this machine, networks and mounts are gone; the disks are not. */
  private async restore(): Promise<void> {
    for (const [id, machine] of this.machines) {
      await this.network.connect(id, machine);
      await machine.host.mount(await this.mountImage(machine.image ?? DEBIAN));
    }
  }

  /** Knows the machines again that an earlier process made. */
  private adopt(): void {
    const folder = join(this.options.stateDir, "machines");
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const file = join(folder, name, "machine.json");
      if (!existsSync(file)) continue;
      const host = this.host(Number(name));
      const record = JSON.parse(readFileSync(file, "utf8")) as Stored;
      const status = host.isRunning() ? "running" : "offline";
      this.machines.set(Number(name), { ...record, host, status, boot: host.bootNumber });
    }
  }

  /** Notices what a host did by itself: a reboot counts its boots up, a power-off or crash ends it. */
  private look(): void {
    for (const [id, machine] of this.machines) {
      if (machine.status !== "running") continue;
      if (!machine.host.isRunning()) {
        machine.status = "offline";
        this.tell(id, "offline");
      } else if (machine.host.bootNumber !== machine.boot) {
        machine.boot = machine.host.bootNumber;
        machine.status = "booting";
        this.tell(id, "booting");
        void this.settle(id, machine);
      }
    }
  }

  /** Waits for a host that reboots by itself. One that runs without sshd is on, as at the vendor. */
  private async settle(id: number, machine: Machine): Promise<void> {
    try {
      await machine.host.waitForSsh(machine.publicIPv4);
    } catch (error) {
      this.options.log(`machine ${id} did not come back well: ${String(error)}`);
    }
    // Meanwhile it may have been told to do something else.
    if (machine.status !== "booting" || this.machines.get(id) !== machine) return;
    machine.status = machine.host.isRunning() ? "running" : "offline";
    this.tell(id, machine.status);
  }

  private tell(id: number, status: MachineStatus): void {
    this.options.log(`machine ${id} is ${status}`);
    for (const listener of this.listeners) listener(id, status);
  }

  /** One load at a time: two at once could put an older set in force last. */
  private reloadWalls(): Promise<void> {
    this.walls = this.walls
      .catch(() => undefined)
      .then(() => {
        const walls = [...this.machines].flatMap(([id, { firewall }]) =>
          firewall ? [{ id, firewall }] : [],
        );
        return this.network.load(walls);
      });
    return this.walls;
  }

  private async save(id: number, machine: Machine): Promise<void> {
    const { image, publicIPv4, publicIPv6, privateIPv4, vpc, firewall } = machine;
    const file = join(this.options.stateDir, "machines", String(id), "machine.json");
    const text = JSON.stringify({ image, publicIPv4, publicIPv6, privateIPv4, vpc, firewall });
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  private host(id: number): Host {
    const folder = join(this.options.stateDir, "machines", String(id));
    return new Host(this.options.cloudId, folder, id);
  }

  private get(id: number): Machine {
    const machine = this.machines.get(id);
    if (!machine) throw new Error(`there is no machine ${id}`);
    return machine;
  }
}
