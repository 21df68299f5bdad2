import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { quotedForShell } from "../../../components/lib/remote-commands";
import { RunnerError } from "../failures";
import { filesBelow } from "../fingerprint";
import { type Connection, nameOf } from "./connection";
import { execute } from "./execute";

export interface Uploaded {
  written: number;
  removed: number;
}

/** The exit code of `unpack.sh` if there is nowhere to unpack. */
const NO_FOLDER = 66;

/**
 * Makes `<remotePath>/<name of the folder>` hold exactly the files of the local folder, as files that
 * nobody can run, like the real provider; what lies there besides is removed, which that one leaves.
 *
 * Goes through `tar` in one command, as a copy file by file could be found half done on the host.
 */
export async function uploadFolder(
  connection: Connection,
  localFolder: string,
  remotePath: string,
  signal: AbortSignal,
): Promise<Uploaded> {
  const files = filesBelow(localFolder);
  const script = readFileSync(join(__dirname, "unpack.sh"), "utf8");
  const args = [remotePath, basename(localFolder), String(files.length)];
  const words = ["sh", "-c", script, "unpack", ...args];
  const command = words.map(quotedForShell).join(" ");
  const archive = pack(localFolder, files);
  const { code, stdout, stderr } = await execute(connection, command, archive, signal);
  if (code === NO_FOLDER) {
    throw new RunnerError(`there is no folder ${remotePath} on the host to copy into`);
  }
  if (code !== 0) {
    throw new RunnerError(`nothing was copied to ${nameOf(connection)}: ${stderr.trim()}`);
  }
  const before = stdout.split("\0").slice(0, -1);
  return { written: files.length, removed: before.filter((file) => !files.includes(file)).length };
}

/** The files as an archive that holds their names and contents, and nothing of their owners or modes. */
function pack(folder: string, files: string[]): Buffer {
  const mode = ["--mode", "a-x,u=rw,go=r"];
  const names = ["--null", "--dereference", "--files-from", "-"];
  const owner = ["--owner", "0", "--group", "0", "--numeric-owner"];
  const packed = spawnSync("tar", ["-c", "-C", folder, ...mode, ...owner, ...names, "-f", "-"], {
    input: files.map((file) => `${file}\0`).join(""),
    maxBuffer: Infinity,
  });
  if (packed.status === 0) return packed.stdout;
  const why = packed.error?.message ?? packed.stderr.toString("utf8").trim();
  throw new RunnerError(`${folder} cannot be packed: ${why}`);
}
