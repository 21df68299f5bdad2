import type { Enrolments } from "../../components/lib/outputs-contract";
import { UserError } from "../../local/cli/user-error";
import type { StackOutputs } from "../stacks/stack";

/** The secret output, or a plain word where the stack has none yet. */
export function readEnrolments({ enrolments }: Partial<StackOutputs>, name: string): Enrolments {
  if (enrolments) return enrolments;
  throw new UserError(`${name} has no people yet: bring it up first.`);
}
