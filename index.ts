import * as pulumi from "@pulumi/pulumi";

import { warnAboutAccount } from "./components/account-check";
import { TwoServerEnvironment } from "./components/environment";
import { readSettings } from "./components/settings-config";

/** What it returns are the stack's outputs, a contract for deployments to rely on: `outputs.schema.json`. */
export = async () => {
  const settings = readSettings();
  await warnAboutAccount(settings);
  const environment = new TwoServerEnvironment("environment", {
    settings,
    identity: { project: pulumi.getProject(), stack: pulumi.getStack() },
  });
  const { outputsVersion, app, database, backup, deployer } = environment;
  const { sshConfig, knownHosts, enrolments } = environment;
  const { application, databaseAccess, databaseCa, backups } = environment;
  return {
    ...{ outputsVersion, app, database, backup, deployer, sshConfig, knownHosts, enrolments },
    ...{ application, databaseAccess, databaseCa, backups },
  };
};
