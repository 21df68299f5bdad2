import type { CloudFirewall, CloudFirewallRule, Machines } from "../types";
import { ApiError, reasonOf } from "./errors";
import type { Rule, State } from "./state/model";
import type { Store } from "./state/store";

/** Puts the firewalls of the state in force on the machines. */
export class Walls {
  /** The last enforcement of each Linode, for the next one to wait for. */
  readonly #last = new Map<number, Promise<void>>();

  constructor(
    private readonly store: Store,
    private readonly machines: Machines,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * Puts in force what the state says by the time it is this one's turn. One at a time for each
   * Linode, so that of two changes the later one is what stays.
   */
  enforce(linodeId: number): Promise<void> {
    const previous = this.#last.get(linodeId) ?? Promise.resolve();
    const current = previous
      .catch(() => undefined)
      .then(() => this.machines.setFirewall(linodeId, wallOf(this.store.state, linodeId)));
    this.#last.set(linodeId, current);
    return current;
  }

  /**
   * Changes the state and returns once the change is in force on every machine it touches. If it
   * cannot be, the state goes back: a rule set that is read back is one that protects.
   */
  async change<T>(
    edit: (draft: State) => T,
    undo: (draft: State) => void,
    linodeIds: () => readonly number[],
  ): Promise<T> {
    const result = this.store.change(edit);
    const touched = linodeIds().filter((id) => this.#hasMachine(id));
    const outcomes = await Promise.allSettled(touched.map((id) => this.enforce(id)));
    const failures = outcomes.flatMap((outcome, index) =>
      outcome.status === "rejected"
        ? [`Linode ${touched[index]}: ${reasonOf(outcome.reason)}`]
        : [],
    );
    if (failures.length === 0) return result;
    this.store.change(undo);
    await Promise.allSettled(touched.map((id) => this.enforce(id)));
    const reason = `The firewall could not be put in force and is as it was before. ${failures.join("; ")}`;
    this.log(`ERROR ${reason}`);
    throw new ApiError(500, [{ reason }]);
  }

  #hasMachine(linodeId: number): boolean {
    return this.store.state.linodes.some(
      ({ id, made, task }) => id === linodeId && made && task?.kind !== "delete",
    );
  }
}

/** The wall of a Linode; none if no enabled firewall has it as a device. */
function wallOf(state: Readonly<State>, linodeId: number): CloudFirewall | undefined {
  const device = state.devices.find((candidate) => candidate.linodeId === linodeId);
  const firewall = state.firewalls.find(({ id }) => id === device?.firewallId);
  if (firewall?.status !== "enabled") return undefined;
  const { rules } = firewall;
  return {
    inbound: rules.inbound.map(machineRule),
    inboundPolicy: rules.inbound_policy,
    outbound: rules.outbound.map(machineRule),
    outboundPolicy: rules.outbound_policy,
  };
}

function machineRule({ action, protocol, ports, addresses, label }: Rule): CloudFirewallRule {
  const { ipv4, ipv6 } = addresses;
  return {
    action,
    protocol,
    ...(ports ? { ports: ports.replace(/\s/g, "") } : {}),
    addresses: { ...(ipv4 ? { ipv4 } : {}), ...(ipv6 ? { ipv6 } : {}) },
    ...(label ? { label } : {}),
  };
}
