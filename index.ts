import * as pulumi from "@pulumi/pulumi";

import { TwoServerEnvironment } from "./components/environment";
import { readSettings } from "./components/settings-config";

const environment = new TwoServerEnvironment("environment", {
  settings: readSettings(),
  identity: { project: pulumi.getProject(), stack: pulumi.getStack() },
});

/** The contract that these keep, for deployments to rely on, is `outputs.schema.json`. */
export const { outputsVersion, app, database, backup, deployer } = environment;
export const { sshConfig, knownHosts, enrolments } = environment;
export const { databaseAccess, databaseCa, backups } = environment;
