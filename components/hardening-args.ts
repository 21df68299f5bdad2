/** What a server's hardening is given. */
import type * as linode from "@pulumi/linode";
import type * as pulumi from "@pulumi/pulumi";

import type { ServerCredentials } from "./credentials";
import type { Hardening } from "./hardening";
import type { HostFacts } from "./lib/host-facts";
import type { Role } from "./lib/roles";

/** Facts that may depend on servers that do not exist yet. */
export type PendingFacts = { [Fact in keyof HostFacts]: pulumi.Input<HostFacts[Fact]> };

/** What only the controls of one role are told. */
type RoleFacts = Pick<
  PendingFacts,
  "application" | "database" | "databaseClient" | "backups" | "vault"
>;

/** The facts that an environment gives; those of other roles are left out. */
export type GivenFacts = Omit<
  PendingFacts,
  "packages" | "controls" | "bundle" | "deployer" | keyof RoleFacts
> &
  Partial<RoleFacts> & { deployer: string };

/** A server to harden. */
export interface Host {
  role: Role;
  /** Tells it from another server that had its address before: that one's steps are not this one's. */
  id: pulumi.Input<string>;
  /** Its lasting host key. */
  hostKey: pulumi.Input<string>;
  /** What the stack has made. @default a server that was there before, which answers with `hostKey` already */
  made?: { instance: linode.Instance; credentials: ServerCredentials };
}

export interface HardeningArgs {
  server: Host;
  /** The address under which the server is reached. */
  host: pulumi.Input<string>;
  /** What the controls are told. */
  facts: GivenFacts;
  /** Debian packages beside those that the controls say they need. @default none */
  packages?: pulumi.Input<readonly string[]>;
  /** The deployer's private key. @default the keys of the SSH agent */
  deployerPrivateKey?: pulumi.Input<string>;
  /** The hardened server through which this one is reached. @default none */
  through?: Hardening;
  /**
   * Whether the first connection waits until `through` has all its controls. Where that server lets its
   * callers on to a predecessor of this one alone, a connection from before its controls have run again
   * is refused for as long as it lasts. @default false, so that fresh servers are hardened side by side
   */
  waitsForThrough?: boolean;
  /** The folder that is copied to the server and holds the controls. */
  bundleDir: string;
}

/** What belongs to a server that the stack has made. */
export type Made = NonNullable<Host["made"]>;
