/**
 * `npm run outputs -- <command>`: the contract between a stack and what is deployed to it.
 *
 * Nothing it prints is secret.
 */
import { Command } from "commander";

import { OUTPUTS_VERSION, outputFaults, outputsSchema } from "../components/lib/outputs-contract";
import { reportFailure, UserError } from "../local/cli/user-error";
import { findStack } from "./stacks/find";

const program = new Command("npm run outputs --")
  .description("Checks that a stack tells what a deployment relies on, and prints that promise.")
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64));

program
  .command("schema")
  .description("print the JSON Schema of `pulumi stack output --json`, as in outputs.schema.json")
  .action(() => {
    console.log(JSON.stringify(outputsSchema(), null, 2));
  });

program
  .command("check")
  .description("compare a stack's outputs with the contract; ends with 1 if something is missing")
  .option("--stack <name>", "Pulumi stack (default: the local cloud)")
  .option("--json", "print the result as JSON")
  .action(({ stack: name, json = false }: { stack?: string; json?: boolean }) => {
    const stack = findStack(name);
    const faults = outputFaults(stack.outputs());
    if (json) console.log(JSON.stringify({ version: OUTPUTS_VERSION, faults }, null, 2));
    if (faults.length > 0) {
      throw new UserError(
        `${stack.name} does not keep version ${OUTPUTS_VERSION} of the contract:\n` +
          `${faults.map((fault) => `  ${fault}`).join("\n")}\nBring it up with this version of the program.`,
      );
    }
    if (!json) console.log(`${stack.name} keeps version ${OUTPUTS_VERSION} of the contract.`);
  });

program.parseAsync().catch(reportFailure);
