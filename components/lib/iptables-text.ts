/** Words and tables of `iptables-restore`, spelt as `iptables-save` prints them. */
import type { Ports, Protocol } from "./firewall-rules";
import { ANYWHERE } from "./networks";

/** Matches one type of ICMPv6. */
export function icmpv6(type: number): string {
  return `-p ipv6-icmp -m icmp6 --icmpv6-type ${type}`;
}

/** Matches what is sent to a port, or to one of a range. */
export function destined(protocol: Protocol, port: Ports): string {
  return `-p ${protocol} -m ${protocol} --dport ${portText(port)}`;
}

/** Matches a source; nothing where it is everybody. */
export function from(source: string): string {
  return ANYWHERE.includes(source) ? "" : `-s ${source} `;
}

/** Matches a destination; nothing where it is everywhere. */
export function to(destination: string): string {
  return ANYWHERE.includes(destination) ? "" : `-d ${destination} `;
}

/** A port, or a range of them. */
export function portText(ports: Ports): string {
  return typeof ports === "number" ? String(ports) : ports.join(":");
}

/** All tables, so that loading the text also clears what somebody left in the others. */
export function renderTables(
  filterRules: readonly string[],
  natRules: readonly string[],
  isOutboundOpen: boolean,
): string {
  const builtIn = (names: string): string[] =>
    names.split(" ").map((name) => `:${name} ACCEPT [0:0]`);
  const own = isOutboundOpen ? ["ICMP", "TCP", "UDP"] : ["ICMP", "OUT", "TCP", "UDP"];
  return [
    ...table("mangle", builtIn("PREROUTING INPUT FORWARD OUTPUT POSTROUTING")),
    ...table("security", builtIn("INPUT FORWARD OUTPUT")),
    ...table("raw", builtIn("PREROUTING OUTPUT")),
    ...table("filter", [
      ":INPUT DROP [0:0]",
      ":FORWARD DROP [0:0]",
      `:OUTPUT ${isOutboundOpen ? "ACCEPT" : "DROP"} [0:0]`,
      ...own.map((name) => `:${name} - [0:0]`),
      ...filterRules,
    ]),
    ...table("nat", [...builtIn("PREROUTING INPUT OUTPUT POSTROUTING"), ...natRules]),
    "",
  ].join("\n");
}

function table(name: string, lines: readonly string[]): string[] {
  return [`*${name}`, ...lines, "COMMIT"];
}
