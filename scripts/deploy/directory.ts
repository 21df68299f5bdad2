/** A release that comes as a folder: what npm would publish of it, with what its lock file says. */
import { copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { type Artefact, itemAt, itemsIn } from "./artefact";
import { LOCK } from "./dependency-faults";
import { npm, published } from "./npm";
import { isObject, PACKAGE } from "./package-faults";

const REGISTRY = ".npmrc";

/**
 * Copies what belongs to the release: what `files` of package.json names, or else all but what .npmignore or
 * .gitignore leaves out. Nothing is run for it, neither the folder's own scripts nor those of others.
 */
export function readDirectory(folder: string, into: string): Artefact {
  const root = join(into, "release");
  mkdirSync(root);
  const paths = pathsOf(folder).sort();
  const items = paths.map((path) => itemAt(folder, path));
  for (const { path, kind } of items) {
    if (kind !== "file") continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(join(folder, path), join(root, path));
  }
  return { root, items, installed: false };
}

/** Installs what the lock file says; install scripts of dependencies run nowhere. */
export async function install(artefact: Artefact, folder: string): Promise<Artefact> {
  const { root } = artefact;
  // It may name a registry, with a variable for the login; it is no part of the release.
  const registry = join(root, REGISTRY);
  if (existsSync(join(folder, REGISTRY))) copyFileSync(join(folder, REGISTRY), registry);
  try {
    await npm(root, [
      "ci",
      "--omit=dev",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ]);
  } finally {
    rmSync(registry, { force: true });
  }
  return withInstalled(artefact);
}

/** The same with what lies in its node_modules by now. */
export function withInstalled({ root, items }: Artefact): Artefact {
  const isInstalled = existsSync(join(root, "node_modules"));
  const added = isInstalled ? [itemAt(root, "node_modules"), ...itemsIn(root, "node_modules")] : [];
  // npm has written these in a folder that nobody else gets into, with whatever modes.
  const own = added.map((item) => ({ ...item, mode: item.mode & ~0o022 }));
  return { root, items: [...items, ...own], installed: true };
}

/** Why something may be missing that its author thinks is in it. */
export function directoryWarnings(folder: string): string[] {
  const read = packageOf(folder);
  const isIgnored = existsSync(join(folder, ".gitignore"));
  if (!isIgnored || read?.["files"] !== undefined || existsSync(join(folder, ".npmignore"))) {
    return [];
  }
  return [
    "package.json has no `files`, so what .gitignore names was left out: compiled code often is",
  ];
}

function pathsOf(folder: string): string[] {
  const { name, version, main } = packageOf(folder) ?? {};
  // npm lists nothing for a package that it could not publish, and that is a fault of its own.
  const isNamed = typeof name === "string" && typeof version === "string";
  const listed = isNamed ? published(folder) : [typeof main === "string" ? main : PACKAGE];
  // npm leaves the lock file out of what it publishes.
  const all = new Set([...listed, PACKAGE, LOCK]);
  return [...all].filter((path) => {
    // An installed package's own files, where it is bundled: what runs comes by the lock file.
    if (path.startsWith("node_modules/")) return false;
    return lstatSync(join(folder, path), { throwIfNoEntry: false }) !== undefined;
  });
}

function packageOf(folder: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, PACKAGE), "utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
