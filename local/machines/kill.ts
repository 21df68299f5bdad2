import { processStart } from "../process-identity";
import { pollUntil } from "./run";

const END_LIMIT_MS = 30_000;

/** Sends a signal; a process that has ended in the meantime is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

/**
 * Kills what `find` finds until it finds nothing that lives: a process that is just being started
 * shows up a moment later, and a killed one takes its time to end.
 */
export async function killAll(find: () => number[] | Promise<number[]>): Promise<void> {
  await pollUntil(
    async () => {
      // A zombie has ended; it only waits for its parent to notice.
      const alive = (await find()).filter((pid) => processStart(pid) !== undefined);
      for (const pid of alive) signal(pid, "SIGKILL");
      return alive.length === 0;
    },
    END_LIMIT_MS,
    20,
  );
}
