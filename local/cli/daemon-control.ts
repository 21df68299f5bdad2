import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { CloudPaths } from "../paths";
import { isAlive } from "../process-identity";
import { UserError } from "./user-error";

/** What the daemon writes down about itself once it answers. */
export interface DaemonRecord {
  pid: number;
  start: string;
  port: number;
  token: string;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;

export function daemonFile(paths: CloudPaths): string {
  return join(paths.stateDir, "daemon.json");
}

/** The running daemon of this cloud, if there is one. */
export function runningDaemon(paths: CloudPaths): DaemonRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(daemonFile(paths), "utf8")) as DaemonRecord;
    return isAlive(record.pid, record.start) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Starts the daemon unless it runs, and returns once it answers. */
export async function ensureDaemon(paths: CloudPaths): Promise<DaemonRecord> {
  const running = runningDaemon(paths);
  if (running) return running;
  rmSync(daemonFile(paths), { force: true });
  mkdirSync(paths.stateDir, { recursive: true, mode: 0o700 });
  const log = openSync(paths.daemonLog, "a", 0o600);
  const offset = statSync(paths.daemonLog).size;
  const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "..", "daemon.ts")], {
    cwd: paths.projectDir,
    // A group of its own, so that Ctrl-C at the command does not reach it.
    detached: true,
    stdio: ["ignore", log, log],
  });
  child.unref();
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const record = runningDaemon(paths);
    if (record) return record;
    if (child.exitCode !== null || Date.now() > deadline) {
      const said = readFileSync(paths.daemonLog, "utf8").slice(offset).trim();
      throw new UserError(`The local cloud did not start. It said:\n${said}`);
    }
    await delay(25);
  }
}

/** Ends the daemon; hosts are not its children and stay up. */
export async function stopDaemon(paths: CloudPaths): Promise<void> {
  const record = runningDaemon(paths);
  if (!record) return;
  process.kill(record.pid, "SIGTERM");
  const deadline = Date.now() + STOP_LIMIT_MS;
  while (isAlive(record.pid, record.start)) {
    if (Date.now() > deadline) process.kill(record.pid, "SIGKILL");
    await delay(20);
  }
  if (existsSync(daemonFile(paths))) rmSync(daemonFile(paths));
}
