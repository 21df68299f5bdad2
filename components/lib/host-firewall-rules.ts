/**
 * The inner wall: texts for `iptables-restore` and `ip6tables-restore`.
 *
 * Every line is spelt as `iptables-save` prints it, so that the text, the file and the running rules
 * can be compared. Order in INPUT: established, loopback, invalid dropped, then a chain a protocol;
 * what no chain accepts falls to the policy, silently.
 */
import { type Outbound, pingSources, type Rule, type Wall } from "./firewall-rules";
import { destined, from, icmpv6, portText, renderTables, to } from "./iptables-text";
import { isIPv4Network } from "./networks";

/** Answering pings must not become work. */
const PING_LIMIT = "-m limit --limit 10/sec --limit-burst 20";

/**
 * ICMPv6 without which IPv6 breaks (RFC 4890, section 4.4.1): unreachable, packet too big, time
 * exceeded, parameter problem.
 */
const ICMPV6_ERRORS = [1, 2, 3, 4];

/** Router and neighbour discovery, which never leaves the link: a hop limit below 255 is a forgery. */
const ICMPV6_DISCOVERY = [133, 134, 135, 136];

/**
 * What a host says of its own accord: its discovery, and to which groups it listens, without which a
 * switch would keep its neighbours' discovery from it. Errors belong to what they are about.
 */
const ICMPV6_OUT = [131, 132, 133, 135, 136, 143];

/** What sets the two families apart. */
interface Family {
  has: (network: string) => boolean;
  /** Linode's metadata service, which hands out a server's first-boot data. */
  metadata: string;
  reject: string;
}

const IPV4: Family = {
  has: isIPv4Network,
  metadata: "169.254.169.254/32",
  reject: "-j REJECT --reject-with icmp-port-unreachable",
};

const IPV6: Family = {
  has: (network) => !isIPv4Network(network),
  metadata: "fd00:a9fe:a9fe::1/128",
  reject: "-j REJECT --reject-with icmp6-port-unreachable",
};

/** `rules.v4`: the wall of one server as far as it is about IPv4. */
export function renderIPv4Rules({ inbound, outbound }: Wall): string {
  const sources = pingSources(inbound).filter(IPV4.has);
  const rules = [
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m conntrack --ctstate INVALID -j DROP",
    ...jumpsToProtocols(),
    "-A INPUT -p icmp -m conntrack --ctstate NEW -j ICMP",
    ...metadataForRoot(IPV4),
    ...jumpToOut(outbound, IPV4),
    ...sources.map((source) => {
      return `-A ICMP ${from(source)}-p icmp -m icmp --icmp-type 8 ${PING_LIMIT} -j ACCEPT`;
    }),
    ...outRules(outbound, IPV4),
    ...protocolRules(inbound, IPV4),
  ];
  return renderTables(rules, redirects(inbound, IPV4), outbound === "anywhere");
}

/** `rules.v6`: the wall of one server as far as it is about IPv6. */
export function renderIPv6Rules({ inbound, outbound }: Wall): string {
  const sources = pingSources(inbound).filter(IPV6.has);
  const isRestricted = outbound !== "anywhere";
  const rules = [
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -i lo -j ACCEPT",
    // Before the state is asked for: connection tracking leaves discovery out, so it is never NEW.
    "-A INPUT -p ipv6-icmp -j ICMP",
    "-A INPUT -m conntrack --ctstate INVALID -j DROP",
    ...jumpsToProtocols(),
    ...metadataForRoot(IPV6),
    ...(isRestricted ? ["-A OUTPUT -p ipv6-icmp -j OUT"] : []),
    ...jumpToOut(outbound, IPV6),
    ...ICMPV6_ERRORS.map((type) => `-A ICMP ${icmpv6(type)} -j ACCEPT`),
    ...ICMPV6_DISCOVERY.map((type) => `-A ICMP ${icmpv6(type)} -m hl --hl-eq 255 -j ACCEPT`),
    ...sources.map((source) => `-A ICMP ${from(source)}${icmpv6(128)} ${PING_LIMIT} -j ACCEPT`),
    ...(isRestricted ? ICMPV6_OUT.map((type) => `-A OUT ${icmpv6(type)} -j ACCEPT`) : []),
    ...outRules(outbound, IPV6),
    ...protocolRules(inbound, IPV6),
  ];
  return renderTables(rules, redirects(inbound, IPV6), !isRestricted);
}

/** A TCP connection begins with a SYN; anything else that claims to be new is a scan. */
function jumpsToProtocols(): string[] {
  return [
    "-A INPUT -p udp -m conntrack --ctstate NEW -j UDP",
    "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j TCP",
  ];
}

/**
 * The metadata service answers whoever asks from this server, so a hole in the application would be
 * a way to it: only root may ask. Refused, not dropped: nothing leaves the server either way, and a
 * library that looks for a cloud at its start goes on at once instead of waiting for a time-out.
 *
 * What has no socket any more, such as the last acknowledgement after root's program has ended, is
 * nobody's and passes: it carries no request.
 */
function metadataForRoot({ metadata, reject }: Family): string[] {
  return [`-A OUTPUT -d ${metadata} -m owner --socket-exists ! --uid-owner 0 ${reject}`];
}

/** What is not listed is refused, so that a program need not wait for a time-out; the policy stands behind that. */
function jumpToOut(outbound: Outbound, { reject }: Family): string[] {
  if (outbound === "anywhere") return [];
  return [
    "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A OUTPUT -o lo -j ACCEPT",
    "-A OUTPUT -m conntrack --ctstate NEW -j OUT",
    `-A OUTPUT ${reject}`,
  ];
}

function outRules(outbound: Outbound, { has }: Family): string[] {
  if (outbound === "anywhere") return [];
  return outbound.flatMap(({ protocol, ports, destinations }) =>
    destinations
      .filter(has)
      .flatMap((destination) =>
        ports.map((port) => `-A OUT ${to(destination)}${destined(protocol, port)} -j ACCEPT`),
      ),
  );
}

/**
 * A redirected packet arrives at the port that listens, as one sent straight there does. The port
 * that it was sent to, which connection tracking remembers, tells the two apart.
 */
function protocolRules(rules: readonly Rule[], { has }: Family): string[] {
  const lines = rules.flatMap(({ protocol, ports, sources, redirectTo }) =>
    sources.filter(has).flatMap((source) =>
      ports.map((port) => {
        const match =
          redirectTo === undefined
            ? destined(protocol, port)
            : `${destined(protocol, redirectTo)} -m conntrack --ctorigdstport ${portText(port)}`;
        return `-A ${protocol.toUpperCase()} ${from(source)}${match} -j ACCEPT`;
      }),
    ),
  );
  return ["-A TCP ", "-A UDP "].flatMap((start) => lines.filter((line) => line.startsWith(start)));
}

function redirects(rules: readonly Rule[], { has }: Family): string[] {
  return rules.flatMap(({ protocol, ports, sources, redirectTo }) => {
    if (redirectTo === undefined || !sources.some(has)) return [];
    return ports.map(
      (port) => `-A PREROUTING ${destined(protocol, port)} -j REDIRECT --to-ports ${redirectTo}`,
    );
  });
}
