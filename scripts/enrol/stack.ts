import type { Enrolments } from "../../components/environment";
import type { Role } from "../../components/lib/roles";
import { UserError } from "../../local/cli/user-error";

/** What is read of a stack's outputs. */
export interface StackOutputs extends Record<Role, { label: string }> {
  enrolments?: Enrolments;
}

/** A stack that stands, wherever it is. */
export interface Stack {
  /** For messages: `the stack "prod"`, or the local cloud. */
  name: string;
  /** With the secrets in clear. */
  outputs(): StackOutputs;
  /** Makes the person's second factor anew and applies it. */
  renew(user: string): Promise<void>;
}

/** The secret output, or a plain word where the stack has none yet. */
export function readEnrolments({ enrolments }: Partial<StackOutputs>, name: string): Enrolments {
  if (enrolments) return enrolments;
  throw new UserError(`${name} has no people yet: bring it up first.`);
}
