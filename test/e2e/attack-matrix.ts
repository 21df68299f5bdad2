/**
 * The attack matrix: from where, to where, with what, and what must come of it.
 *
 * One table, so that a reader sees at a glance who gets in. The rows are tried by real clients in
 * attack.test.ts, before and after a reboot, and written up as a report.
 */

const HOSTS = ["app", "db", "backup"] as const;
export type Host = (typeof HOSTS)[number];

export const PLACES = ["operator", "stranger", "neighbour", ...HOSTS] as const;
export type Place = (typeof PLACES)[number];

export const isHost = (place: Place): place is Host => HOSTS.some((host) => host === place);

export const FAMILIES = ["v4", "v6", "private"] as const;
export type Family = (typeof FAMILIES)[number];

/** A way in front of a server: from a place to one of its addresses. */
export interface Way {
  from: Place;
  to: Host;
  family: Family;
}

/** The ports that are open on each way; on a way that is not here, none is and nothing answers. */
const OPEN: readonly (Way & { ports: readonly number[] })[] = [
  { from: "operator", to: "app", family: "v4", ports: [22, 80, 443] },
  { from: "operator", to: "app", family: "v6", ports: [22, 80, 443] },
  { from: "stranger", to: "app", family: "v4", ports: [80, 443] },
  { from: "stranger", to: "app", family: "v6", ports: [80, 443] },
  { from: "neighbour", to: "app", family: "v4", ports: [80, 443] },
  { from: "neighbour", to: "app", family: "v6", ports: [80, 443] },
  { from: "neighbour", to: "app", family: "private", ports: [80, 443] },
  { from: "app", to: "db", family: "private", ports: [22, 3306] },
  { from: "db", to: "app", family: "v4", ports: [80, 443] },
  { from: "db", to: "app", family: "v6", ports: [80, 443] },
  { from: "db", to: "app", family: "private", ports: [80, 443] },
  { from: "operator", to: "backup", family: "v4", ports: [22] },
  { from: "operator", to: "backup", family: "v6", ports: [22] },
  { from: "db", to: "backup", family: "v4", ports: [22] },
  { from: "backup", to: "app", family: "v4", ports: [80, 443] },
  { from: "backup", to: "app", family: "v6", ports: [80, 443] },
];

/** Every way there is: a private address is reached over the private network only. */
export const WAYS: readonly Way[] = PLACES.flatMap((from) =>
  HOSTS.filter((to) => from !== to).flatMap((to) =>
    FAMILIES.filter(
      (family) => family !== "private" || (onPrivateNetwork(from) && to !== "backup"),
    ).map((family) => ({ from, to, family })),
  ),
);

function onPrivateNetwork(from: Place): boolean {
  return from === "neighbour" || from === "app" || from === "db";
}

/** Ports on which nothing but what the table says may answer, whether or not something listens. */
export function openPorts(way: Way): readonly number[] {
  const row = OPEN.find(
    ({ from, to, family }) => from === way.from && to === way.to && family === way.family,
  );
  return row?.ports ?? [];
}

/** What an attempt ends with. */
export type Outcome = "in" | "refused" | "no answer";

/** How somebody tries to log in, and what comes of it where sshd can be reached at all. */
export const LOGINS = {
  "no key": "refused",
  "a key that nobody listed": "refused",
  "the key of another person": "refused",
  "the right key and no code": "refused",
  "the right key and a wrong code": "refused",
  "the right key and a code that was used before": "refused",
  "the right key and a code of five minutes ago": "refused",
  "the right key and the right code": "in",
  "the right key and a scratch code": "in",
  "the right key and the same scratch code again": "refused",
  "the right code and no key": "refused",
  "a person who is not enrolled, with the right key": "refused",
  "a person's password": "refused",
  "root with its password": "refused",
  "root with a person's key": "refused",
  "root with the deployer's key": "refused",
  "the deployer with a person's key": "refused",
  "the deployer with its key": "in",
} as const satisfies Record<string, Outcome>;

export type Login = keyof typeof LOGINS;

/** Automation logs in from the operator's addresses, and from the app server where that is the way. */
function isDeployersWay({ from, to }: Way): boolean {
  return from === "operator" || (from === "app" && to === "db");
}

export function expectedOutcome(login: Login, way: Way): Outcome {
  // Backups arrive that way, and nobody logs in.
  if (way.from === "db" && openPorts(way).includes(22)) return "refused";
  if (login === "the deployer with its key" && openPorts(way).includes(22)) {
    return isDeployersWay(way) ? "in" : "refused";
  }
  return openPorts(way).includes(22) ? LOGINS[login] : "no answer";
}
