import type { Enrolments, TwoServerEnvironment } from "../../components/environment";
import type { Role } from "../../components/lib/roles";
import type { BackupsOutput } from "../../components/store-outputs";

/** What the operator's commands read of a stack's outputs. */
export interface StackOutputs extends Record<Role, { label: string }> {
  enrolments?: Enrolments;
  deployer?: TwoServerEnvironment["deployer"];
  sshConfig?: string;
  knownHosts?: string;
  backups?: BackupsOutput;
}

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
  /** Makes the person's second factor anew and applies it. */
  renew(user: string): Promise<void>;
}
