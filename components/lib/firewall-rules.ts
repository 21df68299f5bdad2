import { singleAddress } from "./networks";

/**
 * What may come in to one server. Both walls, Linode's Cloud Firewall and the host's own, are made
 * from the same list, so that neither can be open where the other is meant to be shut.
 */
export interface Rule {
  /** Names the rule in the Cloud Firewall: 3 to 32 characters. */
  label: string;
  protocol: "tcp" | "udp";
  /** Destination ports. */
  ports: readonly Ports[];
  /** Networks in canonical CIDR form, of both families. */
  sources: readonly string[];
}

/** One port, or the first and the last of a range. */
export type Ports = number | readonly [first: number, last: number];

/** Who may reach the app server: for now the operator, by SSH. */
export function appRules(allowFrom: readonly string[]): Rule[] {
  return [{ label: "ssh", protocol: "tcp", ports: [22], sources: allowFrom }];
}

/**
 * Who may reach the database server: the app server, from its private address.
 *
 * The private network is shared with other customers of the data centre, and one network card
 * carries all addresses, so it is the sender's address that tells, not the interface.
 */
export function databaseRules(appPrivateIPv4: string): Rule[] {
  const sources = [singleAddress(appPrivateIPv4)];
  return [{ label: "ssh-from-app", protocol: "tcp", ports: [22], sources }];
}

/** Everyone who may reach anything: only they get an answer to a ping. */
export function knownSources(rules: readonly Rule[]): string[] {
  return [...new Set(rules.flatMap(({ sources }) => sources))];
}
