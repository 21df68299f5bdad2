import * as pulumi from "@pulumi/pulumi";

import { TwoServerEnvironment } from "./components/environment";
import { readSettings } from "./components/settings-config";

const environment = new TwoServerEnvironment("environment", {
  settings: readSettings(),
  identity: { project: pulumi.getProject(), stack: pulumi.getStack() },
});

export const { app, database, backup, deployer, sshConfig, knownHosts, enrolments } = environment;
export const { databaseAccess, databaseCa, backups } = environment;
