/** What the stack tells of its database and its backups. */
import * as pulumi from "@pulumi/pulumi";

import type { BackupCredentials } from "./backup-credentials";
import type { DatabaseCredentials } from "./database-credentials";
import type { BackupsOutput, DatabaseAccess, ServerAddresses } from "./lib/outputs-contract";
import type { Settings } from "./lib/settings";
import { originOf, type StackIdentity } from "./lib/stack-names";

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
