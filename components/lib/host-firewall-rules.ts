/**
 * The inner wall: texts for `iptables-restore` and `ip6tables-restore`.
 *
 * Every line is spelt as `iptables-save` prints it, so that the text, the file and the running rules
 * can be compared. Order in INPUT: established, loopback, invalid dropped, then a chain a protocol;
 * what no chain accepts falls to the policy, silently.
 */
import { knownSources, type Ports, type Rule } from "./firewall-rules";
import { ANYWHERE, isIPv4Network } from "./networks";

/** Answering pings must not become work. */
const PING_LIMIT = "-m limit --limit 10/sec --limit-burst 20";

/**
 * ICMPv6 without which IPv6 breaks (RFC 4890, section 4.4.1): unreachable, packet too big, time
 * exceeded, parameter problem.
 */
const ICMPV6_ERRORS = [1, 2, 3, 4];

/** Router and neighbour discovery, which never leaves the link: a hop limit below 255 is a forgery. */
const ICMPV6_DISCOVERY = [133, 134, 135, 136];

/** `rules.v4`: the rules of one server as far as they are about IPv4. */
export function renderIPv4Rules(rules: readonly Rule[]): string {
  const sources = knownSources(rules).filter(isIPv4Network);
  return renderTables([
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m conntrack --ctstate INVALID -j DROP",
    ...jumpsToProtocols(),
    "-A INPUT -p icmp -m conntrack --ctstate NEW -j ICMP",
    ...sources.map((source) => {
      return `-A ICMP ${from(source)}-p icmp -m icmp --icmp-type 8 ${PING_LIMIT} -j ACCEPT`;
    }),
    ...protocolRules(rules, isIPv4Network),
  ]);
}

/** `rules.v6`: the rules of one server as far as they are about IPv6. */
export function renderIPv6Rules(rules: readonly Rule[]): string {
  const isIPv6Network = (source: string): boolean => !isIPv4Network(source);
  const sources = knownSources(rules).filter(isIPv6Network);
  const icmp = (type: number): string => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type}`;
  return renderTables([
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -i lo -j ACCEPT",
    // Before the state is asked for: connection tracking leaves discovery out, so it is never NEW.
    "-A INPUT -p ipv6-icmp -j ICMP",
    "-A INPUT -m conntrack --ctstate INVALID -j DROP",
    ...jumpsToProtocols(),
    ...ICMPV6_ERRORS.map((type) => `-A ICMP ${icmp(type)} -j ACCEPT`),
    ...ICMPV6_DISCOVERY.map((type) => `-A ICMP ${icmp(type)} -m hl --hl-eq 255 -j ACCEPT`),
    ...sources.map((source) => `-A ICMP ${from(source)}${icmp(128)} ${PING_LIMIT} -j ACCEPT`),
    ...protocolRules(rules, isIPv6Network),
  ]);
}

/** A TCP connection begins with a SYN; anything else that claims to be new is a scan. */
function jumpsToProtocols(): string[] {
  return [
    "-A INPUT -p udp -m conntrack --ctstate NEW -j UDP",
    "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j TCP",
  ];
}

function protocolRules(rules: readonly Rule[], isOfFamily: (source: string) => boolean): string[] {
  return rules.flatMap(({ protocol, ports, sources }) =>
    sources.filter(isOfFamily).flatMap((source) =>
      ports.map((port) => {
        const match = `-p ${protocol} -m ${protocol} --dport ${portText(port)}`;
        return `-A ${protocol.toUpperCase()} ${from(source)}${match} -j ACCEPT`;
      }),
    ),
  );
}

function from(source: string): string {
  return ANYWHERE.includes(source) ? "" : `-s ${source} `;
}

function portText(ports: Ports): string {
  return typeof ports === "number" ? String(ports) : ports.join(":");
}

/** All tables, so that loading the text also clears what somebody left in the others. */
function renderTables(filterRules: readonly string[]): string {
  const builtIn = (names: string): string[] =>
    names.split(" ").map((name) => `:${name} ACCEPT [0:0]`);
  return [
    ...table("mangle", builtIn("PREROUTING INPUT FORWARD OUTPUT POSTROUTING")),
    ...table("security", builtIn("INPUT FORWARD OUTPUT")),
    ...table("raw", builtIn("PREROUTING OUTPUT")),
    ...table("filter", [
      ":INPUT DROP [0:0]",
      ":FORWARD DROP [0:0]",
      ":OUTPUT ACCEPT [0:0]",
      ...["ICMP", "TCP", "UDP"].map((name) => `:${name} - [0:0]`),
      ...filterRules,
    ]),
    ...table("nat", builtIn("PREROUTING INPUT OUTPUT POSTROUTING")),
    "",
  ].join("\n");
}

function table(name: string, lines: readonly string[]): string[] {
  return [`*${name}`, ...lines, "COMMIT"];
}
