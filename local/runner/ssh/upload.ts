import { readFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { promisify } from "node:util";

import type { Client, SFTPWrapper } from "ssh2";

import { RunnerError } from "../failures";
import { filesBelow } from "../fingerprint";

/** Enough to keep a link busy, below the number of files that sshd's SFTP server holds open. */
const WRITES_AT_ONCE = 16;
const MISSING = 2;

export interface Uploaded {
  written: number;
  removed: number;
}

/**
 * Makes `<remotePath>/<name of the folder>` hold exactly the files of the local folder, as files that
 * nobody can run, like the real provider; what lies there besides is removed, which that one leaves.
 */
export async function uploadFolder(
  client: Client,
  localFolder: string,
  remotePath: string,
): Promise<Uploaded> {
  const sftp = await promisify<SFTPWrapper>((done) => client.sftp(done))();
  const remote = new RemoteFolder(sftp);
  if (!(await remote.exists(remotePath))) {
    throw new RunnerError(`there is no folder ${remotePath} on the host to copy into`);
  }
  const root = posix.join(remotePath, basename(localFolder));
  const files = filesBelow(localFolder);
  const folders = [...new Set(["", ...files.flatMap(ancestors)])];
  const there = await remote.list(root);

  for (const folder of folders) {
    if (folder === "" ? !(await remote.exists(root)) : !there.folders.includes(folder)) {
      await remote.makeFolder(posix.join(root, folder));
    }
  }
  await inParallel(files, (file) =>
    remote.write(posix.join(root, file), readFileSync(join(localFolder, file))),
  );
  const surplus = there.files.filter((file) => !files.includes(file));
  await inParallel(surplus, (file) => remote.removeFile(posix.join(root, file)));
  // The deepest first, since only an empty folder can be removed.
  for (const folder of there.folders.filter((name) => !folders.includes(name)).reverse()) {
    await remote.removeFolder(posix.join(root, folder));
  }
  return { written: files.length, removed: surplus.length };
}

/** The folders that a file lies in, outermost first. */
function ancestors(file: string): string[] {
  const folder = dirname(file);
  return folder === "." ? [] : [...ancestors(folder), folder];
}

async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, worker));
}

/** The few SFTP calls that are needed, with the path in their errors. */
class RemoteFolder {
  constructor(private readonly sftp: SFTPWrapper) {}

  async exists(path: string): Promise<boolean> {
    try {
      await this.call<unknown>(path, (done) => {
        this.sftp.stat(path, done);
      });
      return true;
    } catch (error) {
      if ((error as { code?: number }).code === MISSING) return false;
      throw error;
    }
  }

  /** All below a folder, by path relative to it; parents come before their children. */
  async list(root: string, below = ""): Promise<{ files: string[]; folders: string[] }> {
    const found: { files: string[]; folders: string[] } = { files: [], folders: [] };
    const path = posix.join(root, below);
    if (below === "" && !(await this.exists(root))) return found;
    const entries = await this.call<Entry[]>(path, (done) => {
      this.sftp.readdir(path, done);
    });
    for (const { filename, attrs } of entries) {
      const name = posix.join(below, filename);
      if (!attrs.isDirectory()) {
        found.files.push(name);
        continue;
      }
      const inner = await this.list(root, name);
      found.folders.push(name, ...inner.folders);
      found.files.push(...inner.files);
    }
    return found;
  }

  makeFolder(path: string): Promise<void> {
    return this.call(path, (done) => {
      this.sftp.mkdir(path, { mode: 0o755 }, done);
    });
  }

  write(path: string, content: Buffer): Promise<void> {
    return this.call(path, (done) => {
      this.sftp.writeFile(path, content, { mode: 0o644 }, done);
    });
  }

  removeFile(path: string): Promise<void> {
    return this.call(path, (done) => {
      this.sftp.unlink(path, done);
    });
  }

  removeFolder(path: string): Promise<void> {
    return this.call(path, (done) => {
      this.sftp.rmdir(path, done);
    });
  }

  private call<T = void>(path: string, start: (done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      start((error, result) => {
        if (!error) resolve(result as T);
        else reject(Object.assign(new RunnerError(`${path}: ${error.message}`), codeOf(error)));
      });
    });
  }
}

type Done<T> = (error?: Error | null, result?: T) => void;
type Entry = { filename: string; attrs: { isDirectory: () => boolean } };

function codeOf(error: object): { code?: unknown } {
  return "code" in error ? { code: error.code } : {};
}
