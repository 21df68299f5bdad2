/** A release that comes as a tarball: looked through before anything of it is unpacked. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { extract, list } from "tar";

import { UserError } from "../../local/cli/user-error";
import type { Artefact, Item, Kind } from "./artefact";
import { isInside, isTooLarge, leadsInside } from "./file-faults";
import { PACKAGE } from "./package-faults";

const KINDS: Readonly<Record<string, Kind>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "folder",
  SymbolicLink: "symbolic link",
  Link: "hard link",
  FIFO: "FIFO",
};

/**
 * Unpacks what may be unpacked; what may not is an item all the same, so that it is named.
 *
 * @throws UserError if it is no tarball.
 */
export async function readTarball(file: string, folder: string): Promise<Artefact> {
  const items = await lookThrough(file);
  const unpacked = join(folder, "unpacked");
  mkdirSync(unpacked);
  if (!isTooLarge(items)) {
    const harmless = new Set(items.filter(isHarmless).map(({ path }) => path));
    await extract({
      ...{ file, cwd: unpacked, preserveOwner: false, noMtime: true },
      filter: (path) => harmless.has(plain(path)),
    });
  }
  const top = topFolder(items);
  if (top === undefined) return { root: unpacked, items, installed: true };
  return {
    root: join(unpacked, top),
    items: items
      .filter(({ path }) => path !== top)
      .map((item) => ({ ...item, path: item.path.slice(top.length + 1) })),
    installed: true,
  };
}

async function lookThrough(file: string): Promise<Item[]> {
  const items: Item[] = [];
  let broken: string | undefined;
  try {
    await list({
      file,
      onReadEntry: ({ path, type, mode = 0, size, linkpath }) => {
        const kind = KINDS[type] ?? "device";
        items.push({
          ...{ path: plain(path), kind, mode: mode & 0o7777 },
          bytes: kind === "file" ? size : 0,
          ...(linkpath === undefined ? {} : { target: linkpath }),
        });
      },
      onwarn: (code, message) => {
        if (code !== "TAR_ENTRY_INFO") broken = message;
      },
    });
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error);
  }
  if (broken === undefined && items.length > 0) return items.filter(({ path }) => path !== ".");
  throw new UserError(`${file} is no tarball that can be read: ${broken ?? "it is empty"}.`);
}

/** `./a/` and `a` are one and the same. */
function plain(path: string): string {
  return path.replace(/^(?:\.\/)+(?=.)/, "").replace(/(?<=.)\/+$/, "");
}

function isHarmless(item: Item): boolean {
  if (!isInside(item.path)) return false;
  if (item.kind === "symbolic link") return leadsInside(item);
  return item.kind === "file" || item.kind === "folder";
}

/** The one folder that all is in, as `npm pack` and forges make them. */
function topFolder(items: readonly Item[]): string | undefined {
  const tops = new Set(items.map(({ path }) => path.split("/")[0] ?? ""));
  const [top = ""] = tops;
  const isFolder = items.every(({ path, kind }) => path !== top || kind === "folder");
  return tops.size === 1 && isFolder && top !== PACKAGE && isInside(top) ? top : undefined;
}
