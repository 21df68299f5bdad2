/**
 * Archives on their way to the engine that loads them.
 *
 * An archive is brought here as it lies in the store, encrypted, into a file, and its sha256 is compared
 * with its manifest before a byte of it is decrypted. From there on it streams: no plain text is kept on
 * the operator's machine, and memory does not grow with the archive.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, createWriteStream, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { UserError } from "../../local/cli/user-error";
import { ended } from "../stacks/servers";
import { wrongSize } from "./catalogue";
import { type Manifest, refusal } from "./manifest";
import type { Store } from "./store";

/** First line of a file that age has encrypted (age-encryption.org/v1). */
const AGE_HEADER = "age-encryption.org/v1\n";

/** An archive that is here and is the one that its manifest tells of. */
export interface Fetched {
  id: string;
  file: string;
}

/**
 * Brings an archive here and compares it with its manifest.
 *
 * @throws UserError if it is not that archive; nothing has been decrypted then.
 */
export async function fetchArchive(
  store: Store,
  manifest: Manifest,
  folder: string,
): Promise<Fetched> {
  const { id, archive } = manifest;
  const file = join(folder, `${id}.age`);
  const hash = createHash("sha256");
  let bytes = 0;
  const child = store.send(id);
  const end = ended(child, store.host);
  const check = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      bytes += chunk.length;
      // Not one byte more than was promised: the disk here is the operator's own.
      if (bytes > archive.bytes) throw wrongSize(id, bytes, manifest);
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    await pipeline(child.stdout as Readable, check, createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    child.kill();
    await end.catch(() => undefined);
    throw error;
  }
  const { code, stderr } = await end;
  if (code !== 0) throw new UserError(`${id} cannot be fetched: ${stderr.trim()}`);
  if (bytes !== archive.bytes) throw wrongSize(id, bytes, manifest);
  if (hash.digest("hex") !== archive.sha256) {
    throw refusal(
      id,
      "the archive is not the one that its manifest tells of: altered, or another one's",
    );
  }
  requireEncrypted(id, file);
  return { id, file };
}

function requireEncrypted(id: string, file: string): void {
  const head = Buffer.alloc(AGE_HEADER.length);
  const descriptor = openSync(file, "r");
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  if (head.toString("latin1") !== AGE_HEADER) throw refusal(id, "the archive is not encrypted");
}

/** The file of the private key, which only age reads. */
export function requireIdentity(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    throw new UserError(
      `There is no private key at ${file}. Name the file that \`npm run backup -- keygen\` wrote: --identity <file>.`,
      64,
    );
  }
  if ((found.mode & 0o077) !== 0) {
    throw new UserError(`${file} can be read by others on this machine: chmod 600 ${file}`, 64);
  }
  return file;
}

/** An archive in clear, for a pipe. */
export interface Opened {
  stream: AsyncIterable<Buffer>;
  close(): void;
}

/**
 * Decrypts an archive here; the private key goes nowhere else.
 *
 * @throws UserError if the key does not open it, before anything is handed on.
 */
export async function openArchive({ id, file }: Fetched, identity: string): Promise<Opened> {
  const descriptor = openSync(file, "r");
  const child = spawn("age", ["--decrypt", "--identity", identity], {
    stdio: [descriptor, "pipe", "pipe"],
  });
  closeSync(descriptor);
  const end = endOfAge(id, child);
  // Whoever reads the stream hears of it; until then nobody listens.
  end.catch(() => undefined);
  const source = (child.stdout as Readable)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  // age writes nothing before it has found the key that fits, and checked the first piece.
  const first = await source.next();
  if (first.done === true) await end;
  const stream = (async function* (): AsyncGenerator<Buffer> {
    for (let piece = first; piece.done !== true; piece = await source.next()) yield piece.value;
    await end;
  })();
  return { stream, close: () => void child.kill() };
}

async function endOfAge(id: string, child: ChildProcess): Promise<void> {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number>((done, fail) => {
    child.on("error", () => {
      fail(
        new UserError("age is not installed here, and decrypts the archives: apt-get install age"),
      );
    });
    child.on("close", (status) => {
      done(status ?? 1);
    });
  });
  if (code === 0) return;
  // Not that it ever printed a key; but this goes to a terminal or a log.
  const said = stderr.replace(/AGE-SECRET-KEY-\S+/gi, "(key)").replace(/^age: report.*$/gm, "");
  throw /no identity matched/.test(said)
    ? refusal(id, "this private key does not open it; it is encrypted to other recipients")
    : refusal(id, `age cannot decrypt it: ${said.trim()}`);
}
