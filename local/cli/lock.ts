import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { isAlive, processStart } from "../process-identity";
import { UserError } from "./user-error";

interface Holder {
  pid: number;
  start: string;
  verb: string;
}

/**
 * Runs `work` while no other command changes the same cloud.
 *
 * The holder is recorded with its start time, because a process id alone is reused: a lock left by a
 * command that was killed is taken over, one that is really held is an error that names the holder.
 */
export async function withLock<T>(
  stateDir: string,
  verb: string,
  work: () => Promise<T>,
): Promise<T> {
  // Beside the state folder, not in it, since `down` removes that folder while it holds the lock.
  const file = join(dirname(stateDir), `.${stateDir.split("/").pop() ?? ""}.lock`);
  mkdirSync(dirname(stateDir), { recursive: true, mode: 0o711 });
  acquire(file, { pid: process.pid, start: processStart(process.pid) ?? "", verb });
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function acquire(file: string, me: Holder): void {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, JSON.stringify(me), { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(file);
    if (holder && isAlive(holder.pid, holder.start)) {
      throw new UserError(
        `\`${holder.verb}\` (process ${holder.pid}) is at work on this cloud: wait for it to end.`,
      );
    }
    rmSync(file, { force: true });
  }
  throw new UserError(`The lock ${file} could not be taken: another command took it first.`);
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}
