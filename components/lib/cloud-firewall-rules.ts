import { knownSources, type Ports, type Rule } from "./firewall-rules";
import { isIPv4Network } from "./networks";

/** A rule as `linode.Firewall` takes it. A family without a source is left out: `[]` would be drift. */
export interface CloudFirewallRule {
  label: string;
  action: "ACCEPT";
  protocol: "TCP" | "UDP" | "ICMP";
  ports?: string;
  ipv4s?: string[];
  ipv6s?: string[];
}

/**
 * The outer wall: what may come in through Linode's Cloud Firewall.
 *
 * ICMPv6 passes from everywhere, because IPv6 does not work without it and the Cloud Firewall cannot
 * tell its types apart; the host's wall, which can, lets in just those that are needed.
 */
export function cloudFirewallRules(rules: readonly Rule[]): CloudFirewallRule[] {
  const { ipv4s } = byFamily(knownSources(rules));
  return [
    ...rules.map(({ label, protocol, ports, sources }): CloudFirewallRule => {
      const cloudProtocol = protocol === "tcp" ? "TCP" : "UDP";
      const portList = ports.map(portText).join(", ");
      return {
        label,
        action: "ACCEPT",
        protocol: cloudProtocol,
        ports: portList,
        ...byFamily(sources),
      };
    }),
    {
      label: "icmp",
      action: "ACCEPT",
      protocol: "ICMP",
      ...(ipv4s ? { ipv4s } : {}),
      ipv6s: ["::/0"],
    },
  ];
}

function portText(ports: Ports): string {
  return typeof ports === "number" ? String(ports) : ports.join("-");
}

function byFamily(sources: readonly string[]): { ipv4s?: string[]; ipv6s?: string[] } {
  const ipv4s = sources.filter(isIPv4Network);
  const ipv6s = sources.filter((source) => !isIPv4Network(source));
  return { ...(ipv4s.length > 0 ? { ipv4s } : {}), ...(ipv6s.length > 0 ? { ipv6s } : {}) };
}
