/** What the commands share: a stack, its servers, a store, and a private folder for the time being. */
import { rmSync } from "node:fs";

import type { BackupsOutput } from "../../components/lib/outputs-contract";
import { Progress } from "../../local/cli/progress";
import { UserError } from "../../local/cli/user-error";
import { ownFolder, removeAbandoned, tidied } from "../own-folder";
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
  if (removeAbandoned("backup"))
    progress.line("here", "removed the archives that a killed run had left");
  const folder = ownFolder("backup");
  return tidied(
    () => {
      const store = new Store(from, servers);
      const catalogue = new Catalogue(store, new Signatures(folder, backups), backups);
      return work({ stack, backups, servers, store, catalogue, folder, progress });
    },
    () => {
      servers.close();
      rmSync(folder, { recursive: true, force: true });
    },
  );
}
