import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";

import { RunnerError } from "../failures";
import type { Handler, Made, Work } from "../handler";
import type { Connection } from "../ssh/connection";
import { uploadFolder } from "../ssh/upload";
import { isArchive, type Wire, type WireObject } from "../wire";

/** `command.remote.CopyToRemote` of a folder. */
export const copyToRemoteHandler: Handler = {
  create: (work, inputs) => copy(work, randomBytes(8).toString("hex"), inputs),
  update: (work, { id }, inputs) => copy(work, id, inputs),
};

async function copy(work: Work, id: string, inputs: WireObject): Promise<Made> {
  const connection = inputs["connection"] as unknown as Connection;
  const folder = folderOf(inputs["source"] ?? null);
  const remotePath = inputs["remotePath"] as string;
  const { written, removed } = await uploadFolder(connection, folder, remotePath, work.signal);
  work.say(`${written} files${removed > 0 ? `, ${removed} stale ones removed` : ""}`);
  return { id, outputs: {} };
}

function folderOf(source: Wire): string {
  const path = isArchive(source) ? source["path"] : undefined;
  if (typeof path === "string" && statSync(path).isDirectory()) return path;
  throw new RunnerError(
    "the embedded runner copies folders only: give `source` a FileArchive of one",
  );
}
