import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { processStart } from "../process-identity";
import { UserError } from "./user-error";

/**
 * Whether the engine's backend is locked by a run that has ended without letting go, as a killed one does.
 *
 * The engine asks its user to find that out and to cancel. Here it is known: a backend in a folder of this
 * cloud is used by processes of this machine alone.
 *
 * @throws UserError if the run still goes on, which a command that was killed alone leaves behind.
 */
export function isLeftLocked(backend: string): boolean {
  const locks = join(backend, ".pulumi", "locks");
  if (!existsSync(locks)) return false;
  const files = readdirSync(locks, { recursive: true, encoding: "utf8" });
  const holders = files.filter((name) => name.endsWith(".json")).map((name) => join(locks, name));
  for (const file of holders) {
    const { pid } = JSON.parse(readFileSync(file, "utf8")) as { pid: number };
    if (!isEngine(pid)) continue;
    throw new UserError(
      `The engine of an earlier command (process ${pid}) is still at work on this cloud: wait for it, or take ` +
        "everything down with `npm run local -- down`.",
    );
  }
  return holders.length > 0;
}

/** A number is given to another process in time. */
function isEngine(pid: number): boolean {
  if (processStart(pid) === undefined) return false;
  try {
    return /(^|\/)pulumi\0/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return false;
  }
}
