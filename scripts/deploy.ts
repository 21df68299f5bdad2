/**
 * `npm run deploy -- <directory|tarball>`: puts an application into service on a stack (catalogue A01, A02, A06).
 *
 * Nothing is built here and nothing is downloaded on the server: what runs is what was looked at here.
 */
import { Command } from "commander";

import { reportFailure } from "../local/cli/user-error";
import { deploy, type DeployOptions } from "./deploy/deploy";
import { logs, type LogsOptions } from "./deploy/logs";
import { rollback, type RollbackOptions } from "./deploy/rollback";
import type { SessionOptions } from "./deploy/session";
import { status } from "./deploy/status";

const program = new Command("npm run deploy --")
  .description(
    "Deploys a Node.js application to a stack's app server without an interruption, goes back to an earlier release, " +
      "and shows what runs there. docs/deploy.md says what an application has to do.",
  )
  .usage("<directory|tarball> [options] | rollback [id] | status | logs")
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64));

/** Of the commands that talk to a stack: all of them. */
const command = (name: string, text: string, isDefault = false): Command =>
  program
    .command(name, { isDefault })
    .description(text)
    .option("--stack <name>", "Pulumi stack (default: the local cloud)")
    .option(
      "--outputs <file>",
      "what `pulumi stack output --json --show-secrets` has printed, instead of a stack; - for standard input",
    );

const BY: [string, string] = [
  "--by <who>",
  "who deploys, for the record (default: GITHUB_ACTOR, or git's user.email)",
];
const JSON_OPTION: [string, string] = ["--json", "print the result as JSON"];
const QUIET: [string, string] = ["--quiet", "show no progress"];

command("release", "Puts a folder or a tarball into service; `release` need not be said.", true)
  .usage("<directory|tarball> [options]")
  .argument("<directory|tarball>", "a folder with package.json and package-lock.json, or a .tar.gz")
  .option(...BY)
  .option("--dry-run", "look at everything, and send nothing")
  .option(...JSON_OPTION)
  .option(...QUIET)
  .addHelpText("after", "\nIt ends with 75 while another deploy is at work there.")
  .action(async (source: string, options: DeployOptions) => {
    await deploy(source, options);
  });

command("rollback", "Goes back to the release before, or to that one; no migration is undone.")
  .argument("[id]", "an id of `status`")
  .option(...BY)
  .option(...JSON_OPTION)
  .option(...QUIET)
  .action(async (id: string | undefined, options: RollbackOptions) => {
    await rollback(id, options);
  });

command("status", "Shows what serves, what there is to go back to, and who has deployed when.")
  .option(...JSON_OPTION)
  .action(async (options: SessionOptions) => {
    await status(options);
  });

command("logs", "Shows what the application has written.")
  .option("-n, --lines <number>", "how many of the last lines", "100")
  .option("-f, --follow", "go on as lines come, until Ctrl-C")
  .option("--since <when>", 'from then on, like "1 hour ago" or "2026-11-23 12:00"')
  .action(async (options: LogsOptions) => {
    await logs(options);
  });

program.parseAsync().catch(reportFailure);
