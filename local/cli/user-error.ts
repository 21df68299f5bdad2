/** A fault that the user can repair: its message says how, and no stack trace is shown. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
    this.name = "UserError";
  }
}

/** Ends a command: what the user can mend as it is, all else as a fault of ours (70, sysexits.h). */
export function reportFailure(error: unknown): void {
  if (error instanceof UserError) {
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`\nThis is a fault of stronghold's own, please report it:\n`);
    console.error(error);
    process.exitCode = 70;
  }
}
