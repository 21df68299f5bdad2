import type { LinodeClient } from "./linode-client";
import type { WireObject } from "./wire";

/** What a handler may use while it carries one resource out. */
export interface Work {
  /** The resource's name in the program. */
  name: string;
  /** Ends waiting early when the user interrupts the run; work on a host is not cut short. */
  signal: AbortSignal;
  /** The API; asking for it fails unless it is a local one. */
  linode: () => LinodeClient;
  /** Records that the resource exists, although it is not ready: a killed run then goes on from here. */
  exists: (id: string) => void;
  /** Says in a few words how it went. */
  say: (message: string) => void;
}

export interface Made {
  id: string;
  outputs: WireObject;
}

/** Carries out one type of resource. Inputs and outputs are bare values: the engine keeps the marks. */
export interface Handler {
  create(work: Work, inputs: WireObject): Promise<Made>;
  /** Goes on with a creation that called `work.exists` and did not end. */
  resume?(work: Work, id: string, inputs: WireObject): Promise<Made>;
  /** Changes it in place, or throws why that cannot be. Without it, every change replaces. */
  update?(work: Work, old: Made, inputs: WireObject, changed: string[]): Promise<Made>;
  /** Whether it is still there; asked once a run. */
  isThere?(work: Work, id: string): Promise<boolean>;
  /** Without it, the resource is just forgotten. */
  delete?(work: Work, id: string): Promise<void>;
  /** Outputs that may repeat the inputs: secret as soon as one of these, `connection` apart, is. */
  echoes?: readonly string[];
}
