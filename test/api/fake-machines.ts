import type { CloudFirewall, Machines, MachineSpec, MachineStatus } from "../../local/types";

type Method = "create" | "boot" | "shutdown" | "reboot" | "destroy" | "setFirewall";

interface FakeMachine {
  spec: MachineSpec;
  status: MachineStatus;
  wall: CloudFirewall | undefined;
}

/**
 * Machines of memory only. They keep the contract's promises, tell in which order they were called,
 * and fail or wait when a test says so.
 */
export class FakeMachines implements Machines {
  readonly images = ["linode/debian13", "linode/ubuntu26.04"] as const;
  /** Such as `boot 1001`, in the order in which the calls came. */
  readonly calls: string[] = [];
  readonly machines = new Map<number, FakeMachine>();
  readonly #failures = new Map<Method, string>();
  readonly #gates = new Map<Method, Promise<void>>();
  readonly #walling = new Set<number>();
  #tell: (id: number, status: MachineStatus) => void = () => undefined;

  /** Lets every call of a method fail until `mend`. */
  break(method: Method, reason: string): void {
    this.#failures.set(method, reason);
  }

  mend(method: Method): void {
    this.#failures.delete(method);
  }

  /** Makes every call of a method wait; the result lets them go. */
  hold(method: Method): () => void {
    let open: () => void = () => undefined;
    this.#gates.set(
      method,
      new Promise((resolve) => {
        open = () => {
          this.#gates.delete(method);
          resolve();
        };
      }),
    );
    return open;
  }

  /** What a host does by itself. */
  becomes(id: number, status: MachineStatus): void {
    this.#machine(id).status = status;
    this.#tell(id, status);
  }

  wall(id: number): CloudFirewall | undefined {
    return this.#machine(id).wall;
  }

  async create(spec: MachineSpec): Promise<void> {
    await this.#begin("create", spec.id);
    if (this.machines.has(spec.id)) throw new Error(`machine ${spec.id} exists`);
    this.machines.set(spec.id, { spec, status: "offline", wall: undefined });
  }

  async boot(id: number): Promise<void> {
    await this.#begin("boot", id);
    this.#machine(id).status = "running";
  }

  async shutdown(id: number): Promise<void> {
    await this.#begin("shutdown", id);
    this.#machine(id).status = "offline";
  }

  async reboot(id: number): Promise<void> {
    await this.#begin("reboot", id);
    this.#machine(id).status = "running";
  }

  async destroy(id: number): Promise<void> {
    await this.#begin("destroy", id);
    this.machines.delete(id);
  }

  async setFirewall(id: number, firewall: CloudFirewall | undefined): Promise<void> {
    // Of two at once nobody could say which one stays.
    if (this.#walling.has(id)) throw new Error(`two firewalls at once for machine ${id}`);
    this.#walling.add(id);
    await this.#begin("setFirewall", id).finally(() => this.#walling.delete(id));
    this.#machine(id).wall = firewall;
  }

  status(id: number): MachineStatus {
    return this.#machine(id).status;
  }

  onStatus(listener: (id: number, status: MachineStatus) => void): void {
    this.#tell = listener;
  }

  #machine(id: number): FakeMachine {
    const machine = this.machines.get(id);
    if (!machine) throw new Error(`there is no machine ${id}`);
    return machine;
  }

  async #begin(method: Method, id: number): Promise<void> {
    this.calls.push(`${method} ${id}`);
    await this.#gates.get(method);
    const failure = this.#failures.get(method);
    if (failure !== undefined) throw new Error(failure);
  }
}
