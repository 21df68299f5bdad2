/** What the commands share: a stack, its app servers, and a private folder for the time being. */
import { rmSync } from "node:fs";

import { Progress } from "../../local/cli/progress";
import { UserError } from "../../local/cli/user-error";
import { ownFolder, removeAbandoned, tidied } from "../own-folder";
import { fileStack } from "../stacks/file-stack";
import { findStack } from "../stacks/find";
import { type Host, Servers } from "../stacks/servers";
import type { Stack } from "../stacks/stack";
import { AppServer, BUSY, CUT_OFF } from "./app-server";
import { endNpm } from "./npm";
import { type Target, targetOf } from "./outputs";

export interface SessionOptions {
  stack?: string;
  /** A file with the outputs, in place of the stack. */
  outputs?: string;
  json?: boolean;
  /** No progress: for runs that nobody watches. */
  quiet?: boolean;
}

export interface Session {
  target: Target;
  servers: Servers;
  apps: readonly AppServer[];
  /** Nobody else on this machine can read it. */
  folder: string;
  progress: Progress;
}

/** The servers that the application runs on. */
export const APP_HOSTS: readonly Host[] = ["app"];

export function stackOf({ stack, outputs }: SessionOptions): Stack {
  if (stack !== undefined && outputs !== undefined) {
    throw new UserError("--stack and --outputs both name a stack: leave one of them out.", 64);
  }
  return outputs === undefined ? findStack(stack) : fileStack(outputs);
}

/** Opens a session for the work, and leaves nothing of it on this machine. */
export async function withSession<T>(
  stack: Stack,
  { quiet }: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const target = targetOf(stack);
  const servers = new Servers(stack);
  const progress = new Progress(quiet);
  if (removeAbandoned("deploy")) progress.line("here", "removed what a killed run had left");
  const folder = ownFolder("deploy");
  const apps = APP_HOSTS.map((host) => new AppServer(host, servers, progress));
  return tidied(
    () => work({ target, servers, apps, folder, progress }),
    () => {
      servers.close();
      endNpm();
      // npm may be at its last file.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
    () => {
      if (apps.some(({ isChanging }) => isChanging)) process.stderr.write(`\n${CUT_OFF}\n`);
    },
  );
}

/**
 * Does the same with every server, side by side, and waits for all of them.
 *
 * @throws UserError with what each has to say that has failed
 */
export async function onEach<T>(
  apps: readonly AppServer[],
  work: (app: AppServer) => Promise<T>,
): Promise<T[]> {
  const ends = await Promise.allSettled(apps.map(work));
  const reasons: unknown[] = ends.flatMap((end) =>
    end.status === "rejected" ? [end.reason as unknown] : [],
  );
  const faults = reasons.map((reason) => {
    // A fault of ours is reported as such.
    if (!(reason instanceof UserError)) throw reason;
    return reason;
  });
  if (faults.length > 0) {
    const isBusy = faults.every(({ exitCode }) => exitCode === BUSY);
    throw new UserError(faults.map(({ message }) => message).join("\n"), isBusy ? BUSY : 1);
  }
  return ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
}
