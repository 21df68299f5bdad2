/** Requests without a pause, for tests of what must interrupt nobody; see test/load.js. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface LoadReport {
  sent: number;
  ok: number;
  failed: number;
  statuses: Record<string, number>;
  /** The first of them. */
  errors: string[];
  slowestMs: number;
}

export class Load {
  private readonly output: Promise<string>;

  private constructor(private readonly child: ChildProcess) {
    this.output = text(child.stdout!);
  }

  /** Starts it, from where `enter` leads, and waits for the first answer. */
  static async start(enter: readonly string[], url: string, authorityFile: string): Promise<Load> {
    const script = [process.execPath, join(__dirname, "../load.js")];
    const words = [...enter, ...script, "--url", url, "--ca", authorityFile];
    const [command = "", ...args] = words;
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    const load = new Load(child);
    await Promise.race([once(child.stderr, "data"), once(child, "close")]);
    if (child.exitCode !== null) throw new Error(`the load ended with ${child.exitCode}`);
    return load;
  }

  /** Ends it once every answer that is due has come. */
  async stop(): Promise<LoadReport> {
    this.child.stdin!.end();
    return JSON.parse(await this.output) as LoadReport;
  }
}
