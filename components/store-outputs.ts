/** What the stack tells of its application, its database and its backups. */
import * as pulumi from "@pulumi/pulumi";

import type { ApplicationCertificate } from "./application-certificate";
import type { BackupCredentials } from "./backup-credentials";
import type { DatabaseCredentials } from "./database-credentials";
import { applicationHosts, webOriginOf } from "./lib/application-hosts";
import type {
  ApplicationOutput,
  BackupsOutput,
  DatabaseAccess,
  ServerAddresses,
} from "./lib/outputs-contract";
import type { Settings } from "./lib/settings";
import { originOf, type StackIdentity } from "./lib/stack-names";

const PORT = 3306;

export function applicationOf(
  { application }: Settings,
  server: pulumi.Output<ServerAddresses>,
  { authority }: ApplicationCertificate,
): pulumi.Output<ApplicationOutput> {
  const origin = server.apply((known) => webOriginOf(applicationHosts(application, known)));
  return pulumi.output({ origin, authority });
}

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
