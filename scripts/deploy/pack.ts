/** The tarball that is sent. The same release always makes the same one, which is known by its hash. */
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";

import { create } from "tar";

import type { Item } from "./artefact";

export interface Packed {
  file: string;
  sha256: string;
  bytes: number;
}

/** How many digits of the hash name a release. */
const ID_DIGITS = 16;
const PACKED: ReadonlySet<string> = new Set(["file", "folder", "symbolic link"]);

export function idOf({ sha256 }: Packed): string {
  return sha256.slice(0, ID_DIGITS);
}

/**
 * Packs the items of a folder: in the order of their names, with no time, no owner, and one of two modes.
 */
export async function pack(root: string, items: readonly Item[], file: string): Promise<Packed> {
  const paths = items
    .filter(({ kind }) => PACKED.has(kind))
    .flatMap(({ path }) => withParents(path));
  await create(
    {
      ...{ file, cwd: root, noDirRecurse: true, strict: true, mtime: new Date(0) },
      // Without owners, and without the mark of this machine's system in gzip's header.
      ...{ portable: true, gzip: { level: 9 } },
      onWriteEntry: ({ stat }) => {
        if (stat) stat.mode = stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644;
      },
    },
    // A name that begins with @ would be taken for another tarball.
    [...new Set(paths)].sort().map((path) => `./${path}`),
  );
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return { file, sha256: hash.digest("hex"), bytes: statSync(file).size };
}

/** Every folder is in it: what unpacks it would make one that is not with whatever mode. */
function withParents(path: string): string[] {
  const parent = posix.dirname(path);
  return parent === "." ? [path] : [...withParents(parent), path];
}
