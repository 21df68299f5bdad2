/** What the controls of one role alone are told. */
import * as pulumi from "@pulumi/pulumi";

import type { ApplicationCertificate } from "./application-certificate";
import type { BackupCredentials } from "./backup-credentials";
import type { DatabaseCredentials } from "./database-credentials";
import { applicationHosts } from "./lib/application-hosts";
import type {
  AcmeFacts,
  ApplicationFacts,
  BackupsFacts,
  DatabaseClientFacts,
  DatabaseFacts,
} from "./lib/host-facts";
import type { DatabaseEngine, Settings } from "./lib/settings";
import { labelOf, originOf, type StackIdentity } from "./lib/stack-names";
import type { Members } from "./member";

/** What an environment is made of. */
export interface Parts {
  settings: Settings;
  identity: StackIdentity;
  members: Members;
  databaseCredentials: DatabaseCredentials;
  backupCredentials: BackupCredentials;
  applicationCertificate: ApplicationCertificate;
  /** What the database runs on. */
  engine: pulumi.Output<DatabaseEngine>;
}

export function applicationFacts(parts: Parts): pulumi.Output<ApplicationFacts> {
  const { settings, members, applicationCertificate } = parts;
  const { memoryMB, tasks, certificate: how } = settings.application;
  const { certificate, privateKey } = applicationCertificate;
  const hosts = members.app.addresses.apply((known) =>
    applicationHosts(settings.application, known),
  );
  return pulumi.output({
    ...{ memoryMB, tasks, hosts, certificate, privateKey },
    certificateKind: how.kind,
    acme: how.kind === "acme" ? acmeFacts(how) : NO_ACME,
  });
}

const NO_ACME: AcmeFacts = { directory: "", email: "", caCertificate: "" };

function acmeFacts({ directory, email, caCertificate }: AcmeFacts): AcmeFacts {
  return { directory, email, caCertificate };
}

/** The client that asks an ACME server for the certificate, where one is asked. */
export function applicationPackages({ application: { certificate } }: Settings): string[] {
  return certificate.kind === "acme" ? ["dehydrated"] : [];
}

export function databaseClientFacts(parts: Parts): pulumi.Output<DatabaseClientFacts> {
  const { settings, members, databaseCredentials } = parts;
  return pulumi.output({
    host: members.database.addresses.privateIPv4,
    schema: settings.database.schema,
    password: databaseCredentials.application.current,
    caCertificate: databaseCredentials.caCertificate,
  });
}

export function databaseFacts(parts: Parts): pulumi.Output<DatabaseFacts> {
  const { settings, identity, members, databaseCredentials, engine } = parts;
  const { schema, auditLog } = settings.database;
  const { application, deployment, caCertificate } = databaseCredentials;
  const bindAddress = members.database.addresses.privateIPv4;
  const appAddress = members.app.addresses.privateIPv4;
  const label = labelOf(identity, "database");
  const { certificate, privateKey } = databaseCredentials.serverCertificate(label, bindAddress);
  return pulumi.output({
    ...{ engine, schema, auditLog, bindAddress, appAddress, application, deployment },
    ...{ caCertificate, certificate, privateKey },
  });
}

export function backupsFacts(parts: Parts): pulumi.Output<BackupsFacts> {
  const { settings, identity, members, backupCredentials, engine } = parts;
  const { schema } = settings.database;
  const { recipients, time, keep, sizeChangePercent, logMinutes } = settings.backup;
  return pulumi.output({
    ...{ engine, schema, origin: originOf(identity), recipients },
    ...{ time, keep, sizeChangePercent, logMinutes },
    signingKey: backupCredentials.signingKey.privateKey,
    vaultHost: members.backup.addresses.publicIPv4,
    vaultHostKey: members.backup.host.hostKey,
    pushKey: backupCredentials.pushKey.privateKey,
  });
}
