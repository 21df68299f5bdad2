import { createRequire } from "node:module";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { explain, Interrupted, RunFailed } from "./failures";
import { type Register, RunnerMonitor } from "./monitor";
import type { WireObject } from "./wire";

export interface ProgramRun {
  project: string;
  stack: string;
  /** Values by full key (`stronghold:ssh`); what is not text is JSON text. */
  config: Record<string, string>;
  /** Keys of `config` whose values are secret. */
  secretKeys?: string[];
  /** Whether the program is told that nothing is carried out. */
  preview?: boolean;
  /** Evaluates the program; what it returns is the stack's outputs. */
  program: () => unknown;
  /** Carries one resource out; the SDK calls it once all that the resource depends on is there. */
  register: Register;
  /** Stops new work; the work under way comes to its end. */
  signal?: AbortSignal;
}

/**
 * Runs a Pulumi program without the Pulumi CLI. The SDK keeps its state in the process, so one run
 * must end before the next begins.
 *
 * A failure stops new work, lets the work under way come to its end, and is then thrown as
 * `RunFailed` together with all others.
 */
export async function runProgram(run: ProgramRun): Promise<{ outputs: WireObject }> {
  const watch = new FailureWatch(run.signal);
  const monitor = new RunnerMonitor(run, (registration) =>
    watch.guard(() => run.register(registration)),
  );
  pulumi.runtime.setMockOptions(monitor, run.project, run.stack, run.preview);
  pulumi.runtime.setAllConfig(run.config, run.secretKeys);
  // Asynchronous, so that an error thrown at once is one like any other.
  const program = async (): Promise<unknown> => await run.program();
  await watch.orFailure(evaluate(() => watch.hold(program())));
  await watch.end();
  return { outputs: monitor.stackOutputs };
}

/** The program of a project folder: what it exports, or what the function that it exports returns, is the outputs. */
export function loadProgram(projectDir: string): () => unknown {
  return () => {
    const exported = createRequire(join(projectDir, "package.json"))("./index") as unknown;
    return typeof exported === "function" ? (exported as () => unknown)() : exported;
  };
}

async function evaluate(program: () => Promise<unknown>): Promise<void> {
  await pulumi.runtime.runInPulumiStack(program);
  // Resources that no output names may still be under way.
  await pulumi.runtime.disconnect();
}

/** Collects what goes wrong anywhere in a run, and holds new work back once something has. */
class FailureWatch {
  private readonly failures = new Set<unknown>();
  private readonly underWay = new Set<Promise<unknown>>();
  private firstFailure!: () => void;
  private readonly failed = new Promise<void>((resolve) => {
    this.firstFailure = resolve;
  });
  // An error thrown in an `apply` shows up nowhere else.
  private readonly onRejection = (error: unknown): void => {
    this.add(error);
  };

  private readonly onInterrupt = (): void => {
    this.add(new Interrupted());
  };

  constructor(private readonly signal: AbortSignal | undefined) {
    process.on("unhandledRejection", this.onRejection);
    signal?.addEventListener("abort", this.onInterrupt);
    if (signal?.aborted === true) this.onInterrupt();
  }

  /** Does the work unless the run has failed, and keeps the run from ending before it. */
  guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.failures.size > 0) return new Promise(() => undefined);
    const task = work();
    const settled = task.then(
      () => undefined,
      () => undefined,
    );
    this.underWay.add(settled);
    void settled.then(() => this.underWay.delete(settled));
    return this.hold(task);
  }

  /** Reports a failure and never answers then: the SDK would only spread the error. */
  hold<T>(task: Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      task.then(resolve, (error: unknown) => {
        this.add(error);
      });
    });
  }

  /** Waits for the program, or for the first failure and then for the work under way. */
  async orFailure(program: Promise<void>): Promise<void> {
    const ended = program.catch((error: unknown) => {
      this.add(error);
    });
    await Promise.race([ended, this.failed]);
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  /** Throws all that went wrong. */
  async end(): Promise<void> {
    // Rejections that nobody handles are reported after the microtasks that led to them.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", this.onRejection);
    this.signal?.removeEventListener("abort", this.onInterrupt);
    if (this.signal?.aborted === true) throw new Interrupted();
    if (this.failures.size > 0) {
      throw new RunFailed([...new Set([...this.failures].map(explain))]);
    }
  }

  private add(error: unknown): void {
    this.failures.add(error);
    this.firstFailure();
  }
}
