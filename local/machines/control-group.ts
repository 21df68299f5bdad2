import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

import { pollUntil } from "./run";

const REMOVE_LIMIT_MS = 2_000;

/** Where the hierarchies that a systemd may use are: the only one, or those of a hybrid machine. */
const HIERARCHIES = ["", "unified", "systemd"].map((name) => join("/sys/fs/cgroup", name));

/** Removes a host's control groups; its processes must have ended. */
export async function removeGroups(name: string): Promise<void> {
  for (const hierarchy of HIERARCHIES) {
    // A process that has just ended may hold its group for a moment.
    await pollUntil(() => removeGroup(join(hierarchy, name)), REMOVE_LIMIT_MS, 20);
  }
}

/** The names of all groups that start with `prefix`. */
export function groupsWith(prefix: string): string[] {
  const found = HIERARCHIES.filter((hierarchy) => existsSync(hierarchy)).flatMap((hierarchy) =>
    readdirSync(hierarchy).filter((name) => name.startsWith(prefix)),
  );
  return [...new Set(found)];
}

/** The files in a group's folder are the kernel's and go with it; only folders can be removed. */
function removeGroup(folder: string): boolean {
  if (!existsSync(folder)) return true;
  try {
    const inner = readdirSync(folder, { withFileTypes: true }).filter((it) => it.isDirectory());
    for (const { name } of inner) removeGroup(join(folder, name));
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
