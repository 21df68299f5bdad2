/** `stronghold-application` on one app server; see its head for what each verb does. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { z } from "zod";

import type { Progress } from "../../local/cli/progress";
import { UserError } from "../../local/cli/user-error";
import { ConnectionError, ended, type Host, type Servers } from "../stacks/servers";
import { shown } from "./artefact";
import type { Account } from "./outputs";
import { idOf, type Packed } from "./pack";

const TOOL = "/usr/local/sbin/stronghold-application";
/** For whoever is cut off from a server at work. */
export const CUT_OFF =
  "What the server has been told to do it ends or undoes by itself: `npm run deploy -- status` shows what came of it.";
const UP = "bring the stack up with this version first.";
/** What it ends with (sysexits.h). */
const USAGE = 64;
export const BUSY = 75;

const RELEASE = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  deployed: z.string().nullable(),
  current: z.boolean(),
});
const DEPLOY = z.object({
  at: z.string(),
  by: z.string(),
  action: z.string(),
  release: z.string().nullable(),
  result: z.string(),
});
const STATUS = z.object({
  current: z.string().nullable(),
  service: z.string(),
  releases: z.array(RELEASE),
  deploys: z.array(DEPLOY),
  lock: z.string().nullable(),
  node: z.string().regex(/^\d+\.\d+\.\d+/),
});

export type Status = z.infer<typeof STATUS>;

interface Answer {
  code: number;
  stdout: string;
  stderr: string;
  /** What it says at its end. */
  result: string;
}

export class AppServer {
  /** Whether it is told to change something just now, which it does to the end. */
  isChanging = false;

  constructor(
    readonly host: Host,
    private readonly servers: Servers,
    private readonly progress: Progress,
  ) {}

  async status(): Promise<Status> {
    const { stdout } = await this.order("status");
    const read = STATUS.safeParse(jsonOf(stdout));
    if (read.success) return read.data;
    throw this.fault(`answers \`status\` in another way than this version reads: ${UP}`);
  }

  /** Whether that release is there, whole. */
  async has({ sha256 }: Packed): Promise<boolean> {
    const answer = await this.ask(`has ${sha256}`);
    if (answer.code === 1 && !isMissing(answer)) return false;
    this.require("has", answer);
    return true;
  }

  async receive(packed: Packed): Promise<void> {
    const { result } = await this.order(`receive ${packed.sha256}`, createReadStream(packed.file));
    if (result === idOf(packed)) return;
    throw this.fault(`calls the release "${result}" instead of ${idOf(packed)}: ${UP}`);
  }

  /** The account goes by stdin alone: words can be seen by everybody on a machine, and are logged by sudo. */
  async deploy(id: string, by: string, deployment?: Account): Promise<string> {
    const told = deployment === undefined ? {} : { database: deployment };
    const secrets = deployment === undefined ? [] : [deployment.password];
    const words = `deploy ${id} ${by}`;
    return this.change(words, `${JSON.stringify(told)}\n`, secrets);
  }

  async rollback(by: string, id?: string): Promise<string> {
    return this.change(`rollback ${by}${id === undefined ? "" : ` ${id}`}`);
  }

  /** The same for what changes something there, which goes on without a connection. */
  private async change(
    words: string,
    input?: string,
    secrets?: readonly string[],
  ): Promise<string> {
    this.isChanging = true;
    try {
      return (await this.order(words, input, secrets)).result;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      throw new UserError(`${error.message}\n${CUT_OFF}`);
    } finally {
      this.isChanging = false;
    }
  }

  private async order(
    words: string,
    input: string | Readable = "",
    secrets: readonly string[] = [],
  ): Promise<Answer> {
    const answer = await this.ask(words, input, secrets);
    this.require(words.split(" ")[0] ?? "", answer);
    return answer;
  }

  private async ask(
    words: string,
    input: string | Readable = "",
    secrets: readonly string[] = [],
  ): Promise<Answer> {
    const child = this.servers.start(this.host, `sudo -n ${TOOL} ${words}`);
    const end = ended(child, this.host);
    end.catch(() => undefined);
    const stdin = child.stdin as Writable;
    // A server that refuses does not read on; what it says is the better reason.
    stdin.on("error", () => undefined);
    if (typeof input === "string") stdin.end(input);
    else pipeline(input, stdin).catch(() => undefined);
    const hide = (text: string): string =>
      secrets.reduce((all, secret) => all.replaceAll(secret, "(secret)"), text);
    let stdout = "";
    let result = "";
    for await (const line of createInterface({ input: child.stdout as Readable })) {
      const [kind, text = ""] = line.split(/\t(.*)/s);
      if (kind === "STEP") this.progress.line(this.host, hide(shown(text)));
      else if (kind === "RESULT") result = hide(shown(text));
      else stdout += `${line}\n`;
    }
    const { code, stderr } = await end;
    return { code, stdout, result, stderr: hide(stderr).trim() };
  }

  private require(verb: string, answer: Answer): void {
    const { code, stderr } = answer;
    if (code === 0) return;
    if (isMissing(answer)) {
      throw this.fault(`has no control \`application\` yet: ${UP}`);
    }
    if (code === USAGE) {
      throw this.fault(`does not understand \`${verb}\` of this version (${stderr}): ${UP}`);
    }
    if (code === BUSY) {
      throw this.fault(`is busy: ${stderr || "another deploy is at work there"}`, BUSY);
    }
    throw this.fault(`failed to ${verb} (${code}):\n${stderr || "It does not say why."}`);
  }

  private fault(text: string, code = 1): UserError {
    return new UserError(`The server "${this.host}" ${text}`, code);
  }
}

/** sudo's own answer, or a shell's, where the program is not there. */
function isMissing({ stderr }: Answer): boolean {
  return /stronghold-application: (?:command not found|not found|No such file)/.test(stderr);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
