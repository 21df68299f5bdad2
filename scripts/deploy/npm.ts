/** npm, as it would be called by hand in a folder. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";

import { UserError } from "../../local/cli/user-error";
import { isObject } from "./package-faults";

const OUTPUT_MAX = 64 * 1024 * 1024;
/** What `npm run` tells the commands that it starts is about this project. */
const OWN = /^(?:npm_(?:package|lifecycle)_|npm_command$|npm_config_local_prefix$)/;
/** What went wrong comes first, and then how npm is used. */
const SAID_MAX = 600;

/** What runs now. */
const running = new Set<ChildProcess>();

/** Ends it at once, so that it writes no more to a folder that goes. */
export function endNpm(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Runs it to its end; it asks for nothing. */
export async function npm(folder: string, words: readonly string[]): Promise<void> {
  const child = spawn("npm", words, {
    ...{ cwd: folder, env: environment() },
    stdio: ["ignore", "ignore", "pipe"],
  });
  running.add(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const code = await new Promise<number>((done, fail) => {
    child.on("error", () => {
      fail(missing());
    });
    child.on("close", (status) => {
      running.delete(child);
      done(status ?? 1);
    });
  });
  if (code !== 0) throw failed(words, said);
}

/** The files that npm would publish of a folder. It runs none of the folder's scripts. */
export function published(folder: string): string[] {
  const words = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const ran = spawnSync("npm", words, {
    ...{ cwd: folder, env: environment(), encoding: "utf8", maxBuffer: OUTPUT_MAX },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (ran.error) throw missing();
  if (ran.status !== 0) throw failed(words, ran.stderr);
  const answer: unknown = JSON.parse(ran.stdout);
  const [report] = isObject(answer) ? Object.values(answer) : (answer as unknown[]);
  const files = isObject(report) ? report["files"] : undefined;
  if (!Array.isArray(files)) throw failed(words, "it lists no files");
  return files.map(({ path }: { path: string }) => path);
}

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name)));
}

function missing(): UserError {
  return new UserError("npm is not installed here; it comes with Node.js.");
}

function failed([verb = ""]: readonly string[], said: string): UserError {
  return new UserError(
    `\`npm ${verb}\` failed: ${said.trim().slice(0, SAID_MAX) || "it says nothing"}`,
  );
}
