import { spawn } from "node:child_process";

import { RunnerError } from "../failures";
import { BOUND_SSH } from "./client-config";

export interface ClientRun {
  /** What follows `ssh`. */
  words: string[];
  /** The line on stderr that tells that the host let us in. */
  marker: string;
  /** What the command is to read; it leaves this process only once the host let us in. */
  stdin: string | Buffer;
  /** How long the host may take to let us in. */
  limitMs: number;
  signal: AbortSignal;
}

export interface ClientEnd {
  /** What ended the attempt to get in, if the host did not let us in. */
  isLetIn: boolean;
  isLate: boolean;
  /** The exit code of `ssh`; null if a signal ended it. */
  code: number | null;
  stdout: string;
  /** What came after the marker, or all if it never came. */
  stderr: string;
}

/**
 * Runs OpenSSH's client to its end.
 *
 * Until the host has let it in, it is ended by the time limit and by the signal. From then on it is
 * left to its work, in a group of its own, which Ctrl-C does not reach; only the end of this process
 * ends it too.
 */
export function runClient({
  words,
  marker,
  stdin,
  limitMs,
  signal,
}: ClientRun): Promise<ClientEnd> {
  return new Promise((resolve, reject) => {
    const [command = "", ...args] = [...BOUND_SSH, ...words];
    const child = spawn(command, args, {
      // No SSH_ASKPASS and the like; messages in the language that `faults.ts` reads.
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
      stdio: "pipe",
      detached: true,
    });
    const end: ClientEnd = { isLetIn: false, isLate: false, code: null, stdout: "", stderr: "" };
    const stdout: Buffer[] = [];
    let stderr: Buffer[] = [];

    const giveUp = (): void => {
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (!end.isLetIn && isRunning && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    const timer = Number.isFinite(limitMs)
      ? setTimeout(() => {
          end.isLate = !end.isLetIn;
          giveUp();
        }, limitMs)
      : undefined;
    signal.addEventListener("abort", giveUp);
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    };

    const readMarker = (): void => {
      const said = Buffer.concat(stderr);
      const at = said.indexOf(`${marker}\n`);
      stderr = [said];
      if (at < 0) return;
      end.isLetIn = true;
      clearTimeout(timer);
      // What came before is a host's greeting.
      stderr = [said.subarray(at + marker.length + 1)];
      child.stdin.end(stdin);
    };
    // A command may end without reading its input; its exit code tells whether that matters.
    child.stdin.on("error", () => undefined);
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr.push(chunk);
      if (!end.isLetIn) readMarker();
    });
    child.once("error", (error) => {
      settle();
      reject(new RunnerError(`${command} cannot be run: ${error.message}`));
    });
    child.once("close", (code) => {
      settle();
      const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("utf8");
      resolve({ ...end, code, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}
