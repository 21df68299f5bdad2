/**
 * `npm run recover -- --stack prod`: puts a stack right whose `pulumi up` or `pulumi destroy` was killed.
 *
 * Creations that it cut off are in the account perhaps, and in the state as pending operations: the next
 * `up` would stop at names that are taken, and a `destroy` would leave behind what nobody knows of.
 */
import { createInterface } from "node:readline/promises";

import { Command } from "commander";

import { recover } from "../local/cli/recovery";
import { reportFailure, UserError } from "../local/cli/user-error";
import { toldOf } from "./stacks/pulumi-stack";

const program = new Command("npm run recover --")
  .description(
    "Brings a stack's state and the account together after a run that was killed. The local cloud does that by itself.",
  )
  .requiredOption("--stack <name>", "Pulumi stack")
  .option("--yes", "do not ask before something is deleted")
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64))
  .action(async ({ stack, yes = false }: { stack: string; yes?: boolean }) => {
    const { LINODE_TOKEN: token, LINODE_URL: url = "https://api.linode.com" } = process.env;
    if (!token) throw new UserError("LINODE_TOKEN is not set: README says how.", 64);
    const cutOff = await recover({
      pulumi: toldOf(stack),
      account: { url, token },
      say: (text) => void process.stderr.write(`${text}\n`),
      ...(yes ? {} : { agrees }),
    });
    console.log(
      cutOff === 0
        ? "No creation was cut off: there is nothing to put right."
        : "State and account agree again. Go on with `pulumi up`, or `pulumi destroy`.",
    );
  });

async function agrees(what: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UserError(`${what} is to be deleted, and nobody is here to be asked: add --yes.`, 64);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(
    `Delete ${what}, which was about to be made for this stack? (yes/no) `,
  );
  terminal.close();
  return answer.trim() === "yes";
}

program.parseAsync().catch(reportFailure);
