import type { Machines, MachineStatus } from "../types";
import { reasonOf } from "./errors";
import { endEvent, startEvent } from "./state/events";
import { type Linode, type LinodeStatus, type State, type Task, timestamp } from "./state/model";
import type { Store } from "./state/store";
import { type Making, runTask } from "./tasks";
import type { Walls } from "./walls";

/** What a Linode shows while a task is under way; the others leave its status alone. */
const UNDER_WAY: Partial<Record<Task["kind"], LinodeStatus>> = {
  provision: "provisioning",
  boot: "booting",
  reboot: "rebooting",
  shutdown: "shutting_down",
};

/** Carries out, in the background, what the requests have begun. */
export class Lifecycle {
  /** What runs, or has run, for each Linode: the machines are asked one thing at a time. */
  readonly #running = new Map<number, Promise<void>>();

  constructor(
    private readonly store: Store,
    private readonly machines: Machines,
    private readonly walls: Walls,
    private readonly log: (line: string) => void,
  ) {
    machines.onStatus((id, status) => {
      try {
        this.#follow(id, status);
      } catch (error) {
        this.#lost(id, error);
      }
    });
  }

  /** Records a task and its event in `draft`; `start` sets it going once the draft is kept. */
  static begin(draft: State, linode: Linode, kind: Task["kind"]): void {
    const action = kind === "provision" ? "linode_create" : `linode_${kind}`;
    linode.task = { kind, eventId: startEvent(draft, action, linode).id };
    linode.status = UNDER_WAY[kind] ?? linode.status;
    linode.fault = null;
    linode.updated = timestamp();
  }

  /** Carries out the task that the Linode's record holds, after whatever still runs for it. */
  start(linodeId: number, making?: Making): void {
    const previous = this.#running.get(linodeId) ?? Promise.resolve();
    const current = previous
      .then(() => this.#run(linodeId, making))
      .catch((error: unknown) => {
        this.#lost(linodeId, error);
      });
    this.#running.set(linodeId, current);
    void current.then(() => {
      if (this.#running.get(linodeId) === current) this.#running.delete(linodeId);
    });
  }

  /** Resolves when nothing runs in the background. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #run(linodeId: number, making: Making | undefined): Promise<void> {
    const linode = find(this.store.state, linodeId);
    const task = linode?.task;
    if (!task) return;
    const { store, machines, walls } = this;
    let failure: string | undefined;
    try {
      await runTask({ store, machines, walls }, linode, task.kind, making);
    } catch (error) {
      failure = hide(reasonOf(error), making);
      this.log(`ERROR Linode ${linodeId} (${linode.label}): ${task.kind} failed: ${failure}`);
    }
    this.store.change((draft) => {
      this.#settle(draft, linodeId, task, failure);
    });
  }

  /** Ends a task and its event. A deletion that came meanwhile has replaced the task, and goes on. */
  #settle(draft: State, linodeId: number, task: Task, failure: string | undefined): void {
    endEvent(draft, task.eventId, failure);
    const linode = find(draft, linodeId);
    if (linode?.task?.eventId !== task.eventId) return;
    if (task.kind === "delete" && failure === undefined) {
      draft.linodes = draft.linodes.filter(({ id }) => id !== linodeId);
      draft.devices = draft.devices.filter((device) => device.linodeId !== linodeId);
      return;
    }
    linode.task = null;
    linode.updated = timestamp();
    linode.status = linode.made ? this.machines.status(linodeId) : "offline";
    if (task.kind === "provision" || task.kind === "boot" || task.kind === "reboot") {
      linode.fault = failure ?? null;
    }
  }

  /** Nobody waits for work in the background, and a full disk must not end the whole cloud. */
  #lost(linodeId: number, error: unknown): void {
    this.log(`ERROR Linode ${linodeId}: its state could not be kept: ${reasonOf(error)}`);
  }

  /** Takes over what a host does by itself. While a task is under way, its end decides. */
  #follow(linodeId: number, status: MachineStatus): void {
    const linode = find(this.store.state, linodeId);
    if (!linode || linode.task || linode.status === status) return;
    this.store.change((draft) => {
      const record = find(draft, linodeId);
      if (!record) return;
      record.status = status;
      if (status === "running") record.fault = null;
    });
  }
}

function find(state: Readonly<State>, linodeId: number): Linode | undefined {
  return state.linodes.find(({ id }) => id === linodeId);
}

/** A machine's reason may quote what it was given; it ends in logs and answers. */
function hide(reason: string, making: Making | undefined): string {
  return [making?.rootPass, making?.userData]
    .filter((secret) => secret !== undefined && secret !== "")
    .reduce<string>((text, secret) => text.replaceAll(secret ?? "", "[hidden]"), reason);
}
