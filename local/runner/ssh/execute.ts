import { setTimeout as delay } from "node:timers/promises";

import { RunnerError } from "../failures";
import { runClient } from "./client";
import { clientFiles } from "./client-files";
import { type Connection, nameOf } from "./connection";
import { DialError, type Fault, fateIn, faultIn, said } from "./faults";

export interface Executed {
  /** Undefined if a signal ended it. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** The real provider's defaults. */
const DIAL_ERROR_LIMIT = 10;
const PER_DIAL_TIMEOUT = 15;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Faults that time may heal, but not much of it: sshd reads a new host key a moment after it was told
 * to, and a booting host lets nobody in at first. sshd shuts out who fails to log in again and again.
 */
const FEW_TRIES: Partial<Record<Fault, { tries: number; pauseMs: number }>> = {
  "wrong host key": { tries: 4, pauseMs: 250 },
  "not let in": { tries: 5, pauseMs: 500 },
};

/**
 * Connects anew, through the proxy if there is one, runs a command, waits for its end and hangs up.
 *
 * Connections are never shared: that a host still lets a new one in is what a confirming step proves.
 * The signal ends the attempts to get in; a command that was begun is not cut short.
 */
export async function execute(
  connection: Connection,
  command: string,
  stdin: string | Buffer,
  signal: AbortSignal,
): Promise<Executed> {
  const limit = connection.dialErrorLimit ?? DIAL_ERROR_LIMIT;
  const tries = new Map<Fault, number>();
  let pauseMs = FIRST_PAUSE_MS;
  for (let errors = 1; ; errors += 1) {
    try {
      return await executeOnce(connection, command, stdin, signal);
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      const few = FEW_TRIES[error.fault];
      const failed = (tries.get(error.fault) ?? 0) + 1;
      tries.set(error.fault, failed);
      const isOver = failed >= (few?.tries ?? Infinity) || (limit >= 0 && errors >= limit);
      if (isOver) throw new RunnerError(`${nameOf(connection)}: ${error.message}`);
      await delay(few ? few.pauseMs * 2 ** (failed - 1) : pauseMs, undefined, { signal });
      pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
    }
  }
}

async function executeOnce(
  connection: Connection,
  command: string,
  stdin: string | Buffer,
  signal: AbortSignal,
): Promise<Executed> {
  signal.throwIfAborted();
  const files = clientFiles(connection);
  try {
    const { marker } = files;
    const words = [...files.words, command];
    const { perDialTimeout = PER_DIAL_TIMEOUT } = connection;
    const limitMs = perDialTimeout === 0 ? Infinity : perDialTimeout * 1_000;
    const { isLetIn, isLate, code, stdout, stderr } = await runClient({
      words,
      marker,
      stdin,
      limitMs,
      signal,
    });
    if (!isLetIn) {
      signal.throwIfAborted();
      const otherwise = isLate ? `no answer within ${limitMs / 1_000} s` : `ssh ended with ${code}`;
      throw faultIn(connection, { target: files.targetLog(), proxy: files.proxyLog() }, otherwise);
    }
    // 255 is also what `ssh` says of its own failures.
    if (code !== null && code !== 255) return { code, stdout, stderr };
    switch (fateIn(files.targetLog())) {
      case "exited":
        return { code: 255, stdout, stderr };
      case "ended by a signal":
        return { code: undefined, stdout, stderr };
      case "lost": {
        const words = said(files.targetLog());
        const why = words === "" ? "" : `: ${words}`;
        throw new RunnerError(`the connection was lost before the command ended${why}`);
      }
    }
  } finally {
    files.close();
  }
}
