/**
 * `npm run replace -- app|db`: a new server in the place of the old one, on purpose (catalogue G15).
 *
 * An edit of the settings never does that to the database server: its protection refuses it.
 */
import { Argument, Command } from "commander";

import { reportFailure } from "../local/cli/user-error";
import { replace, type ReplaceOptions, type Replaceable } from "./replace/replace";

const program = new Command("npm run replace --")
  .description(
    "Makes a server of a stack anew, with a fresh system and new addresses, and leads the others to it. The database " +
      "server's data move with it: writes are stopped, a last backup is made and rehearsed, and it is restored on the " +
      "new server.",
  )
  .addArgument(new Argument("<server>", "which one").choices(["app", "db"]))
  .option("--stack <name>", "Pulumi stack (default: the local cloud)")
  .option("--identity <file>", "db: the private key that opens the backups")
  .option("--yes", "do not ask")
  .option("--json", "print the result as JSON")
  .addHelpText(
    "after",
    "\nThe application is out of reach from the moment the old server ends until the new one is hardened: some minutes.\n" +
      "On a new server the people's initial passwords and scratch codes hold again; `npm run enrol -- <user>` shows them.",
  )
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64))
  .action(async (server: Replaceable, options: ReplaceOptions) => {
    await replace(server, options);
  });

program.parseAsync().catch(reportFailure);
