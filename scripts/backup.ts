/**
 * `npm run backup -- <command>`: the operator's side of backups (catalogue G14, G16, H08).
 *
 * Archives are decrypted here and nowhere else: the private key never leaves this machine.
 */
import { Command, Option } from "commander";

import { reportFailure, UserError } from "../local/cli/user-error";
import { keygen, type KeygenOptions } from "./backup/keygen";
import { list } from "./backup/list";
import { restore, type RestoreOptions } from "./backup/restore";
import { run } from "./backup/run";
import type { SessionOptions } from "./backup/session";
import { PLACES } from "./backup/store";
import { verify, type VerifyOptions } from "./backup/verify";

const program = new Command("npm run backup --")
  .description("Makes, lists, rehearses and restores the backups of a stack's database.")
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64));

const command = (name: string, text: string): Command =>
  program.command(name).description(text).option("--json", "print the result as JSON");

/** Of the commands that talk to a stack. */
const ofStack = (name: string, text: string): Command =>
  command(name, text)
    .option("--stack <name>", "Pulumi stack (default: the local cloud)")
    .option("--quiet", "show no progress");

const from = (): Option =>
  new Option("--from <place>", "the backup server's vault, or the database server's own copies")
    .choices(PLACES)
    .default("vault");

const IDENTITY: [string, string] = [
  "--identity <file>",
  "the private key that `keygen` has made; only age reads it, on this machine",
];
const AT: [string, string] = [
  "--at <second>",
  "as it was at the beginning of that second, like 2026-11-23T12:00:00Z",
];

command("keygen", "Makes the key pair of the backups, offline, and says what goes where.")
  .option("--out <file>", "where the private key goes (default: in your home folder)")
  .action((options: KeygenOptions) => {
    keygen(options);
  });

ofStack("list", "Shows what there is and what can be restored. It takes no private key.")
  .addOption(from())
  .action(async (options: SessionOptions) => {
    if (!(await list(options))) {
      throw new UserError("There is something to look into, see above.");
    }
  });

ofStack("run", "Makes a full backup now, and ships the logs.").action(run);

ofStack("verify", "Rehearses a restore: loads an archive into a throw-away engine and compares it.")
  .argument("[id]", "an id of `list`", "latest")
  .addOption(from())
  .option(...IDENTITY)
  .option(...AT)
  .option("--local", "with an engine of the same kind on this machine, not on the database server")
  .addHelpText(
    "after",
    "\nIt ends with 1 if the archive cannot be restored, so that it can run on a schedule; cron mails what it says then:\n" +
      "  MAILTO=you@example.com\n" +
      "  SSH_AUTH_SOCK=/run/user/1000/openssh_agent\n" +
      "  0 5 * * 1  cd /path/to/stronghold && npm run --silent backup -- verify --quiet --stack prod --identity /media/key/backup.txt >/dev/null",
  )
  .action(async (id: string, options: VerifyOptions) => {
    await verify(id, options);
  });

ofStack("restore", "Restores an archive into a fresh schema of the stack's database server.")
  .argument("[id]", "an id of `list`", "latest")
  .requiredOption("--into <schema>", "the fresh schema; it must not exist, or be empty")
  .addOption(from())
  .option(...IDENTITY)
  .option(...AT)
  .option("--trust-definers", "keep triggers and views that run with rights over the whole server")
  .action(async (id: string, options: RestoreOptions) => {
    await restore(id, options);
  });

program.parseAsync().catch(reportFailure);
