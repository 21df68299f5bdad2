/** A resource as a program declares it. */
export interface Declared {
  type: string;
  /** The name that the program gives it. */
  name: string;
  urn: string;
  /** Reading a value that is not known yet throws; the pack then says so, and `pulumi up` asks again. */
  // The engine's own type: what a resource holds is for its provider to say.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  props: Record<string, any>;
  protect: boolean;
  ignoreChanges: string[];
}

/** One thing that a stack never does without. */
export interface Rule {
  /** By which it is named in previews, and in the settings of a policy pack. */
  name: string;
  description: string;
  /** What to do about it. */
  repair: string;
  /** What is wrong with a resource, as ends of the sentence `<resource>: it ...`. */
  faults: (resource: Declared) => string[];
}

export const INSTANCE = "linode:index/instance:Instance";
export const FIREWALL = "linode:index/firewall:Firewall";
export const COMMAND = "command:remote:Command";
export const COPY = "command:remote:CopyToRemote";

/** The fault if it is one. */
export function unless(holds: boolean, fault: string): string[] {
  return holds ? [] : [fault];
}
