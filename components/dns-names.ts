import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";

import { APEX, type DnsSettings, domainNameOf } from "./lib/settings-dns";
import type { Host } from "./hardening-args";
import type { ServerAddresses } from "./lib/outputs-contract";
import type { Settings } from "./lib/settings";
import { originOf, type StackIdentity } from "./lib/stack-names";
import type { Members } from "./member";

/** A server that gets a name. */
export interface NamedServer {
  /** What stands before the zone; `@` for the zone itself. */
  label: string;
  addresses: pulumi.Output<ServerAddresses>;
  made: NonNullable<Host["made"]>;
}

export interface DnsNamesArgs {
  dns: DnsSettings;
  /** By what the names of their resources end in. */
  servers: Readonly<Record<string, NamedServer>>;
  /** Tags of the zone, if it is the stack's. */
  tags: string[];
}

/** In seconds: a server that is replaced is found again soon. */
const TTL = 300;

/**
 * Names for the servers that can be reached from outside, and, if wanted, the names of their addresses.
 *
 * Does not guarantee that anybody asks Linode's name servers: the zone has to be delegated to them. Until
 * it is, the names of addresses are refused, and the provider tries for 15 minutes.
 */
export class DnsNames extends pulumi.ComponentResource {
  private readonly dns: DnsSettings;

  constructor(name: string, args: DnsNamesArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("stronghold:index:DnsNames", name, {}, opts);
    this.dns = args.dns;
    const domainId = this.zone(`${name}-zone`, args.tags);
    for (const [role, server] of Object.entries(args.servers)) {
      this.nameServer(`${name}-${role}`, domainId, server);
    }
    this.registerOutputs({});
  }

  private zone(name: string, tags: string[]): pulumi.Input<number> {
    const { id, zone: domain, email: soaEmail } = this.dns;
    if (id !== undefined) return id;
    const args = { domain, type: "master", soaEmail: soaEmail ?? "", tags };
    return new linode.Domain(name, args, { parent: this }).id.apply(Number);
  }

  private nameServer(
    name: string,
    domainId: pulumi.Input<number>,
    { label, addresses, made }: NamedServer,
  ): void {
    const { publicIPv4, publicIPv6 } = addresses;
    for (const [family, recordType, target] of [
      ["ipv4", "A", publicIPv4],
      ["ipv6", "AAAA", publicIPv6],
    ] as const) {
      const record = new linode.DomainRecord(
        `${name}-${family}`,
        { domainId, name: label === APEX ? "" : label, recordType, target, ttlSec: TTL },
        { parent: this },
      );
      if (!this.dns.reverse) continue;
      new linode.Rdns(
        `${name}-${family}-reverse`,
        // The vendor looks the name up, and does not know a new one at once.
        { address: target, rdns: domainNameOf(this.dns, label), waitForAvailable: true },
        // An address is given back with its server, and its name with it.
        { parent: this, dependsOn: [record], deletedWith: made.instance },
      );
    }
  }
}

/** Names for those servers of a stack that it makes and that can be reached from outside, if names are wanted. */
export function nameServers(
  name: string,
  {
    settings,
    identity,
    members,
  }: { settings: Settings; identity: StackIdentity; members: Members },
  opts: pulumi.ComponentResourceOptions,
): void {
  const { dns } = settings;
  if (dns === undefined) return;
  const servers = Object.fromEntries(
    [members.app, members.backup].flatMap(({ role, addresses, host: { made } }) =>
      made && role !== "database" ? [[role, { label: dns[role], addresses, made }]] : [],
    ),
  );
  const tags = [identity.project, originOf(identity), ...settings.tags];
  new DnsNames(name, { dns, servers, tags }, opts);
}
