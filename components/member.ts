import * as pulumi from "@pulumi/pulumi";

import { ServerCredentials } from "./credentials";
import type { Host } from "./hardening-args";
import type { Wall } from "./lib/firewall-rules";
import { isTooWide } from "./lib/networks";
import type { Enrolment, ServerAddresses } from "./lib/outputs-contract";
import type { Role } from "./lib/roles";
import type { ServerSettings, Settings } from "./lib/settings";
import { domainNameOf } from "./lib/settings-dns";
import type { KnownServer } from "./lib/ssh-files";
import { labelOf, SSH_FROM_ANYWHERE, type StackIdentity } from "./lib/stack-names";
import { PersonCredentials } from "./person-credentials";
import type { PrivatePlace } from "./private-network";
import { Server } from "./server";

/** A server of the stack with who gets in. */
export interface Member {
  role: Role;
  addresses: pulumi.Output<ServerAddresses>;
  host: Host;
  people: readonly PersonCredentials[];
}

export type Members = Record<Role, Member>;

/** What all members of a stack share. */
export interface MemberArgs {
  role: Role;
  settings: Settings;
  identity: StackIdentity;
}

export interface MakeArgs extends MemberArgs {
  /** Its size and system. */
  server: ServerSettings;
  /** The data centre. */
  region: string;
  /** How it is reached by the others of the stack. */
  place: PrivatePlace;
  /** The outer wall. */
  wall: pulumi.Input<Wall>;
}

/** A server that the stack makes, behind its outer wall. */
export function makeMember(
  name: string,
  args: MakeArgs,
  opts: pulumi.ComponentResourceOptions,
): Member {
  const { role, settings, identity, server: own, region, place, wall } = args;
  const credentials = new ServerCredentials(`${name}-credentials`, opts);
  const people = peopleOf(name, args, opts);
  const { deployer, ssh } = settings;
  const isOpen = role !== "database" && ssh.allowFrom.some(isTooWide);
  const tags = [...settings.tags, ...(isOpen ? [SSH_FROM_ANYWHERE] : [])];
  const rest = { role, identity, region, settings: own, deployer, credentials, place, wall, tags };
  const domainName = nameOf(role, settings);
  const { instance, addresses } = new Server(name, { ...rest, domainName }, opts);
  const hostKey = credentials.hostKey.publicKey;
  const host = { role, id: instance.id, hostKey, made: { instance, credentials } };
  return { role, addresses, host, people };
}

/** The database server gets no name: nobody outside can reach it, and a name would tell where it is. */
function nameOf(role: Role, { dns }: Settings): string {
  return dns === undefined || role === "database" ? "" : domainNameOf(dns, dns[role]);
}

/**
 * A server that was there before, under its public address. The deployer logs in with sudo already, and
 * what the provider puts before the server is the operator's own affair.
 */
export function adoptMember(
  name: string,
  args: MemberArgs & { host: string; hostKey: string },
  opts: pulumi.ComponentResourceOptions,
): Member {
  const { role, identity, host: publicIPv4, hostKey } = args;
  const id = `existing-${publicIPv4}`;
  const label = labelOf(identity, role);
  const none = { publicIPv6: "", privateIPv4: "", domainName: "" };
  const addresses = pulumi.output({ id, label, publicIPv4, ...none });
  return { role, addresses, host: { role, id, hostKey }, people: peopleOf(name, args, opts) };
}

function peopleOf(
  name: string,
  { role, settings, identity }: MemberArgs,
  opts: pulumi.ComponentResourceOptions,
): PersonCredentials[] {
  return settings.admins.map((person) => {
    const args = { person, server: labelOf(identity, role) };
    return new PersonCredentials(`${name}-person-${person.name}`, args, opts);
  });
}

/** What its people are handed, by name. */
export function handed({ people }: Member): Record<string, pulumi.Output<Enrolment>> {
  return Object.fromEntries(people.map(({ name, enrolment }) => [name, enrolment]));
}

/** How an SSH client knows it. */
export function known({ addresses, host }: Member): pulumi.Output<KnownServer> {
  return pulumi.all([addresses, host.hostKey]).apply(([known, hostKey]) => ({ ...known, hostKey }));
}
