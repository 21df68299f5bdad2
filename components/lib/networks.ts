import { isIPv4, isIPv6 } from "node:net";

/** A network in CIDR form, in its canonical spelling. */
export interface Network {
  family: 4 | 6;
  /** `203.0.113.0/24` or `2001:db8::/32`. */
  cidr: string;
  prefix: number;
  /** The lowest address as a number. */
  first: bigint;
  /** The highest address as a number. */
  last: bigint;
}

/** Every address there is. */
export const ANYWHERE: readonly string[] = ["0.0.0.0/0", "::/0"];

/** Bits of an address. */
const WIDTH = { 4: 32, 6: 128 } as const;

/** A network of more addresses than this is hardly an operator's. */
export const SHORTEST_PREFIX = { 4: 8, 6: 19 } as const;

/** Whether a network is so wide that it has to be typed out as "anywhere". */
export function isTooWide(cidr: string): boolean {
  const network = parseNetwork(cidr);
  return network === undefined || network.prefix < SHORTEST_PREFIX[network.family];
}

/** Reads `address/prefix`; an address inside the network is taken as the network. */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const family = familyOf(address);
  if (family === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length ?? "")) return undefined;
  const prefix = Number(length);
  if (prefix > WIDTH[family]) return undefined;
  const size = 1n << BigInt(WIDTH[family] - prefix);
  const first = (numberOf(address, family) / size) * size;
  const cidr = `${addressOf(first, family)}/${prefix}`;
  return { family, cidr, prefix, first, last: first + size - 1n };
}

/** The network that holds just this address. */
export function singleAddress(address: string): string {
  const family = familyOf(address);
  if (family === undefined) throw new Error(`"${address}" is not an IP address`);
  return `${addressOf(numberOf(address, family), family)}/${WIDTH[family]}`;
}

/** The address that is so many behind the network's first. */
export function addressAt({ first, family }: Network, offset: number): string {
  return addressOf(first + BigInt(offset), family);
}

/** Whether the text is an address without a prefix length. */
export function isBareAddress(text: string): boolean {
  return familyOf(text) !== undefined;
}

/** Whether all of `inner` lies in `outer`. */
export function contains(outer: Network, inner: Network): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether two networks share an address. */
export function overlap(one: Network, other: Network): boolean {
  return contains(one, other) || contains(other, one);
}

export function isIPv4Network(cidr: string): boolean {
  return !cidr.includes(":");
}

function familyOf(address: string): 4 | 6 | undefined {
  if (isIPv4(address)) return 4;
  // A zone such as `%eth0` means something on one machine only.
  return isIPv6(address) && !address.includes("%") ? 6 : undefined;
}

function numberOf(address: string, family: 4 | 6): bigint {
  if (family === 4) {
    return address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  }
  const [head = [], tail = []] = compressed(address)
    .split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  const groups = [...head, ...zeros, ...tail];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function addressOf(value: bigint, family: 4 | 6): string {
  const bits = family === 4 ? 8n : 16n;
  const count = WIDTH[family] / Number(bits);
  const parts = Array.from({ length: count }, (_, index) => {
    const shift = bits * BigInt(count - 1 - index);
    return (value >> shift) & ((1n << bits) - 1n);
  });
  if (family === 4) return parts.join(".");
  return compressed(parts.map((part) => part.toString(16)).join(":"));
}

/** The spelling of RFC 5952, which is the one that URLs use and that `ip6tables-save` prints. */
function compressed(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
