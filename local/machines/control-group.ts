import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
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

/** Every process of a host, also one that has no part of its network yet. */
export function processesInGroup(name: string): number[] {
  return HIERARCHIES.flatMap((hierarchy) => processesBelow(join(hierarchy, name)));
}

function processesBelow(folder: string): number[] {
  try {
    const own = readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
    return [...own.map(Number), ...inner(folder).flatMap(processesBelow)];
  } catch {
    // There is no such group, or it has just been removed.
    return [];
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
    for (const group of inner(folder)) removeGroup(group);
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function inner(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((it) => it.isDirectory()).map(({ name }) => join(folder, name));
}
