import { readFileSync } from "node:fs";

/**
 * When a process started, in clock ticks since boot (proc(5), field 22 of `stat`).
 * Together with the id it names a process for good; an id alone is reused.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    // The command name, field 2, may hold blanks and brackets: count from its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; it only waits for its parent to notice.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Whether the process that was recorded under `pid` and `start` still runs. */
export function isAlive(pid: number, start: string): boolean {
  return processStart(pid) === start;
}
