import { localStack } from "./local-stack";
import { pulumiStack } from "./pulumi-stack";
import type { Stack } from "./stack";

/** The Pulumi stack of that name, or the local cloud where none is named. */
export function findStack(name?: string): Stack {
  return name === undefined ? localStack() : pulumiStack(name);
}
