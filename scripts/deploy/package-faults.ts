/** What is wrong with what a release says of itself. */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";

import semver from "semver";

import type { Artefact, Fault, Item } from "./artefact";

export const PACKAGE = "package.json";
/** The same as the server's. */
const SCOPE = /^@[a-z0-9._~-]{1,100}$/;
const NAME = /^[a-z0-9._~-]{1,100}$/;
const ENTRY = /^[A-Za-z0-9@._/-]{1,200}$/;
const ENTRY_NAME = "which has letters, digits and @ . _ / - alone";
const BUILD = "build it first, and name its folder in `files` of package.json";

export type Json = Record<string, unknown>;

/** The text of a file of the artefact as a JSON object; a fault where it is none. */
export function jsonIn({ root, items }: Artefact, path: string, repair: string): Json | Fault {
  if (!holdsFile(items, path)) return { path, found: "it is missing", allowed: repair };
  try {
    const value: unknown = JSON.parse(readFileSync(join(root, path), "utf8"));
    if (isObject(value)) return value;
  } catch {
    // What the parser says is about a position, which is no help for a file that tools write.
  }
  return { path, found: "it is not a JSON object", allowed: repair };
}

export function isFault(value: Json | Fault): value is Fault {
  return "found" in value && "allowed" in value;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with package.json, and what it names that is not there. */
export function packageFaults(artefact: Artefact, nodes: readonly string[]): Fault[] {
  const read = jsonIn(artefact, PACKAGE, "a release has one at its top, which npm can read");
  if (isFault(read)) return [read];
  return [
    ...nameFaults(read),
    ...mainFaults(read, artefact.items),
    ...engineFaults(read, nodes),
    ...migrationFaults(read, artefact.items),
  ];
}

function nameFaults({ name, version }: Json): Fault[] {
  const faults: Fault[] = [];
  if (typeof name !== "string" || !isName(name)) {
    const allowed = "a name as npm has them, in lower case and without blanks";
    faults.push({ path: PACKAGE, found: said("name", name), allowed });
  }
  if (typeof version !== "string" || semver.valid(version) === null) {
    const allowed = 'a version like "1.4.0"';
    faults.push({ path: PACKAGE, found: said("version", version), allowed });
  }
  return faults;
}

function isName(name: string): boolean {
  const parts = name.split("/");
  const scope = parts.length > 1 ? parts.shift() : undefined;
  return NAME.test(parts.join("/")) && (scope === undefined || SCOPE.test(scope));
}

function mainFaults({ main }: Json, items: readonly Item[]): Fault[] {
  if (typeof main !== "string" || !ENTRY.test(main)) {
    const allowed = `the file that \`node .\` starts, like "dist/server.js", ${ENTRY_NAME}`;
    return [{ path: PACKAGE, found: said("main", main), allowed }];
  }
  const path = posix.normalize(main);
  if (holdsFile(items, path)) return [];
  return [{ path, found: "it is missing, and package.json names it as `main`", allowed: BUILD }];
}

function engineFaults({ engines }: Json, nodes: readonly string[]): Fault[] {
  const range = isObject(engines) ? engines["node"] : undefined;
  if (typeof range !== "string" || semver.validRange(range) === null) {
    const allowed = 'a range of versions like ">=20"';
    return [{ path: PACKAGE, found: said("engines.node", range), allowed }];
  }
  const wrong = nodes.filter((node) => !semver.satisfies(node, range));
  return wrong.map((node) => ({
    path: PACKAGE,
    found: `\`engines.node\` is "${range}", and the server has Node.js ${node}`,
    allowed: "a range that holds there",
  }));
}

function migrationFaults(read: Json, items: readonly Item[]): Fault[] {
  const { stronghold } = read;
  if (stronghold === undefined) return [];
  const entry = isObject(stronghold) ? stronghold["migrate"] : stronghold;
  if (isObject(stronghold) && entry === undefined) return [];
  if (typeof entry !== "string" || !ENTRY.test(entry)) {
    const allowed = `the file of the migration, like "dist/migrate.js", ${ENTRY_NAME}`;
    return [{ path: PACKAGE, found: said("stronghold.migrate", entry), allowed }];
  }
  const path = posix.normalize(entry);
  if (holdsFile(items, path)) return [];
  const found = "it is missing, and package.json names it as `stronghold.migrate`";
  return [{ path, found, allowed: BUILD }];
}

export function said(name: string, value: unknown): string {
  return value === undefined ? `\`${name}\` is missing` : `\`${name}\` is ${JSON.stringify(value)}`;
}

function holdsFile(items: readonly Item[], path: string): boolean {
  return items.some((item) => item.kind === "file" && item.path === path);
}
