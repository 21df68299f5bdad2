/**
 * `npm run bench`: how long the local cloud takes, each figure the median of several runs.
 *
 *   npm run bench -- [--runs N] [--image] [--json]
 *
 * `--image` also times a build of the image from nothing, into a throw-away cache.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { ensureImage } from "../../local/machines/image";

/** What the project promises of itself, in seconds on two cores. */
const LIMITS: Record<string, number> = {
  "up, image cached": 45,
  "API call to SSH, both hosts": 10,
  "up, nothing to do": 3,
};

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    image: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const env = { ...process.env, STRONGHOLD_CLOUD: "bench" };
const figures: Record<string, number[]> = {};

async function time<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  (figures[name] ??= []).push((performance.now() - start) / 1000);
  return result;
}

/** A command of the local cloud, timed as a whole process, with its progress lines. */
function local(...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = ["--import", "tsx", "scripts/local.ts", ...words];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let progress = "";
    child.stderr.on("data", (chunk: Buffer) => (progress += chunk.toString()));
    child.on("close", (code) => {
      if (code === 0) resolve(progress);
      else reject(new Error(`${words.join(" ")} failed:\n${progress}`));
    });
  });
}

/** Seconds from the first server's creation to the end of the last one's, read from the progress lines. */
function serverTime(progress: string): number {
  const at = (pattern: RegExp): number[] =>
    progress
      .split("\n")
      .filter((line) => pattern.test(line))
      .map((line) => Number.parseFloat(line));
  const made = at(/-instance done/);
  return Math.max(...made) - Math.min(...at(/creating \S+-instance$/));
}

async function main(): Promise<void> {
  if (values.image) {
    const cacheDir = mkdtempSync(join(tmpdir(), "stronghold-bench-"));
    await time("image build", () => ensureImage({ cacheDir }));
    rmSync(cacheDir, { recursive: true, force: true });
  }
  for (let run = 0; run < Number(values.runs); run += 1) {
    await local("down");
    const progress = await time("up, image cached", () => local("up", "--engine", "embedded"));
    (figures["API call to SSH, both hosts"] ??= []).push(serverTime(progress));
    await time("up, nothing to do", () => local("up", "--engine", "embedded"));
    await time("down", () => local("down"));
  }
  report();
}

function report(): void {
  const rows = Object.entries(figures).map(([name, runs]) => {
    const sorted = [...runs].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return { name, median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, limit: LIMITS[name] };
  });
  const cores = execFileSync("nproc", { encoding: "utf8" }).trim();
  if (values.json) console.log(JSON.stringify({ cores: Number(cores), rows }, null, 2));
  else {
    console.log(`${cores} cores, ${values.runs} runs; seconds: median (min - max), limit`);
    for (const { name, median, min, max, limit } of rows) {
      const range = `${median.toFixed(1)} (${min.toFixed(1)} - ${max.toFixed(1)})`;
      console.log(
        `${name.padEnd(30)} ${range.padEnd(22)} ${limit === undefined ? "" : `< ${limit}`}`,
      );
    }
  }
  if (rows.some(({ median, limit }) => limit !== undefined && median > limit)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
