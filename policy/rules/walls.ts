/** Rules about firewalls. */
import { isTooWide } from "../../components/lib/networks";
import { SSH_FROM_ANYWHERE } from "../../components/lib/stack-names";
import { type Declared, FIREWALL, type Rule, unless } from "./rule";

/** A rule of a `linode.Firewall`. */
interface Opening {
  label?: string;
  action: string;
  protocol: string;
  /** Such as "22, 8000-8080"; all of them if it is missing. */
  ports?: string;
  ipv4s?: string[];
  ipv6s?: string[];
}

/** MySQL's own protocol and its X protocol. */
const MYSQL = [3306, 33060];
const SSH = [22];

/** One private address: of a data centre's whole private network, most belong to strangers. */
const ONE_PRIVATE = /^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.)[\d.]+\/32$/;

const ofWalls =
  (faults: (wall: Declared, openings: Opening[]) => string[]): Rule["faults"] =>
  (resource) => {
    if (resource.type !== FIREWALL) return [];
    const openings = ((resource.props["inbounds"] ?? []) as Opening[]).filter(
      ({ action }) => action === "ACCEPT",
    );
    return faults(resource, openings);
  };

function opens({ protocol, ports }: Opening, wanted: readonly number[]): boolean {
  if (protocol !== "TCP") return false;
  if (ports === undefined || ports.trim() === "") return true;
  return ports.split(",").some((part) => {
    const [first = NaN, last = first] = part.split("-").map(Number);
    return wanted.some((port) => port >= first && port <= last);
  });
}

const sources = ({ ipv4s = [], ipv6s = [] }: Opening): string[] => [...ipv4s, ...ipv6s];

export const WALLS: readonly Rule[] = [
  {
    name: "wall-drops-the-rest",
    description: "What no rule names does not get in (catalogue G02).",
    repair: 'Set inboundPolicy: "DROP", and leave disabled out.',
    faults: ofWalls(({ props }) => [
      ...unless(props["inboundPolicy"] === "DROP", "it lets in what no rule names"),
      ...unless(props["disabled"] !== true, "it is disabled"),
    ]),
  },
  {
    name: "mysql-not-public",
    description: "No address but the app server's reaches MySQL (catalogue G13).",
    repair: "Open 3306 to the app server's private address alone, as a /32.",
    faults: ofWalls((_, openings) =>
      openings
        .filter((opening) => opens(opening, MYSQL))
        .flatMap(sources)
        .filter((network) => !ONE_PRIVATE.test(network))
        .map((network) => `it opens MySQL to ${network}`),
    ),
  },
  {
    name: "ssh-not-from-anywhere",
    description:
      "SSH is open to the operator's addresses, unless more is typed out (catalogue G03).",
    repair: `Name your own networks; if you mean it, give the firewall the tag ${SSH_FROM_ANYWHERE}.`,
    faults: ofWalls(({ props }, openings) => {
      if (((props["tags"] ?? []) as string[]).includes(SSH_FROM_ANYWHERE)) return [];
      return openings
        .filter((opening) => opens(opening, SSH))
        .flatMap(sources)
        .filter(isTooWide)
        .map((network) => `it opens SSH to ${network}`);
    }),
  },
];
