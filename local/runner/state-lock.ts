import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { isAlive, processStart } from "../process-identity";
import { RunnerError } from "./failures";

interface Holder {
  pid: number;
  start: string;
}

/** A run that was left alone, as its command was killed, begins nothing more and ends within this time. */
const PATIENCE_MS = 60_000;
const POLL_MS = 100;

/**
 * Does the work while no other run writes the same state.
 *
 * The command that starts a run has a lock of its own, which is gone when that command is killed; the
 * run itself may then still be at its last step.
 */
export async function withStateLock<T>(
  folder: string,
  stack: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const file = join(folder, `${stack}.lock`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await acquire(file, signal);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function acquire(file: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!take(file)) {
    const holder = readHolder(file);
    if (!holder || !isAlive(holder.pid, holder.start)) {
      rmSync(file, { force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new RunnerError(`process ${holder.pid} still works on this stack: wait for its end`);
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/** By a link, since that makes the file with its content at once, or fails. */
function take(file: string): boolean {
  const mine = `${file}.${process.pid}`;
  const me: Holder = { pid: process.pid, start: processStart(process.pid) ?? "" };
  writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(mine);
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}
