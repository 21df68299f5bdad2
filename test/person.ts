/** A person at a terminal: a real OpenSSH client whose questions are answered, and a phone. */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How a login went. */
export interface LoginResult {
  code: number;
  stdout: string;
  stderr: string;
  /** Everything that was asked, in its order, also what found no answer. */
  prompts: string[];
}

export interface LoginOptions {
  /** What the remote command reads. */
  input?: string;
  /** A login that takes longer is ended. @default 120 s, after which sshd does so itself (LoginGraceTime) */
  limitMs?: number;
  /** Called at each question before it is answered, so that a test can hold a login at its prompt. */
  beforeAnswer?: (prompt: string, nth: number) => Promise<void> | void;
}

/** ssh runs this for each question. Its answer is the file that bears the question's number. */
const ASKPASS = `#!/bin/bash
n=$(ls "$STRONGHOLD_PERSON/prompts" | wc -l)
printf '%s' "$1" >"$STRONGHOLD_PERSON/asking"
mv "$STRONGHOLD_PERSON/asking" "$STRONGHOLD_PERSON/prompts/$n"
for ((i = 0; i < 1200; i++)); do
  [[ ! -e $STRONGHOLD_PERSON/answers/$n ]] || exec cat "$STRONGHOLD_PERSON/answers/$n"
  sleep 0.05
done
exit 1
`;

/**
 * Runs ssh, whose words may have others in front (a vantage point's), and gives the answers in their
 * order; every further question gets an empty one, and there are no more tries than answers.
 */
export async function loginWith(
  words: readonly string[],
  answers: readonly string[],
  options: LoginOptions = {},
): Promise<LoginResult> {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-person-"));
  try {
    for (const name of ["prompts", "answers"]) mkdirSync(join(folder, name));
    const askpass = join(folder, "askpass");
    writeFileSync(askpass, ASKPASS, { mode: 0o700 });
    const env = {
      ...process.env,
      STRONGHOLD_PERSON: folder,
      SSH_ASKPASS: askpass,
      SSH_ASKPASS_REQUIRE: "force",
      SSH_AUTH_SOCK: process.env["SSH_AUTH_SOCK"] ?? "",
    };
    const [command = "", ...args] = withTries(words, Math.max(answers.length, 1));
    const child = spawn(command, args, { cwd: "/", env, stdio: ["pipe", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    const limit = setTimeout(() => child.kill("SIGKILL"), options.limitMs ?? 120_000);
    const ended = new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve(code ?? 128);
      });
    });
    const talking = answer(folder, answers, options, ended);
    const code = await ended;
    clearTimeout(limit);
    await talking;
    return { code, ...said, prompts: promptsIn(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Answers the questions as they come, until the client has ended. */
async function answer(
  folder: string,
  answers: readonly string[],
  { beforeAnswer }: LoginOptions,
  ended: Promise<number>,
): Promise<void> {
  const over = new Set<"over">();
  const end = (): void => void over.add("over");
  ended.then(end, end);
  for (let nth = 0; over.size === 0;) {
    const asked = join(folder, "prompts", String(nth));
    if (!existsSync(asked)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    await beforeAnswer?.(readFileSync(asked, "utf8"), nth);
    const file = join(folder, "answers", String(nth));
    writeFileSync(`${file}.new`, `${answers[nth] ?? ""}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    nth += 1;
  }
}

function promptsIn(folder: string): string[] {
  const count = readdirSync(join(folder, "prompts")).length;
  return Array.from({ length: count }, (_, n) =>
    readFileSync(join(folder, "prompts", String(n)), "utf8"),
  );
}

/** The first value that ssh finds for an option is the one it takes, so ours comes right behind it. */
function withTries(words: readonly string[], tries: number): string[] {
  const at = words.indexOf("ssh") + 1;
  if (at === 0) throw new Error(`there is no ssh in: ${words.join(" ")}`);
  const option = ["-o", `NumberOfPasswordPrompts=${tries}`];
  return [...words.slice(0, at), ...option, ...words.slice(at)];
}

/** What the phone shows at that time: a code of `oathtool`, which knows nothing of this project. */
export function totp(secret: string, at = new Date()): string {
  const seconds = Math.floor(at.getTime() / 1000);
  const args = ["--totp", "--base32", `--now=@${seconds}`, "-"];
  const ran = spawnSync("oathtool", args, { input: secret, encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`oathtool failed: ${ran.stderr}`);
  return ran.stdout.trim();
}
