import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { withFileLock } from "./file-lock";
import { machineAptOptions, machineAptProxy } from "./machine-apt";
import { DEBIAN, type Recipe, recipeOf } from "./recipes";
import { run } from "./run";
import { archiveWords, unreachable } from "./ubuntu-archive";

/** Builds one image into a file; replaceable, so that tests need not wait for a real build. */
export type ImageBuilder = (workDir: string, file: string, recipe: Recipe) => Promise<void>;

export interface ImageOptions {
  cacheDir: string;
  /** The vendor's name of it. @default Debian 13 */
  image?: string;
  onProgress?: (text: string) => void;
  build?: ImageBuilder;
}

/**
 * The path of the image, built if there is none.
 *
 * An image is used only if it matches the checksum that was written after it: one that is damaged,
 * cut short or half built is built again. Its name holds the hash of its recipe, so that a changed
 * recipe is another image.
 *
 * @throws if the build fails; the cache then holds nothing of it.
 */
export async function ensureImage(options: ImageOptions): Promise<string> {
  const folder = join(options.cacheDir, "images");
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const recipe = recipeOf(options.image ?? DEBIAN);
  const { suite, packages, customize } = recipe;
  const parts: unknown[] = [suite, packages, customize, await machineAptOptions()];
  // Its hosts ask the mirror that they were made from.
  if (recipe.archive) parts.push(recipe.archive, process.env["STRONGHOLD_UBUNTU_ARCHIVE"] ?? "");
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const file = join(folder, `${recipe.name}-${hash.slice(0, 12)}.squashfs`);
  if (await isIntact(file)) return file;
  const waiting = (): void => options.onProgress?.("another process is building it: waiting");
  return withFileLock(join(options.cacheDir, ".image.lock"), waiting, async () => {
    // Whoever held the lock before may have built it.
    if (await isIntact(file)) return file;
    await removeLeftovers(folder);
    await buildInto(folder, file, recipe, options);
    return file;
  });
}

async function buildInto(
  folder: string,
  file: string,
  recipe: Recipe,
  options: ImageOptions,
): Promise<void> {
  const report = options.onProgress ?? ((): void => undefined);
  const start = performance.now();
  const first = `building ${recipe.title}, once (about ${recipe.archive ? "two minutes" : "40 s"})`;
  report(existsSync(file) ? "is damaged: building it again" : first);
  const workDir = join(folder, `.build-${process.pid}`);
  await mkdir(workDir, { mode: 0o700 });
  try {
    const fresh = join(workDir, "image.squashfs");
    await (options.build ?? bootstrap)(workDir, fresh, recipe);
    const sum = await checksum(fresh);
    await rm(`${file}.sha256`, { force: true });
    await sync(fresh);
    await rename(fresh, file);
    await writeFile(join(workDir, "sum"), sum);
    await sync(join(workDir, "sum"));
    await rename(join(workDir, "sum"), `${file}.sha256`);
    await sync(folder);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
  const megabytes = Math.round((await stat(file)).size / 1e6);
  report(`built in ${((performance.now() - start) / 1000).toFixed(1)} s, ${megabytes} MB`);
}

const bootstrap: ImageBuilder = async (workDir, file, recipe) => {
  const root = join(workDir, "root");
  const hooks = recipe.customize.map((line) => `--customize-hook=${line}`);
  const include = `--include=${recipe.packages.join(",")}`;
  const apt = (await machineAptOptions()).map((line) => `--aptopt=${line}`);
  // Unless one is given, no mirror is named: mmdebstrap's own default, through the machine's own way to it.
  const { options, sources } = archiveWords(recipe);
  const flags = ["--quiet", "--mode=root", "--variant=minbase", ...options, include, ...apt];
  const env = { ...process.env, TMPDIR: workDir, ...(await aptProxyOfMachine()) };
  const words = [...CONTAINED, "mmdebstrap", ...flags, ...hooks, recipe.suite, root, ...sources];
  try {
    await run(words, { env });
  } catch (error) {
    throw recipe.archive ? unreachable(recipe, lastLine(error)) : error;
  }
  const squash = ["-comp", "zstd", "-Xcompression-level", "3", "-quiet", "-no-progress"];
  await run(["mksquashfs", root, file, ...squash]);
};

/** What the tool said last, without the hundreds of words that it was called with. */
function lastLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const errors = message.split("\n").filter((line) => /^[EW]: |failed/.test(line));
  return (errors[0] ?? message).replace(/^[^]* failed \(exit [^)]*\): /, "");
}

/** If we are killed, all of the build ends at once, mounts included, and writes into nothing. */
const CONTAINED = [
  ...["setpriv", "--pdeathsig", "KILL"],
  ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
];

/** As a variable, since an apt option would stay in the image. */
async function aptProxyOfMachine(): Promise<NodeJS.ProcessEnv> {
  const proxy = await machineAptProxy();
  return proxy === undefined ? {} : { http_proxy: proxy };
}

async function isIntact(file: string): Promise<boolean> {
  try {
    return (await readFile(`${file}.sha256`, "utf8")) === (await checksum(file));
  } catch {
    return false;
  }
}

async function checksum(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

async function sync(file: string): Promise<void> {
  const handle = await open(file);
  await handle.sync();
  await handle.close();
}

/** Removes what an interrupted build left; its mounts ended with it. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(".build-")) await rm(join(folder, name), { recursive: true, force: true });
  }
}
