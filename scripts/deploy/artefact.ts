/** What a release is made from, and all that is wrong with it. */
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

import { UserError } from "../../local/cli/user-error";
import { dependencyFaults } from "./dependency-faults";
import { fileFaults, isTooLarge } from "./file-faults";
import { packageFaults } from "./package-faults";
import { type KnownSecret, secretFaults } from "./secret-faults";

export type Kind = "file" | "folder" | "symbolic link" | "hard link" | "device" | "FIFO" | "socket";

/** One thing in an artefact, as it was handed over. */
export interface Item {
  /** From the release's top, with slashes and none at its ends. */
  path: string;
  kind: Kind;
  mode: number;
  bytes: number;
  /** Of a link: where it leads. */
  target?: string;
}

export interface Artefact {
  /** The folder that holds it, private to this command. */
  root: string;
  items: readonly Item[];
  /** Whether the production dependencies should be in it by now. */
  installed: boolean;
}

/** What is wrong, where, and what would be right. */
export interface Fault {
  path: string;
  found: string;
  allowed: string;
}

/** What an artefact is judged by. */
export interface Facts {
  /** The versions of Node.js that are to run it. */
  nodes: readonly string[];
  /** What the stack must never find in a release. */
  secrets: readonly KnownSecret[];
}

/** All that is wrong with it. */
export function artefactFaults(artefact: Artefact, { nodes, secrets }: Facts): Fault[] {
  return [
    ...packageFaults(artefact, nodes),
    ...dependencyFaults(artefact),
    ...fileFaults(artefact),
    // Nobody waits for the reading of what is refused for its size.
    ...(isTooLarge(artefact.items) ? [] : secretFaults(artefact, secrets)),
  ];
}

/** What need not be wrong, and should be known. */
export function artefactWarnings({ items }: Artefact): string[] {
  const [first, ...others] = items.filter(
    ({ path, kind }) => kind === "file" && path.endsWith(".node"),
  );
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return [`native code has to be built for Linux on x64: ${shown(first.path)}${more}`];
}

/** @throws UserError with a line for each fault */
export function refuseFaulty(source: string, faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  throw new UserError(`${source} is refused, and nothing was sent:\n${renderFaults(faults)}`);
}

export function renderFaults(faults: readonly Fault[]): string {
  return faults
    .map(({ path, found, allowed }) => `  ${shown(path)}: ${found}; ${allowed}`)
    .join("\n");
}

/** A path as it can be printed: control characters would act in a terminal. */
export function shown(path: string): string {
  return path.replace(/\p{Cc}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\x${code.toString(16).padStart(2, "0")}`;
  });
}

/** All that lies in a folder, sorted; links are not followed. */
export function itemsIn(root: string, under = ""): Item[] {
  const names = readdirSync(join(root, under)).sort();
  return names.flatMap((name) => {
    const item = itemAt(root, under === "" ? name : `${under}/${name}`);
    return item.kind === "folder" ? [item, ...itemsIn(root, item.path)] : [item];
  });
}

export function itemAt(root: string, path: string): Item {
  const file = join(root, path);
  const found = lstatSync(file);
  // Debian and Ubuntu give each person a group of their own, named by the same number, and let it write.
  const own = found.uid === found.gid ? 0o020 : 0;
  const mode = found.mode & 0o7777 & ~own;
  if (found.isDirectory()) return { path, kind: "folder", mode, bytes: 0 };
  if (found.isFile()) return { path, kind: "file", mode, bytes: found.size };
  if (found.isSymbolicLink()) {
    return { path, kind: "symbolic link", mode, bytes: 0, target: readlinkSync(file) };
  }
  const kind = found.isFIFO() ? "FIFO" : found.isSocket() ? "socket" : "device";
  return { path, kind, mode, bytes: 0 };
}
