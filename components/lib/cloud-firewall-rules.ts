import { type Outbound, type Ports, pingSources, type Protocol, type Wall } from "./firewall-rules";
import { isIPv4Network } from "./networks";

/** A rule as `linode.Firewall` takes it. A family without an address is left out: `[]` would be drift. */
export interface CloudFirewallRule {
  label: string;
  action: "ACCEPT";
  protocol: "TCP" | "UDP" | "ICMP";
  ports?: string;
  ipv4s?: string[];
  ipv6s?: string[];
}

/** The rules and policies of a `linode.Firewall`. */
export interface CloudFirewallRules {
  inboundPolicy: "DROP";
  inbounds: CloudFirewallRule[];
  outboundPolicy: "ACCEPT" | "DROP";
  outbounds?: CloudFirewallRule[];
}

/**
 * The outer wall: what Linode's Cloud Firewall lets through.
 *
 * It knows no redirect: the port that listens behind one is not opened here, so that this wall alone
 * keeps it shut from outside. ICMPv6 passes from and to everywhere, because IPv6 does not work without
 * it and the Cloud Firewall cannot tell its types apart; the host's wall, which can, lets through just
 * those that are needed.
 */
export function cloudFirewallRules({ inbound, outbound }: Wall): CloudFirewallRules {
  const { ipv4s } = byFamily(pingSources(inbound));
  return {
    inboundPolicy: "DROP",
    inbounds: [
      ...inbound.map((rule) => accept(rule, rule.sources)),
      icmp({ ...(ipv4s ? { ipv4s } : {}), ipv6s: ["::/0"] }),
    ],
    ...outboundRules(outbound),
  };
}

function outboundRules(
  outbound: Outbound,
): Pick<CloudFirewallRules, "outboundPolicy" | "outbounds"> {
  if (outbound === "anywhere") return { outboundPolicy: "ACCEPT" };
  const outbounds = outbound.map((rule) => accept(rule, rule.destinations));
  return { outboundPolicy: "DROP", outbounds: [...outbounds, icmp({ ipv6s: ["::/0"] })] };
}

function accept(
  rule: { label: string; protocol: Protocol; ports: readonly Ports[] },
  networks: readonly string[],
): CloudFirewallRule {
  return {
    label: rule.label,
    action: "ACCEPT",
    protocol: rule.protocol === "tcp" ? "TCP" : "UDP",
    ports: rule.ports.map(portText).join(", "),
    ...byFamily(networks),
  };
}

function icmp(networks: Pick<CloudFirewallRule, "ipv4s" | "ipv6s">): CloudFirewallRule {
  return { label: "icmp", action: "ACCEPT", protocol: "ICMP", ...networks };
}

function portText(ports: Ports): string {
  return typeof ports === "number" ? String(ports) : ports.join("-");
}

function byFamily(networks: readonly string[]): Pick<CloudFirewallRule, "ipv4s" | "ipv6s"> {
  const ipv4s = networks.filter(isIPv4Network);
  const ipv6s = networks.filter((network) => !isIPv4Network(network));
  return { ...(ipv4s.length > 0 ? { ipv4s } : {}), ...(ipv6s.length > 0 ? { ipv6s } : {}) };
}
