/** Releases of examples/hello, sound and sick ones, made outside the checkout. */
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { ROOT } from "./cloud";

const EXAMPLE = join(ROOT, "examples/hello");
/** What a developer may have lying there, and what a checkout has not. */
const MADE = ["node_modules", "dist"];

/** Makes the built release in that folder sick. */
export type Sickness = (release: string) => void;

export class ExampleReleases {
  private readonly built: string;
  private count = 0;

  constructor(private readonly folder: string) {
    this.built = join(folder, "built");
  }

  /** As its README says. */
  build(): void {
    const isSource = (path: string): boolean => !MADE.includes(basename(path));
    cpSync(EXAMPLE, this.built, { recursive: true, filter: isSource });
    this.npm("ci", "--ignore-scripts", "--no-audit", "--no-fund");
    this.npm("run", "build");
  }

  /** Has it run its own tests, which are no business of this project's jest. */
  test(): void {
    this.npm("test");
  }

  /** A folder to deploy; the same words give the same release. */
  release(version: string, sickness?: Sickness): string {
    this.count += 1;
    const release = join(this.folder, `release-${this.count}`);
    const isNeeded = (path: string): boolean => basename(path) !== "node_modules";
    cpSync(this.built, release, { recursive: true, filter: isNeeded, preserveTimestamps: true });
    edit(release, "package.json", '"version": "1.0.0"', `"version": "${version}"`);
    sickness?.(release);
    return release;
  }

  readonly sick = {
    unhealthy: (release) => {
      edit(release, "dist/app.js", "reachable ? 200 : 503", "503");
    },
    crashing: (release) => {
      writeFileSync(join(release, "dist/server.js"), 'throw new Error("sick");\n');
    },
    deaf: (release) => {
      writeFileSync(join(release, "dist/server.js"), "setInterval(() => undefined, 1000);\n");
    },
    stuck: (release) => {
      writeFileSync(join(release, "dist/migrate.js"), 'throw new Error("sick");\n');
    },
  } satisfies Record<string, Sickness>;

  private npm(...words: string[]): void {
    const ran = spawnSync("npm", words, { cwd: this.built, encoding: "utf8", timeout: 240_000 });
    if (ran.status === 0) return;
    throw new Error(
      `npm ${words.join(" ")} ended with ${String(ran.status)}: ${ran.stderr}${ran.stdout}`,
    );
  }
}

/** @throws if the text is not there any more: the release would be a sound one. */
function edit(release: string, file: string, from: string, to: string): void {
  const path = join(release, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${file} of the example has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}
