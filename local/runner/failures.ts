import { ResourceError, RunError } from "@pulumi/pulumi";

/** A fault that its message explains to the user in full. */
export class RunnerError extends Error {
  override name = "RunnerError";
}

/** A run that did not reach its end, with everything that went wrong on the way. */
export class RunFailed extends Error {
  override name = "RunFailed";

  constructor(readonly failures: string[]) {
    super(failures.join("\n\n"));
  }
}

export class Interrupted extends Error {
  override name = "Interrupted";

  constructor() {
    super("interrupted; what was made is recorded, and `up` goes on from here");
  }
}

/** An error as the user sees it: a stack trace only where it is a defect of the program. */
export function explain(error: unknown): string {
  if (error instanceof RunnerError || RunError.isInstance(error)) return error.message;
  if (ResourceError.isInstance(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
