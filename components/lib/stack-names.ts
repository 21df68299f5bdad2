import { type Role, ROLES, SHORT_NAMES } from "./roles";

/** Whose stack it is: the two words with which every label begins. */
export interface StackIdentity {
  /** The Pulumi project. */
  project: string;
  /** The Pulumi stack. */
  stack: string;
}

/** Linode's limit for the label of a firewall; servers may have longer ones. */
const LONGEST_LABEL = 32;

/** What a label, a host name and a file name can all hold. */
const STACK_NAME = /^[a-z0-9-]+$/;
const STRAY_HYPHEN = /^-|--|-$/;

/** Label of a server and of its firewall, and the server's host name. */
export function labelOf({ project, stack }: StackIdentity, role: Role): string {
  return `${project}-${stack}-${SHORT_NAMES[role]}`;
}

/** How the stack's backups say whose they are. */
export function originOf({ project, stack }: StackIdentity): string {
  return `${project}-${stack}`;
}

/** The tag of a server and its firewall that let SSH in from anywhere, so that nobody overlooks it. */
export const SSH_FROM_ANYWHERE = "ssh-from-anywhere";

/** Tags by which an account's owner finds all that belongs to a stack. */
export function tagsOf({ project, stack }: StackIdentity, role: Role): string[] {
  return [project, `${project}-${stack}`, role];
}

/** Says what is wrong with the name of the stack, if anything: it becomes part of every label. */
export function stackNameFaults({ project, stack }: StackIdentity): string[] {
  const rest = ROLES.map((role) => labelOf({ project, stack: "" }, role).length);
  const longest = LONGEST_LABEL - Math.max(...rest);
  const isWord = STACK_NAME.test(stack) && !STRAY_HYPHEN.test(stack);
  if (isWord && stack.length <= longest) return [];
  return [
    `stack: "${stack}" is not allowed: the name of the stack is part of every label and host name, so it has ` +
      `lower-case letters, digits and single hyphens, at most ${longest} characters; rename it with ` +
      "`pulumi stack rename`",
  ];
}
