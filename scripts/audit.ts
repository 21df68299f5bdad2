/**
 * `npm run audit`: tells whether an environment still keeps its promises, from the stack's outputs alone.
 *
 * Nothing it prints is secret.
 */
import { Command } from "commander";

import { reportFailure } from "../local/cli/user-error";
import { audit, type AuditOptions, inventory, type InventoryOptions } from "./audit/audit";
import { reportSchema } from "./audit/report";

type Options = AuditOptions & InventoryOptions & { schema?: boolean; inventory?: boolean };

const program = new Command("npm run audit --")
  .description(
    "Has every server audit itself, knocks at all of them from here, and tells which promises are kept, what was " +
      "found where one is not, since when, and how to repair it. Ends with 0 if all are kept, 1 if not, 2 if " +
      "something could not be looked at.",
  )
  .option("--stack <name>", "Pulumi stack (default: the local cloud)")
  .option("--outputs <file>", "what `pulumi stack output --json` has printed, instead of a stack")
  .option("--repair", "apply the controls again that have found something, then audit once more")
  .option(
    "--accept",
    "let what was changed by hand be what shall be from now on, and tell what it was",
  )
  .option("--every-port", "knock at all 65,535 ports, instead of at the well-known ones")
  .option("--html <file>", "write a report with pictures as well, in one file")
  .option("--sarif <file>", "write it as SARIF as well, for code scanning")
  .option("--inventory", "tell what the environment consists of instead, down to packages and keys")
  .option("--cyclonedx <file>", "with --inventory: write a CycloneDX bill of materials as well")
  .option("--json", "print it as JSON")
  .option("--schema", "print the JSON Schema of --json, and do nothing else")
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64))
  .action(async ({ schema, inventory: isInventory, ...options }: Options) => {
    if (schema === true) console.log(JSON.stringify(reportSchema(), null, 2));
    else if (isInventory === true) await inventory(options);
    else await audit(options);
  });

program.parseAsync().catch(reportFailure);
