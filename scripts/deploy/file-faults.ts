/** What is wrong with single files of an artefact, whatever they hold. */
import { realpathSync } from "node:fs";
import { join, posix, sep } from "node:path";

import type { Artefact, Fault, Item } from "./artefact";

/** Less than the server takes: five releases that are larger would fill its disk. */
export const BYTES_MAX = 512 * 1024 * 1024;
export const FILES_MAX = 50_000;
const PLAIN = "a release consists of files, folders and symbolic links inside of it";

/** Whether it is a path from the release's top that stays below it. */
export function isInside(path: string): boolean {
  return (
    path !== "" &&
    !path.startsWith("/") &&
    !path.split("/").includes("..") &&
    !/[\p{Cc}\\]/u.test(path)
  );
}

/** Whether a link stays inside, by its words alone. */
export function leadsInside({ path, target = "" }: Item): boolean {
  if (target === "" || target.startsWith("/") || /\p{Cc}/u.test(target)) return false;
  const end = posix.normalize(posix.join(posix.dirname(path), target));
  return end !== ".." && !end.startsWith("../");
}

export function isTooLarge(items: readonly Item[]): boolean {
  return sizeFaults(items).length > 0;
}

export function fileFaults({ root, items }: Artefact): Fault[] {
  return [...sizeFaults(items), ...items.flatMap((item) => faultsOf(root, item))];
}

function sizeFaults(items: readonly Item[]): Fault[] {
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  const megabytes = Math.ceil(bytes / 1024 / 1024);
  const faults: Fault[] = [];
  if (bytes > BYTES_MAX) {
    const found = `it has ${megabytes} MB unpacked`;
    faults.push({ path: ".", found, allowed: `at most ${BYTES_MAX / 1024 / 1024} MB` });
  }
  if (items.length > FILES_MAX) {
    const found = `it has ${items.length} files and folders`;
    faults.push({ path: ".", found, allowed: `at most ${FILES_MAX}` });
  }
  return faults;
}

function faultsOf(root: string, item: Item): Fault[] {
  const { path, kind, mode } = item;
  const fault = (found: string, allowed: string): Fault => ({ path, found, allowed });
  if (!isInside(path)) {
    const allowed = "paths from the release's top, without `..`, `\\` and control characters";
    return [fault("its path leads elsewhere, or cannot be printed", allowed)];
  }
  if (kind === "symbolic link") return linkFaults(root, item);
  if (kind === "hard link") return [fault(`it is a hard link`, `${PLAIN}: put a copy there`)];
  if (kind !== "file" && kind !== "folder") return [fault(`it is a ${kind}`, PLAIN)];
  const faults: Fault[] = [];
  if ((mode & 0o6000) !== 0) {
    faults.push(fault("it runs with its owner's or group's rights", `chmod ug-s ${path}`));
  }
  if ((mode & 0o002) !== 0) {
    faults.push(fault("everybody may write it", `chmod go-w ${path}`));
  } else if ((mode & 0o020) !== 0) {
    faults.push(fault("its group may write it", `chmod go-w ${path}`));
  }
  return faults;
}

function linkFaults(root: string, item: Item): Fault[] {
  const { path, target = "" } = item;
  const fault = (found: string): Fault[] => [{ path, found, allowed: PLAIN }];
  const shown = JSON.stringify(target);
  if (!leadsInside(item)) return fault(`it is a symbolic link that leads outside, to ${shown}`);
  try {
    // Through other links it may lead elsewhere than its words say.
    const end = realpathSync(join(root, path));
    if (end.startsWith(`${realpathSync(root)}${sep}`)) return [];
    return fault(`it is a symbolic link that leads outside, to ${shown}`);
  } catch {
    return fault(`it is a symbolic link that leads nowhere, to ${shown}`);
  }
}
