/** The operator: the real command at the operator's place, with an SSH agent and a stack's outputs. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { vantageCommand } from "../../local/machines/vantage";
import type { DatabaseServer } from "./database-server";
import { DEPLOYER } from "./harness";
import { COMMAND_LIMIT_MS, type Ran } from "./test-machines";

const ROOT = join(__dirname, "../..");

/** Where the backups come from. */
export interface Place {
  /** A file of the operator's own, among which are the private keys. */
  file(name: string): string;
  /** What the command is told by the stack. */
  outputs(): Record<string, unknown>;
}

/** An archive that is to be restored and verified. */
export interface Asked {
  id: string;
  /** The private key's file. @default the one that fits */
  identity?: string;
  into: string;
}

export class Operator {
  private readonly env: NodeJS.ProcessEnv;
  private readonly agent: number;

  constructor(
    private readonly server: DatabaseServer,
    private readonly place: Place,
    keys: readonly string[] = [server.keyFile(DEPLOYER)],
  ) {
    const bin = place.file("bin");
    mkdirSync(bin);
    writeFileSync(place.file("outputs.json"), JSON.stringify(place.outputs()));
    // In place of the Pulumi CLI: the outputs are all that the command asks it for.
    const script = `#!/bin/sh\ncat ${place.file("outputs.json")}\n`;
    writeFileSync(join(bin, "pulumi"), script, { mode: 0o755 });
    const socket = place.file("agent");
    const said = execFileSync("ssh-agent", ["-a", socket], { encoding: "utf8" });
    this.agent = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
    this.env = {
      ...process.env,
      SSH_AUTH_SOCK: socket,
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    };
    execFileSync("ssh-add", ["-q", ...keys], { env: this.env, stdio: "ignore" });
  }

  /** `npm run backup`, without npm's own start-up time. */
  backup(...words: string[]): Ran {
    const [command = "", ...args] = this.words(words);
    const ran = spawnSync(command, args, {
      cwd: ROOT,
      env: this.env,
      encoding: "utf8",
      timeout: COMMAND_LIMIT_MS,
    });
    return { code: ran.status ?? 128, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** The same with the stack's private key, and what it says as JSON. */
  report(...words: string[]): Record<string, unknown> {
    const ran = this.backup(...words, "--json", ...this.identity());
    if (ran.code !== 0) throw new Error(`${words.join(" ")}: ${ran.code}\n${ran.stderr}`);
    return JSON.parse(ran.stdout) as Record<string, unknown>;
  }

  identity(name = "identity"): string[] {
    return ["--identity", this.place.file(name)];
  }

  /** The same as `backup`, while others are at work. */
  async ask(...words: string[]): Promise<Ran> {
    return this.answer(this.spawn(words));
  }

  /** What `restore` and `verify` say of each of them; without a start-up time for each. */
  async askEach(rows: readonly Asked[]): Promise<[Ran, Ran][]> {
    const script = join(__dirname, "restore-ask-each.ts");
    const words = [...this.enter(), process.execPath, "--import", "tsx", script];
    const [command = "", ...args] = words;
    const child = spawn(command, args, { cwd: ROOT, env: this.env });
    const lines = rows.map(({ id, identity, into }) =>
      JSON.stringify([id, this.place.file(identity ?? "identity"), into]),
    );
    child.stdin.end(`${lines.join("\n")}\n`);
    const { code, stdout, stderr } = await this.answer(child);
    if (code !== 0 || stdout !== "") throw new Error(stdout + stderr);
    const answers = stderr.trimEnd().split("\n");
    return answers.map((line) => JSON.parse(line) as [Ran, Ran]);
  }

  start(...words: string[]): ChildProcess {
    return this.spawn([...words, ...this.identity()]);
  }

  end(): void {
    process.kill(this.agent);
  }

  /** The same as `ask`, with what it has told so far. */
  asked(...words: string[]): { told: () => string; ran: Promise<Ran> } {
    const said = { stdout: "", stderr: "" };
    return { told: () => said.stderr, ran: this.answer(this.spawn(words), said) };
  }

  private async answer(child: ChildProcess, said = { stdout: "", stderr: "" }): Promise<Ran> {
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => (said[name] += text));
    }
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? 128, ...said };
  }

  private enter(): string[] {
    return vantageCommand(this.server.cloud.cloudId, "operator");
  }

  private spawn(words: readonly string[]): ChildProcess {
    const [command = "", ...args] = this.words(words);
    return spawn(command, args, { cwd: ROOT, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
  }

  private words(words: readonly string[]): string[] {
    const stack = words[0] === "keygen" ? [] : ["--stack", "test"];
    return [
      ...this.enter(),
      process.execPath,
      "--import",
      "tsx",
      "scripts/backup.ts",
      ...words,
      ...stack,
    ];
  }
}

/** The most memory that a process and its children have had, in MB; polled until it has ended. */
export async function peakMemory(child: ChildProcess): Promise<Record<string, number>> {
  const peaks: Record<string, number> = {};
  while (child.exitCode === null && child.signalCode === null) {
    for (const pid of family(child.pid ?? 0)) {
      const status = readStatus(pid);
      const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? "";
      const peak = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
      peaks[name] = Math.max(peaks[name] ?? 0, Math.round(peak));
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return peaks;
}

function family(pid: number): number[] {
  const ran = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  const children = ran.stdout
    .split("\n")
    .map(Number)
    .filter((child) => child > 0);
  return [pid, ...children.flatMap(family)];
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
