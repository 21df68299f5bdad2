import { readFileSync } from "node:fs";

import { outputFaults } from "../../components/lib/outputs-contract";
import { UserError } from "../../local/cli/user-error";
import { asTyped } from "../typed-path";
import type { Stack, StackOutputs } from "./stack";

/** What names standard input, so that secrets need no file. */
const STDIN = "-";

/**
 * A stack of which there is nothing but what `pulumi stack output --json` has printed: enough to look, to mend
 * what servers mend by themselves, and to deploy. The deployer's key is in the SSH agent.
 */
export function fileStack(typed: string): Stack {
  const file = typed === STDIN ? "standard input" : asTyped(typed);
  const outputs = requireOutputs(file, parse(file, read(typed, file)));
  const refuse = (): never => {
    throw new UserError("That takes the stack itself (--stack), not just its outputs.");
  };
  return {
    name: `the stack of ${file}`,
    ssh: { enter: [] },
    outputs: () => outputs,
    up: refuse,
    renew: refuse,
  };
}

/**
 * Outputs that keep the contract.
 *
 * @throws UserError if they do not; secrets may be masked.
 */
export function requireOutputs(name: string, outputs: unknown): StackOutputs {
  const faults = outputFaults(outputs);
  if (faults.length === 0) return outputs as StackOutputs;
  throw new UserError(
    `${name} lacks outputs of a stack:\n${faults.map((fault) => `  ${fault}`).join("\n")}\n` +
      "If the stack is older than this version, bring it up with this version first.",
  );
}

function read(typed: string, file: string): string {
  try {
    return readFileSync(typed === STDIN ? 0 : file, "utf8");
  } catch (error) {
    throw new UserError(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** What the parser says would show a piece of the text, which may be of a secret. */
function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const why =
      text.trim() === ""
        ? "it is empty"
        : text.startsWith("Current stack outputs")
          ? "it was printed without --json"
          : "it is not JSON";
    throw new UserError(`${file} is not what \`pulumi stack output --json\` prints: ${why}.`);
  }
}
