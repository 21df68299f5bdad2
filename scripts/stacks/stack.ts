import type { StackOutputs as Contract } from "../../components/lib/outputs-contract";
import type { Role } from "../../components/lib/roles";
import type { RunOptions } from "../../local/cli/stack";

/** What the operator's commands read; a stack that was interrupted lacks some of it. */
export type StackOutputs = Pick<Contract, Role> & Partial<Omit<Contract, Role>>;

/** How the stack's servers are reached, as automation reaches them. */
export interface SshAccess {
  /** Words to put in front of ssh so that it runs where the operator is. */
  enter: readonly string[];
  /** The deployer's private key. @default those of the operator's SSH agent */
  keyFile?: string;
}

/** A stack that stands, wherever it is. */
export interface Stack {
  /** For messages: `the stack "prod"`, or the local cloud. */
  name: string;
  ssh: SshAccess;
  /** Where the key that opens the stack's backups is, if this machine keeps it for the stack. */
  backupIdentity?: string;
  /** With the secrets in clear only where they are asked for. */
  outputs(secrets?: "shown"): StackOutputs;
  /** Brings the stack to what its settings say, and does what else is asked for. */
  up(options: RunOptions): Promise<void>;
  /** Makes the person's second factor anew and applies it. */
  renew(user: string): Promise<void>;
}
