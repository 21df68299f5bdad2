import { readFileSync } from "node:fs";

import { outputFaults } from "../../components/lib/outputs-contract";
import { UserError } from "../../local/cli/user-error";
import type { Stack, StackOutputs } from "./stack";

/**
 * A stack of which there is nothing but what `pulumi stack output --json` has printed: enough to look, and to
 * mend what servers mend by themselves. The deployer's key is in the SSH agent.
 */
export function fileStack(file: string): Stack {
  const outputs = read(file);
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

function read(file: string): StackOutputs {
  let outputs: unknown;
  try {
    outputs = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError(
      `${file} is not what \`pulumi stack output --json\` prints: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const faults = outputFaults(outputs);
  if (faults.length === 0) return outputs as StackOutputs;
  throw new UserError(
    `${file} lacks outputs of a stack:\n${faults.map((fault) => `  ${fault}`).join("\n")}`,
  );
}
