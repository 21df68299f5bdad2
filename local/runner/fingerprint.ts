import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

import { isArchive, isAsset, rewrite, type Wire, type WireObject } from "./wire";

/** Adds to each file or folder among the inputs a hash of its content, so that an edit is a change. */
export function withFingerprints(inputs: WireObject): WireObject {
  return rewrite(inputs, (part: Wire) => {
    if (!isArchive(part) && !isAsset(part)) return part;
    const path = part["path"];
    return typeof path === "string" ? { ...part, hash: hashOf(path) } : part;
  }) as WireObject;
}

/** The files below a folder as sorted relative paths, or the file itself as "". */
export function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [""];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
}

function hashOf(path: string): string {
  const hash = createHash("sha256");
  for (const file of filesBelow(path)) {
    const content = readFileSync(join(path, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}
