/** The private network: the schema of the setting `network`, and its faults that no single value shows. */
import { z } from "zod";

import { contains, type Network, overlap, parseNetwork } from "./networks";
import { PRIVATE_NETWORK } from "./private-network";
import type { Fault } from "./settings-faults";

/** RFC 1918; of it, Linode keeps the private network of its data centres for that. */
const ALLOWED = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/** Two servers, and the four addresses that Linode keeps of each subnet. */
const LONGEST_PREFIX = 29;

const SUBNET = z.string().superRefine((text, context) => {
  const message = subnetFault(text);
  if (message !== undefined) context.addIssue({ code: "custom", message, input: text });
});

function subnetFault(text: string): string | undefined {
  const network = parseNetwork(text);
  const form = `a subnet is a private IPv4 network, a /${LONGEST_PREFIX} or wider`;
  if (!network || !ALLOWED.some((outer) => isWithin(outer, network))) {
    return `${form}, of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16; write it like 10.0.0.0/24`;
  }
  if (network.cidr !== text) {
    return `the address has bits beyond its prefix; write "${network.cidr}"`;
  }
  if (network.prefix > LONGEST_PREFIX) return `${form}; make it wider`;
  const shared = parseNetwork(PRIVATE_NETWORK);
  if (shared && overlap(shared, network)) {
    return `${PRIVATE_NETWORK} is the data centre's own; choose another, such as 10.0.0.0/24`;
  }
  return undefined;
}

function isWithin(outer: string, inner: Network): boolean {
  const network = parseNetwork(outer);
  return network !== undefined && contains(network, inner);
}

export const NETWORK = z.strictObject({
  private: z.enum(["shared", "vpc"], "write shared or vpc").default("shared"),
  subnet: SUBNET.optional(),
});

/** Where the app and the database server find each other. */
export type NetworkSettings = z.output<typeof NETWORK>;

const LENIENT = z.object({ private: z.unknown().optional(), subnet: z.unknown().optional() });

/** Somebody who names a subnet expects to be in it. */
export function privateNetworkFaults(raw: unknown): Fault[] {
  const parsed = LENIENT.safeParse(raw);
  if (!parsed.success || parsed.data.subnet === undefined) return [];
  const { private: kind = "shared" } = parsed.data;
  if (kind !== "shared") return [];
  const text =
    "a subnet is not allowed here: the shared network has one range for all; write private: vpc too, or remove it";
  return [{ path: "network.subnet", text }];
}
