import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { RunnerEvent } from "../runner/events";
import { UserError } from "./user-error";

export interface RunnerCall {
  projectDir: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Words to put in front, to run it at some vantage point. */
  enter?: readonly string[];
  onEvent?: (event: RunnerEvent) => void;
}

/** Runs the embedded runner as a process of its own and returns its closing event. */
export async function runRunner(call: RunnerCall): Promise<RunnerEvent> {
  const main = join(call.projectDir, "local/runner/main.ts");
  const node = [process.execPath, "--import", "tsx", main, ...call.args];
  const [command, ...words] = [...(call.enter ?? []), ...node];
  const child = spawn(command ?? "", words, {
    cwd: call.projectDir,
    env: call.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const forward = forwardSignals((signal) => child.kill(signal));
  let last: RunnerEvent | undefined;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      last = JSON.parse(line) as RunnerEvent;
      call.onEvent?.(last);
    }
  } finally {
    forward.stop();
  }
  if (last === undefined) throw new Error("the embedded runner ended without a word");
  if (last.event === "failure") {
    if (last.interrupted) {
      const hint = "Interrupted: what was made is recorded. Run `up` again to go on, or `down`.";
      throw new UserError(hint, 130);
    }
    throw new UserError(last.failures.join("\n\n"));
  }
  return last;
}

/**
 * Ctrl-C reaches the whole foreground group by itself; a signal to this process alone is passed on.
 * Either way the command waits for its child, which stops new work and lets the work under way end.
 */
export function forwardSignals(pass: (signal: NodeJS.Signals) => void): { stop: () => void } {
  const onTerm = (): void => {
    pass("SIGTERM");
  };
  const onInt = (): void => undefined;
  process.on("SIGTERM", onTerm);
  process.on("SIGINT", onInt);
  return {
    stop: () => {
      process.off("SIGTERM", onTerm);
      process.off("SIGINT", onInt);
    },
  };
}
