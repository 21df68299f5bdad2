import { ApiError } from "../errors";
import type { State } from "./model";

/** A row of IPv4 addresses that differ in their last number only. */
interface Pool {
  prefix: string;
  first: number;
  last: number;
}

/** From the blocks for documentation: outside RFC 1918, or clients take "public" ones for private. */
const PUBLIC: Pool = { prefix: "203.0.113.", first: 100, last: 254 };
const PRIVATE: Pool = { prefix: "192.168.129.", first: 10, last: 254 };

/** The lowest public address that no Linode holds, one being deleted included. */
export function takePublicIPv4(state: State): string {
  return lowestFree(PUBLIC, new Set(state.linodes.map((linode) => linode.publicIPv4)));
}

export function takePrivateIPv4(state: State): string {
  return lowestFree(PRIVATE, new Set(state.linodes.map((linode) => linode.privateIPv4)));
}

/** Follows from the id, which is never given out twice. */
export function ipv6Of(linodeId: number): string {
  const low = (linodeId % 0x10000).toString(16);
  const high = Math.floor(linodeId / 0x10000);
  return high === 0 ? `2001:db8:113::${low}` : `2001:db8:113::${high.toString(16)}:${low}`;
}

function lowestFree(pool: Pool, taken: ReadonlySet<string | null>): string {
  for (let last = pool.first; last <= pool.last; last += 1) {
    const address = `${pool.prefix}${last}`;
    if (!taken.has(address)) return address;
  }
  const reason = `No address is left between ${pool.prefix}${pool.first} and .${pool.last}: delete a Linode first.`;
  throw new ApiError(400, [{ reason }]);
}
