/** What the stack tells of its database and its backups. */
import * as pulumi from "@pulumi/pulumi";

import type { BackupCredentials } from "./backup-credentials";
import type { DatabaseCredentials } from "./database-credentials";
import type { Settings } from "./lib/settings";
import type { DatabaseEngine } from "./lib/settings-database";
import { originOf, type StackIdentity } from "./lib/stack-names";
import type { ServerAddresses } from "./server";

/** An account of the database. */
export interface DatabaseAccount {
  user: string;
  password: string;
}

/** How a client gets to the database, from the app server alone. Every connection needs TLS. */
export interface DatabaseAccess {
  engine: DatabaseEngine;
  host: string;
  port: number;
  schema: string;
  /** The authority that vouches for the server, in PEM. */
  ca: string;
  /** Reads and writes rows (catalogue A07). */
  application: DatabaseAccount;
  /** Changes the schema, at deployments only (catalogue A07). */
  deployment: DatabaseAccount;
}

/** By what a backup of a stack is known. */
export interface BackupsOutput {
  /** Whose backups they are, as every manifest says. */
  origin: string;
  /** The public keys that they are encrypted to. */
  recipients: string[];
  /** The public key that their manifests are signed with. */
  signer: string;
  schema: string;
  engine: DatabaseEngine;
}

const PORT = 3306;

export function accessOf(
  { database: { engine, schema } }: Settings,
  server: pulumi.Output<ServerAddresses>,
  { application, deployment, caCertificate }: DatabaseCredentials,
): pulumi.Output<DatabaseAccess> {
  const access = {
    ...{ engine, host: server.privateIPv4, port: PORT, schema, ca: caCertificate },
    application: { user: "application", password: application.current },
    deployment: { user: "deployment", password: deployment.current },
  };
  return pulumi.secret(access);
}

export function backupsOf(
  { backup: { recipients }, database: { schema, engine } }: Settings,
  identity: StackIdentity,
  { signingKey }: BackupCredentials,
): pulumi.Output<BackupsOutput> {
  const signer = signingKey.publicKey;
  return pulumi.output({ origin: originOf(identity), recipients, signer, schema, engine });
}
