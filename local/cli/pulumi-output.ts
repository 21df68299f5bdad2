import type { SpawnSyncReturns } from "node:child_process";

import { UserError } from "./user-error";

/** `pulumi stack export` prints all of a state: over 1 MB for one environment, which is Node's limit by default. */
export const WHOLE_STATES = { encoding: "utf8", maxBuffer: 1 << 30 } as const;

/**
 * What a run of the Pulumi CLI has printed.
 *
 * @throws UserError with what it says of itself; never with its output, which may be a state.
 */
export function endOf(args: readonly string[], done: SpawnSyncReturns<string>): string {
  if (done.error && "code" in done.error && done.error.code === "ENOENT") {
    throw new UserError(
      "The Pulumi CLI is not on PATH, and --stack names a stack of it. Install it (https://www.pulumi.com/docs/install/), " +
        "or leave out --stack for the local cloud.",
    );
  }
  if (done.status === 0) return done.stdout;
  const own = done.error ? done.error.message : done.stderr.trim();
  const reason = own || String(done.signal ?? done.status);
  throw new UserError(`pulumi ${args.join(" ")} failed: ${reason}`);
}
