import { Engine } from "./engine";
import type { Emit, ResultEvent, Summary } from "./events";
import type { LinodeClient } from "./linode-client";
import type { Handler } from "./handler";
import { type ProgramRun, runProgram } from "./run-program";
import { StateFile } from "./state";
import { holdsSecret, reveal, type WireObject } from "./wire";

export interface Target {
  stateDir: string;
  stack: string;
  handlers: ReadonlyMap<string, Handler>;
  linode: () => LinodeClient;
  signal: AbortSignal;
  emit: Emit;
}

/** Brings the stack to what the program declares, one resource anew if it is named. Throws `RunFailed` or `Interrupted`. */
export async function up(
  target: Target,
  program: Pick<ProgramRun, "project" | "config" | "secretKeys" | "program">,
  { replace }: { replace?: string } = {},
): Promise<ResultEvent> {
  const start = performance.now();
  const { stateDir, stack, signal } = target;
  const engine = new Engine({ ...target, state: new StateFile(stateDir, stack) });
  if (replace !== undefined) await engine.discard(replace);
  const register: ProgramRun["register"] = (registration) => engine.register(registration);
  const { outputs } = await runProgram({ ...program, stack, signal, register });
  await engine.finish();
  return { event: "result", ...summary(engine, start), outputs: shown(outputs) };
}

/** Deletes the stack's servers and firewalls and forgets the rest; protected ones only if forced. */
export async function destroy(target: Target, { force = false } = {}): Promise<ResultEvent> {
  const start = performance.now();
  const state = new StateFile(target.stateDir, target.stack);
  const engine = new Engine({ ...target, state });
  await engine.delete(state.all(), force);
  state.erase();
  return { event: "result", ...summary(engine, start), outputs: {} };
}

function summary(engine: Engine, start: number): Summary {
  return { ...engine.counts, durationMs: Math.round(performance.now() - start) };
}

function shown(outputs: WireObject): ResultEvent["outputs"] {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      { value: reveal(value), secret: holdsSecret(value) },
    ]),
  );
}
