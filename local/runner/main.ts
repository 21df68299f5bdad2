/**
 * The embedded runner as a process of its own, since it must run at the operator's vantage point:
 *
 *   node --import tsx local/runner/main.ts up|destroy|plan --stack local --config-file FILE \
 *     [--state-dir DIR] [--project-dir DIR] [--force] [--replace NAME]
 *
 * Each line on stdout is a `RunnerEvent` as JSON. The API comes from LINODE_URL and LINODE_TOKEN; plans that
 * are to be compared get the same STRONGHOLD_DIGEST_KEY.
 * Exit code: 0 done, 1 failed, 64 called wrongly, 130 interrupted.
 */
import "./lazy-typescript";

import { resolve } from "node:path";
import { parseArgs } from "node:util";

import type { Emit, RunnerEvent } from "./events";
import { explain, Interrupted, RunFailed, RunnerError } from "./failures";
import { localLinode } from "./linode-client";
import { makePlan } from "./plan";
import { readProject } from "./project";
import { renderPlan } from "./render-plan";
import { HANDLERS } from "./resources";
import { loadProgram } from "./run-program";
import { withStateLock } from "./state-lock";
import { destroy, type Target, up } from "./up";

const VERBS = ["up", "destroy", "plan"] as const;

interface Call {
  verb: (typeof VERBS)[number];
  stack: string;
  configFile: string | undefined;
  stateDir: string | undefined;
  projectDir: string;
  force: boolean;
  /** A resource to make anew. */
  replace: string | undefined;
}

class UsageError extends RunnerError {}

const emit: Emit = (event) => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};

function readCall(): Call {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stack: { type: "string", default: "local" },
      "config-file": { type: "string" },
      "state-dir": { type: "string" },
      "project-dir": { type: "string", default: resolve(__dirname, "..", "..") },
      force: { type: "boolean", default: false },
      replace: { type: "string" },
    },
  });
  const verb = VERBS.find((known) => known === positionals[0]);
  if (!verb) throw new UsageError(`the first word must be one of ${VERBS.join(", ")}`);
  return {
    verb,
    stack: values.stack,
    configFile: values["config-file"],
    stateDir: values["state-dir"],
    projectDir: resolve(values["project-dir"]),
    force: values.force,
    replace: values.replace,
  };
}

async function run(call: Call, signal: AbortSignal): Promise<RunnerEvent> {
  const { stack, projectDir } = call;
  if (call.verb === "destroy") {
    const target = targetOf(call, signal);
    return locked(target, () => destroy(target, { force: call.force }));
  }
  const { name, ...config } = readProject(projectDir, required(call.configFile, "--config-file"));
  const program = { project: name, ...config, program: loadProgram(projectDir) };
  // As the CLI does: the program's relative paths start at the project.
  process.chdir(projectDir);
  if (call.verb === "up") {
    const target = targetOf(call, signal);
    const { replace } = call;
    return locked(target, () => up(target, program, replace === undefined ? {} : { replace }));
  }
  const digestKey = process.env["STRONGHOLD_DIGEST_KEY"];
  const plan = await makePlan({ ...program, stack, signal }, projectDir, digestKey);
  return { event: "plan", plan, text: renderPlan(plan) };
}

function locked<T>({ stateDir, stack, signal }: Target, work: () => Promise<T>): Promise<T> {
  return withStateLock(stateDir, stack, signal, work);
}

function targetOf({ stack, stateDir }: Call, signal: AbortSignal): Target {
  // Asked for at once, so that a real account is refused before anything happens.
  const linode = localLinode(process.env);
  return {
    stateDir: resolve(required(stateDir, "--state-dir")),
    stack,
    handlers: HANDLERS,
    linode: () => linode,
    signal,
    emit,
  };
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError(`${option} is missing`);
  return value;
}

/**
 * The first Ctrl-C stops new work and lets the work under way end; the second ends the process.
 * If the command that listens to the events is gone, that is taken for a Ctrl-C too.
 */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  process.stdout.on("error", () => {
    controller.abort();
  });
  return controller.signal;
}

/** Lines that the program logs would break up the events on stdout. */
function captureConsole(): void {
  const notice = (...words: unknown[]): void => {
    emit({ event: "notice", message: words.map(String).join(" ") });
  };
  Object.assign(console, { log: notice, info: notice, warn: notice, error: notice });
}

async function main(): Promise<number> {
  const signal = interruptSignal();
  captureConsole();
  try {
    emit(await run(readCall(), signal));
    return 0;
  } catch (error) {
    const interrupted = error instanceof Interrupted || signal.aborted;
    const failures = error instanceof RunFailed ? error.failures : [explain(error)];
    emit({ event: "failure", failures, interrupted });
    if (interrupted) return 130;
    return error instanceof UsageError || isParseError(error) ? 64 : 1;
  }
}

function isParseError(error: unknown): boolean {
  return (
    error instanceof TypeError &&
    String((error as { code?: string }).code).startsWith("ERR_PARSE_ARGS")
  );
}

// The run reports what nobody handles; what comes after its end are echoes of that.
process.on("unhandledRejection", () => undefined);

let ended = false;
// Nothing is left to do and yet the program has not ended: it waits for itself.
process.on("beforeExit", () => {
  if (ended) return;
  emit({
    event: "failure",
    failures: ["the program waits for something that never comes"],
    interrupted: false,
  });
  process.exitCode = 1;
  ended = true;
});

void main().then((code) => {
  ended = true;
  // Idle connections to the API would keep the process for seconds.
  process.stdout.write("", () => process.exit(code));
});
