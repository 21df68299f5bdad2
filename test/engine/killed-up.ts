/** An `up` that is killed in the middle, as by the power or by the kernel: no signal that could be handled. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { readOr } from "../machine-view";
import { ROOT, type TestCloud } from "../e2e/cloud";

/** Every process of this machine that descends from `root`. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(readOr(`/proc/${pid}/status`))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

const programOf = (pid: number): string => readOr(`/proc/${pid}/cmdline`).split("\0")[0] ?? "";

/** The engine and all that it started: language host, program, plug-ins. The cloud's own daemons live on. */
function engineBelow(command: number): number[] {
  const engines = descendants(command).filter((pid) => /(^|\/)pulumi$/.test(programOf(pid)));
  return engines.flatMap((pid) => [pid, ...descendants(pid)]);
}

/**
 * Starts `up` on the real engine and kills the engine with its plug-ins once `isMoment` holds. Answers with what
 * the command said about that, and its exit code.
 */
export async function killedUp(
  cloud: TestCloud,
  isMoment: () => boolean | Promise<boolean>,
  ...flags: string[]
): Promise<{ code: number; said: string }> {
  const words = ["--import", "tsx", "scripts/local.ts", "up", "--engine", "pulumi", ...flags];
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    env: cloud.env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<number>((resolve) => {
    child.on("close", (code) => {
      resolve(code ?? 128);
    });
  });
  // What it is about to ask for need not be there yet: neither the cloud nor a whole file of the state.
  const holds = async (): Promise<boolean> => {
    try {
      return await isMoment();
    } catch {
      return false;
    }
  };
  while (!(await holds())) {
    if (child.exitCode !== null) throw new Error(`up ended before it could be killed:\n${said}`);
    await delay(10);
  }
  for (const pid of engineBelow(child.pid ?? 0)) process.kill(pid, "SIGKILL");
  return { code: await ended, said };
}
