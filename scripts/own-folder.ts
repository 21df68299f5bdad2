/** A folder of a command's own, which nobody else on this machine can read and of which nothing stays. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { isAlive, processStart } from "../local/process-identity";

/** Not /tmp, which is often in memory: what is put here may be large. */
const FOLDERS = "/var/tmp";
/** The last one is that of a terminal that is closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export type FolderOf = "backup" | "deploy";

/** Its name says whose it is, from its first moment on. */
export function ownFolder(command: FolderOf): string {
  const owner = `${process.pid}-${processStart(process.pid) ?? "unknown"}`;
  return mkdtempSync(join(FOLDERS, `stronghold-${command}-${owner}-`));
}

/** What `kill -9` has left of this account's earlier runs; answers whether there was any. */
export function removeAbandoned(command: FolderOf): boolean {
  const owned = new RegExp(`^stronghold-${command}-(\\d+)-(\\d+)-`);
  const abandoned = readdirSync(FOLDERS).filter((name) => {
    const [, pid = "", start = ""] = owned.exec(name) ?? [];
    if (start === "" || isAlive(Number(pid), start)) return false;
    const found = lstatSync(join(FOLDERS, name), { throwIfNoEntry: false });
    return found?.isDirectory() === true && found.uid === process.getuid?.();
  });
  for (const name of abandoned) rmSync(join(FOLDERS, name), { recursive: true, force: true });
  return abandoned.length > 0;
}

/** Does the work and tidies up after it, also where a signal ends it. */
export async function tidied<T>(
  work: () => Promise<T>,
  tidy: () => void,
  onSignal: () => void = () => undefined,
): Promise<T> {
  const interrupted = (): never => {
    onSignal();
    tidy();
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    tidy();
  }
}
