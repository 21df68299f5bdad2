import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isAlive, processStart } from "../process-identity";
import { pollUntil } from "./run";

const STOP_LIMIT_MS = 2_000;

/**
 * A helper process that outlives the daemon, known again by its recorded id and start time.
 * Used for the socats that carry one connection each way between namespaces, and for servers.
 */
export class Forward {
  private readonly file: string;

  constructor(folder: string, name: string) {
    this.file = join(folder, `${name}.pid`);
  }

  /** Starts it with these words, in place of one that was started with others; what it says goes to `log`. */
  async start(words: readonly string[], uid?: number, log = "/dev/null"): Promise<void> {
    const running = this.running();
    if (running?.words === words.join(" ")) return;
    // An ending socat removes its socket: it must be gone before the next one makes the same.
    this.stop();
    if (running) await pollUntil(() => this.running() === undefined, STOP_LIMIT_MS, 10);
    const [command = "", ...args] = words;
    const identity = uid === undefined ? {} : { uid, gid: uid };
    const output = openSync(log, "a", 0o600);
    const stdio = ["ignore", output, output] as const;
    const child = spawn(command, args, { detached: true, stdio: [...stdio], ...identity });
    closeSync(output);
    child.on("error", () => undefined);
    child.unref();
    if (child.pid === undefined) throw new Error(`${command} could not be started`);
    const record = { pid: child.pid, start: processStart(child.pid), words: words.join(" ") };
    await writeFile(this.file, JSON.stringify(record));
  }

  stop(): void {
    const running = this.running();
    if (running) process.kill(running.pid, "SIGTERM");
  }

  running(): { pid: number; words: string } | undefined {
    if (!existsSync(this.file)) return undefined;
    try {
      const record = JSON.parse(readFileSync(this.file, "utf8")) as {
        pid: number;
        start: string;
        words: string;
      };
      return isAlive(record.pid, record.start) ? record : undefined;
    } catch {
      return undefined;
    }
  }
}
