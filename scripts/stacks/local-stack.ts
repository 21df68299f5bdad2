import { existsSync } from "node:fs";
import { join } from "node:path";

import { DEPLOYER, givenSettings, renewEnrolment } from "../../local/cli/operator";
import { readOutputs } from "../../local/cli/stack";
import { up } from "../../local/cli/up";
import { UserError } from "../../local/cli/user-error";
import { vantageCommand } from "../../local/machines/vantage";
import { cloudPaths } from "../../local/paths";
import type { Stack, StackOutputs } from "./stack";

/** The stack of this checkout's local cloud. */
export function localStack(): Stack {
  const paths = cloudPaths();
  if (!existsSync(paths.outputsFile)) {
    throw new UserError(
      "No local cloud is up. Bring it up with `npm run local -- up`, or name a Pulumi stack: --stack <name>.",
    );
  }
  // With the settings of the last run, whichever file they came from.
  const upAgain: Stack["up"] = (options) =>
    up({ ...options, engine: "auto", settings: givenSettings(paths), quiet: true });
  return {
    name: `the local cloud ${paths.cloudId}`,
    ssh: {
      enter: vantageCommand(paths.cloudId, "operator"),
      keyFile: join(paths.operatorDir, `${DEPLOYER}_ed25519`),
    },
    backupIdentity: join(paths.operatorDir, "backup-identity.txt"),
    outputs: () => {
      const entries = Object.entries(readOutputs(paths)).map(([name, { value }]) => [name, value]);
      return Object.fromEntries(entries) as StackOutputs;
    },
    up: upAgain,
    renew: async (user) => {
      renewEnrolment(paths, user);
      await upAgain({});
    },
  };
}
