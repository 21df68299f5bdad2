import { addressAt, parseNetwork } from "./networks";
import type { Role } from "./roles";
import type { NetworkSettings } from "./settings-network";

/** Linode's private network, one for all customers of a data centre. */
export const PRIVATE_NETWORK = "192.168.128.0/17";

/** A VPC's subnet if nothing is said. */
const SUBNET = "10.0.0.0/24";

/** Behind the first address of a VPC's subnet; Linode keeps the first two and the last two. */
const PLACES: Partial<Record<Role, number>> = { app: 2, database: 3 };

/** The network in which the app and the database server find each other. */
export function privateNetworkOf(network: NetworkSettings): string {
  return network.private === "vpc" ? (network.subnet ?? SUBNET) : PRIVATE_NETWORK;
}

/**
 * A server's own address in the VPC: fixed, so that it is known before the server is, and its successor's,
 * too. The backup server stands in another data centre and has none.
 */
export function placeInVpc(network: NetworkSettings, role: Role): string | undefined {
  const place = PLACES[role];
  const range = parseNetwork(privateNetworkOf(network));
  return place === undefined || !range ? undefined : addressAt(range, place);
}
