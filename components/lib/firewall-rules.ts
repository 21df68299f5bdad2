import { ANYWHERE, singleAddress } from "./networks";
import { PRIVATE_NETWORK } from "./private-network";

/**
 * What may pass one server's walls. Both, Linode's Cloud Firewall and the host's own, are made from
 * the same wall, so that neither can be open where the other is meant to be shut.
 */
export interface Wall {
  inbound: readonly Rule[];
  outbound: Outbound;
}

/** What may come in. */
export interface Rule {
  /** Names the rule in the Cloud Firewall: 3 to 32 characters. */
  label: string;
  protocol: Protocol;
  /** Destination ports. */
  ports: readonly Ports[];
  /** Networks in canonical CIDR form, of both families. */
  sources: readonly string[];
  /**
   * The port that listens in the place of `ports`, so that the listener needs no privilege. It is
   * reached by this way alone, never by its own number.
   */
  redirectTo?: number;
  /** Whether its sources get an answer to a ping. A port open to the world is no reason for one. */
  answersPing?: boolean;
}

/** What may go out: everything, or what is listed and nothing else. */
export type Outbound = "anywhere" | readonly OutboundRule[];

/** Something that may be reached from a server. */
export interface OutboundRule {
  /** Names the rule in the Cloud Firewall: 3 to 32 characters. */
  label: string;
  protocol: Protocol;
  /** Destination ports. */
  ports: readonly Ports[];
  /** Networks in canonical CIDR form, of both families. */
  destinations: readonly string[];
}

export type Protocol = "tcp" | "udp";

/** One port, or the first and the last of a range. */
export type Ports = number | readonly [first: number, last: number];

/** What both walls are told about what goes out. */
interface OutboundArgs {
  /** What the settings let out; a list is completed with what the server itself cannot do without. */
  outbound: Outbound;
  /** The port of the mail relay that alerts go through. @default no relay */
  relayPort?: number;
  /** In which the app and the database server find each other. @default the data centre's */
  privateNetwork?: string;
}

const SSH_PORT = 22;
const MYSQL_PORT = 3306;

/**
 * The app server's wall: SSH and pings for the operator, the web for everybody.
 *
 * The web's ports are redirected, since the application runs without the privilege to listen on them.
 */
export function appWall(args: OutboundArgs & { sshFrom: readonly string[] }): Wall {
  const ssh = { protocol: "tcp", ports: [SSH_PORT], sources: args.sshFrom } as const;
  const web = { protocol: "tcp", sources: ANYWHERE } as const;
  return {
    inbound: [
      { label: "ssh", ...ssh, answersPing: true },
      { label: "http", ...web, ports: [80], redirectTo: 3000 },
      { label: "https", ...web, ports: [443], redirectTo: 3003 },
    ],
    outbound: completed(args, [
      {
        // The whole network: the app server's walls stand before the database server has an address.
        label: "database",
        protocol: "tcp",
        ports: [SSH_PORT, MYSQL_PORT],
        destinations: [args.privateNetwork ?? PRIVATE_NETWORK],
      },
    ]),
  };
}

/**
 * The database server's wall: the app server alone, from its private address.
 *
 * The private network may be shared with other customers of the data centre, and then one network card
 * carries all addresses, so it is the sender's address that tells, not the interface.
 */
export function databaseWall(
  args: OutboundArgs & {
    appPrivateIPv4: string;
    /** Whether an app server is to come whose address nobody knows yet. @default false */
    awaitsApp?: boolean;
    /** Where the backups go. @default anywhere, for a wall that stands before the backup server does */
    backupIPv4?: string;
  },
): Wall {
  const { awaitsApp = false, privateNetwork = PRIVATE_NETWORK } = args;
  const app = singleAddress(args.appPrivateIPv4);
  const ssh = { protocol: "tcp", ports: [SSH_PORT], answersPing: true } as const;
  return {
    inbound: [
      { label: "ssh-from-app", ...ssh, sources: [awaitsApp ? privateNetwork : app] },
      { label: "mysql-from-app", protocol: "tcp", ports: [MYSQL_PORT], sources: [app] },
    ],
    outbound: completed(args, [
      {
        label: "backups",
        protocol: "tcp",
        ports: [SSH_PORT],
        destinations: args.backupIPv4 === undefined ? ANYWHERE : [singleAddress(args.backupIPv4)],
      },
    ]),
  };
}

/**
 * The backup server's wall: SSH for the operator, who reads and restores, and for the database server,
 * which brings backups from its public address, as the backup server stands in another data centre.
 */
export function backupWall(
  args: OutboundArgs & { sshFrom: readonly string[]; databaseIPv4: string },
): Wall {
  const ssh = { protocol: "tcp", ports: [SSH_PORT] } as const;
  return {
    inbound: [
      { label: "ssh", ...ssh, sources: args.sshFrom, answersPing: true },
      { label: "backups-from-database", ...ssh, sources: [singleAddress(args.databaseIPv4)] },
    ],
    outbound: completed(args, []),
  };
}

/** Everyone who gets an answer to a ping. */
export function pingSources(rules: readonly Rule[]): string[] {
  return [...new Set(rules.flatMap((rule) => (rule.answersPing ? rule.sources : [])))];
}

/**
 * A list with what no server can do without: a restricted server that could neither be patched, nor
 * tell the time, nor raise an alert would be the less secure one.
 *
 * HTTP to anywhere covers the metadata service too, which the host's wall keeps for root.
 */
function completed({ outbound, relayPort }: OutboundArgs, own: readonly OutboundRule[]): Outbound {
  if (outbound === "anywhere") return outbound;
  const toAll = (label: string, protocol: Protocol, ...ports: number[]): OutboundRule => {
    return { label, protocol, ports, destinations: ANYWHERE };
  };
  return [
    toAll("dns-udp", "udp", 53),
    toAll("dns-tcp", "tcp", 53),
    toAll("ntp", "udp", 123),
    toAll("web", "tcp", 80, 443),
    ...(relayPort === undefined ? [] : [toAll("mail-relay", "tcp", relayPort)]),
    ...own,
    ...outbound,
  ];
}
