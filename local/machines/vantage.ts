import type { VpcPlace } from "../types";

/** The places from which a cloud is looked at, each a network namespace of its own. */
export const VANTAGE_POINTS = ["operator", "stranger", "neighbour"] as const;

export type Vantage = (typeof VANTAGE_POINTS)[number];

export interface Addresses {
  publicIPv4: string;
  publicIPv6: string;
  privateIPv4?: string;
  vpc?: VpcPlace;
}

/** Whatever has a network namespace; that of a VPC holds the router of that VPC. */
export type Place = Vantage | "router" | `vpc${number}` | number;

/**
 * `operator` is in the local stack's `ssh.allowFrom`; `stranger` is anybody on the Internet;
 * `neighbour` is another customer in the same data centre, whose private network is shared.
 */
export const VANTAGE_ADDRESSES: Record<Vantage, Addresses> = {
  operator: { publicIPv4: "203.0.113.10", publicIPv6: "2001:db8:10::10" },
  stranger: { publicIPv4: "203.0.113.66", publicIPv6: "2001:db8:66::66" },
  neighbour: {
    publicIPv4: "203.0.113.77",
    publicIPv6: "2001:db8:77::77",
    privateIPv4: "192.168.200.77",
  },
};

export function isVantage(name: string): name is Vantage {
  return (VANTAGE_POINTS as readonly string[]).includes(name);
}

/** The network namespace of a place; a machine's goes by its id. */
export function namespaceName(cloudId: string, place: Place | ""): string {
  return `sh-${cloudId}-${place}`;
}

/** Words to put in front of a command of this machine, so that it runs with that place's network. */
export function vantageCommand(cloudId: string, place: Place): string[] {
  return ["nsenter", `--net=/run/netns/${namespaceName(cloudId, place)}`, "--"];
}
