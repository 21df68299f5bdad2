/**
 * `npm run enrol -- <user>`: hands a person what two-factor login and sudo take (catalogue G04, G07).
 *
 * Everything it shows is secret: it reads the stack's secret outputs, and keeps nothing.
 */
import { Command, Option } from "commander";

import { ROLES } from "../components/lib/roles";
import { reportFailure } from "../local/cli/user-error";
import { enrol, type EnrolOptions } from "./enrol/enrol";

const program = new Command("npm run enrol --")
  .description(
    "Shows a person the QR code for the authenticator app, the same as text, the scratch codes and the initial password " +
      "for sudo, one after the other for each server: no two servers share a secret.",
  )
  .argument("<user>", "name of the person, as in the setting `admins`")
  .option("--stack <name>", "Pulumi stack that the person belongs to (default: the local cloud)")
  .addOption(new Option("--server <server>", "show this server only").choices(ROLES))
  .option("--renew", "after a lost phone: make new secrets and scratch codes, apply, and show them")
  .option("--json", "print it as JSON")
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64))
  .action(async (user: string, options: EnrolOptions) => {
    await enrol(user, options);
  });

program.parseAsync().catch(reportFailure);
