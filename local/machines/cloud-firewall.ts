import type { CloudFirewall, CloudFirewallRule } from "../types";

/** One machine's wall: the router's link to that machine, and the rules in force on it. */
export interface Wall {
  link: string;
  firewall: CloudFirewall;
}

/**
 * The whole rule set of a router as one nft script, to be loaded in one transaction.
 *
 * As at the vendor's edge, the walls are stateful, stand on each machine's own link, and so apply to
 * the private network too. No machine can send from an address that is not its own.
 */
export function renderRouterRules(walls: readonly Wall[]): string {
  const outgoing = walls.map(({ link }) => `    iifname "${link}" jump out-${link}`);
  const incoming = walls.map(
    ({ link }) => `    iifname != "${link}" oifname "${link}" jump in-${link}`,
  );
  return [
    // Adding before deleting makes the deletion valid on a router that has no table yet.
    "add table inet cloud",
    "delete table inet cloud",
    "table inet cloud {",
    "  chain antispoof {",
    "    type filter hook prerouting priority raw;",
    // Without neighbour discovery there is no IPv6 at all; it never leaves the link.
    "    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept",
    "    fib saddr . iif oif missing drop",
    "  }",
    "  chain forward {",
    "    type filter hook forward priority filter; policy accept;",
    "    ct state established,related accept",
    "    ct state invalid drop",
    // Leaving comes first: an accepted packet ends the walk, and it has two walls to pass.
    ...outgoing,
    ...incoming,
    "  }",
    ...walls.flatMap(({ link, firewall }) => [
      ...chain(`out-${link}`, firewall.outbound, firewall.outboundPolicy, "daddr", "return"),
      ...chain(`in-${link}`, firewall.inbound, firewall.inboundPolicy, "saddr", "accept"),
    ]),
    "}",
    "",
  ].join("\n");
}

function chain(
  name: string,
  rules: readonly CloudFirewallRule[],
  policy: "ACCEPT" | "DROP",
  side: "saddr" | "daddr",
  accept: "accept" | "return",
): string[] {
  const verdict = { ACCEPT: accept, DROP: "drop" };
  return [
    `  chain ${name} {`,
    ...rules.flatMap((rule) => renderRule(rule, side, verdict[rule.action])),
    `    ${verdict[policy]}`,
    "  }",
  ];
}

/** One line a family: a rule that names no addresses of a family does not speak about that family. */
function renderRule(rule: CloudFirewallRule, side: "saddr" | "daddr", verdict: string): string[] {
  const { ipv4 = [], ipv6 = [] } = rule.addresses ?? {};
  for (const text of [...ipv4, ...ipv6, rule.ports ?? ""]) refuseForeignText(text);
  const line = (family: "ip" | "ip6", addresses: readonly string[]): string[] =>
    addresses.length === 0
      ? []
      : [`    ${family} ${side} { ${collapse(addresses)} } ${protocol(rule, family)} ${verdict}`];
  return [...line("ip", ipv4), ...line("ip6", ipv6)];
}

/** The script is read by root's nft: nothing but addresses and ports may get into it. */
function refuseForeignText(text: string): void {
  if (!/^[\da-f:./, -]*$/i.test(text)) {
    throw new Error(`"${text}" is no address and no list of ports: the firewall is left as it was`);
  }
}

/** nft refuses a set whose intervals overlap, and "everywhere" overlaps with everything. */
function collapse(addresses: readonly string[]): string {
  const everywhere = addresses.find((address) => address.endsWith("/0"));
  return everywhere ?? [...new Set(addresses)].join(", ");
}

function protocol({ protocol: name, ports }: CloudFirewallRule, family: "ip" | "ip6"): string {
  switch (name) {
    case "ICMP":
      return `meta l4proto ${family === "ip" ? "icmp" : "icmpv6"}`;
    case "IPENCAP":
      return "meta l4proto 4";
    case "TCP":
    case "UDP": {
      const layer = name.toLowerCase();
      return ports === undefined || ports === ""
        ? `meta l4proto ${layer}`
        : `${layer} dport { ${ports.replace(/\s+/g, "")} }`;
    }
    default:
      return name satisfies never;
  }
}
