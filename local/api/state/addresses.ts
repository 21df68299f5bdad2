import { ApiError } from "../errors";
import type { State } from "./model";

/** A row of IPv4 addresses that differ in their last number only. */
interface Pool {
  prefix: string;
  first: number;
  last: number;
}

/** From the blocks for documentation: outside RFC 1918, or clients take "public" ones for private. */
const POOLS = {
  public: { prefix: "203.0.113.", first: 100, last: 254 },
  private: { prefix: "192.168.129.", first: 10, last: 254 },
} as const satisfies Record<string, Pool>;

/**
 * The public address after the one given out last, past those that a Linode holds, one being deleted
 * included. An address that was given back is not the next one's, as it would not be at the vendor's:
 * what relies on a successor with the same address has to fail here, too.
 */
export function takePublicIPv4(state: State): string {
  return takeNext(state, "public", new Set(state.linodes.map(({ publicIPv4 }) => publicIPv4)));
}

export function takePrivateIPv4(state: State): string {
  return takeNext(state, "private", new Set(state.linodes.map(({ privateIPv4 }) => privateIPv4)));
}

/** Follows from the id, which is never given out twice. */
export function ipv6Of(linodeId: number): string {
  const low = (linodeId % 0x10000).toString(16);
  const high = Math.floor(linodeId / 0x10000);
  return high === 0 ? `2001:db8:113::${low}` : `2001:db8:113::${high.toString(16)}:${low}`;
}

function takeNext(
  state: State,
  kind: keyof typeof POOLS,
  taken: ReadonlySet<string | null>,
): string {
  const { prefix, first, last } = POOLS[kind];
  const size = last - first + 1;
  const start = (state.lastAddresses[kind] ?? last) + 1 - first;
  for (let step = 0; step < size; step += 1) {
    const number = first + ((start + step) % size);
    const address = `${prefix}${number}`;
    if (taken.has(address)) continue;
    state.lastAddresses[kind] = number;
    return address;
  }
  const reason = `No address is left between ${prefix}${first} and .${last}: delete a Linode first.`;
  throw new ApiError(400, [{ reason }]);
}
