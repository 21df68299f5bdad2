import { spawn } from "node:child_process";

export interface RunOptions {
  input?: string;
  /** Resolve with whatever the command printed even if it failed. */
  allowFailure?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** Runs one command, words as given (no shell), and returns its stdout; a failure carries its stderr. */
export function run(words: readonly string[], options: RunOptions = {}): Promise<string> {
  const [command = "", ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: options.env ?? process.env,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    // A command may end without reading its input; its exit code tells whether that matters.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("close", (code) => {
      if (code === 0 || options.allowFailure === true) resolve(stdout);
      else
        reject(
          new Error(`${words.join(" ")} failed (exit ${code ?? "by signal"}): ${stderr.trim()}`),
        );
    });
  });
}

/** Polls until `probe` holds or the clock runs out; counting tries would let a slow probe run on. */
export async function pollUntil(
  probe: () => boolean | Promise<boolean>,
  limitMs: number,
  intervalMs = 50,
): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    if (await probe()) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
