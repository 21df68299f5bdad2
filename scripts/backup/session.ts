/** What the commands share: a stack, its servers, a store, and a private folder for the time being. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import type { BackupsOutput } from "../../components/lib/outputs-contract";
import { Progress } from "../../local/cli/progress";
import { UserError } from "../../local/cli/user-error";
import { isAlive, processStart } from "../../local/process-identity";
import { findStack } from "../stacks/find";
import { Servers } from "../stacks/servers";
import type { Stack } from "../stacks/stack";
import { Catalogue } from "./catalogue";
import { Signatures } from "./signature";
import { type Place, Store } from "./store";

export interface SessionOptions {
  stack?: string;
  from?: Place;
  json?: boolean;
  /** No progress: for runs that nobody watches. */
  quiet?: boolean;
}

export interface Session {
  stack: Stack;
  backups: BackupsOutput;
  servers: Servers;
  store: Store;
  catalogue: Catalogue;
  /** For encrypted archives and signatures; nobody else on this machine can read it. */
  folder: string;
  progress: Progress;
}

/** Not /tmp, which is often in memory: an archive may be large. */
const FOLDERS = "/var/tmp";
const OWNED = /^stronghold-backup-(\d+)-(\d+)-/;
/** The last one is that of a terminal that is closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Opens a session for the work, and leaves nothing of it on this machine. */
export async function withSession<T>(
  { stack: name, from = "vault", quiet }: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const stack = findStack(name);
  const { backups } = stack.outputs();
  if (backups === undefined) {
    throw new UserError(`${stack.name} has no backups yet: bring it up with this version first.`);
  }
  const servers = new Servers(stack);
  const progress = new Progress(quiet);
  if (removeAbandoned()) progress.line("here", "removed the archives that a killed run had left");
  const folder = ownFolder();
  const close = (): void => {
    servers.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupted = (): never => {
    close();
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    const store = new Store(from, servers);
    const catalogue = new Catalogue(store, new Signatures(folder, backups), backups);
    return await work({ stack, backups, servers, store, catalogue, folder, progress });
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    close();
  }
}

/** Its name says whose it is, from its first moment on. */
function ownFolder(): string {
  const owner = `${process.pid}-${processStart(process.pid) ?? "unknown"}`;
  return mkdtempSync(join(FOLDERS, `stronghold-backup-${owner}-`));
}

/** What `kill -9` has left of this account's earlier runs; answers whether there was any. */
function removeAbandoned(): boolean {
  const abandoned = readdirSync(FOLDERS).filter((name) => {
    const [, pid = "", start = ""] = OWNED.exec(name) ?? [];
    if (start === "" || isAlive(Number(pid), start)) return false;
    const found = lstatSync(join(FOLDERS, name), { throwIfNoEntry: false });
    return found?.isDirectory() === true && found.uid === process.getuid?.();
  });
  for (const name of abandoned) rmSync(join(FOLDERS, name), { recursive: true, force: true });
  return abandoned.length > 0;
}

/** A file as the operator names it: npm runs commands in the project's folder, not in the operator's. */
export function asTyped(file: string): string {
  return resolve(process.env["INIT_CWD"] ?? process.cwd(), file.replace(/^~(?=\/)/, homedir()));
}
