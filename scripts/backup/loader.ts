/** `stronghold-restore`, which loads an archive on the database server or here; see its promise.sh. */
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import { UserError } from "../../local/cli/user-error";
import { ended, type Servers } from "../stacks/servers";
import { type Fetched, openArchive } from "./archive";
import type { FullManifest, LogManifest } from "./manifest";

const TOOL = "/usr/local/sbin/stronghold-restore";
const OWN_TOOL = resolve(__dirname, `../host/files/backups${TOOL}`);
/** One piece of the stream: large, since each costs the other side a process. */
const PIECE_BYTES = 1024 * 1024;

/** What is to be rebuilt: an archive and, for a point in time, the logs after it. */
export interface Rebuild {
  full: FullManifest;
  logs?: LogManifest[];
  /** In UTC, like 2026-11-23T12:00:00Z. */
  at?: string;
  /** The archives in the order of the manifests. */
  archives: Fetched[];
  identity: string;
}

export interface Loaded {
  /** Rows by table, once everything has been loaded and replayed. */
  tables: Record<string, number>;
  notes: string[];
}

/** A loader that waits for its input. */
export type StartLoader = (words: string) => ChildProcess;

/** The one on the stack's database server. */
export function serverLoader(servers: Servers): StartLoader {
  return (words) => servers.start("db", `sudo -n ${TOOL} ${words}`);
}

/** This machine's own, for rehearsals. */
export const ownLoader: StartLoader = (words) =>
  spawn("bash", [OWN_TOOL, ...words.split(" "), "--here"], { stdio: ["pipe", "pipe", "pipe"] });

/**
 * Decrypts the archives one after the other into the loader.
 *
 * @throws UserError if an archive cannot be decrypted or is not as promised; nothing was changed then.
 */
export async function load(
  start: StartLoader,
  words: string,
  rebuild: Rebuild,
  onStep: (text: string) => void,
): Promise<Loaded> {
  const [first, ...rest] = rebuild.archives;
  if (!first) throw new Error("there is nothing to load");
  // Before the loader is started: a wrong key disturbs nobody.
  const opened = await openArchive(first, rebuild.identity);
  const child = start(words);
  const result = readResult(child, onStep);
  result.catch(() => undefined);
  try {
    const stdin = child.stdin as Writable;
    // A loader that refuses does not read on; what it says is the better reason.
    stdin.on("error", () => undefined);
    stdin.write(promiseOf(rebuild));
    await sendPart(stdin, opened.stream);
    for (const archive of rest) {
      await sendPart(stdin, (await openArchive(archive, rebuild.identity)).stream);
    }
    stdin.end();
  } catch (error) {
    // Without the end of the part the loader takes nothing for complete. The connection stays open until
    // it has tidied up.
    child.stdin?.end();
    await result.catch(() => undefined);
    throw error;
  } finally {
    opened.close();
  }
  return result;
}

/** What the loader is told of the archives: all of it is out of signed manifests. */
export function promiseOf({ full, logs = [], at }: Omit<Rebuild, "archives" | "identity">): string {
  const lines = [
    `schema ${full.schema}`,
    `engine ${full.engine}`,
    `sql ${full.sql.bytes} ${full.sql.sha256}`,
    ...Object.entries(full.tables).map(([name, rows]) => `table ${rows} ${name}`),
    ...logs.map(({ log }, index) => {
      // Every log file begins with four bytes that are no event.
      const position = index === 0 ? full.log.position : 4;
      return `log ${log.bytes} ${log.sha256} ${position}`;
    }),
    ...(at === undefined ? [] : [`until ${at.replace("T", " ").replace("Z", "")}`]),
    "end",
  ];
  return `${lines.join("\n")}\n`;
}

async function sendPart(stdin: Writable, stream: AsyncIterable<Buffer>): Promise<void> {
  let piece: Buffer[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (bytes === 0) return;
    const data = Buffer.concat([Buffer.from(`${bytes}\n`), ...piece]);
    piece = [];
    bytes = 0;
    await write(stdin, data);
  };
  for await (const chunk of stream) {
    piece.push(chunk);
    bytes += chunk.length;
    if (bytes >= PIECE_BYTES) await flush();
    if (isClosed(stdin)) return;
  }
  await flush();
  await write(stdin, Buffer.from("0\n"));
}

/** Whether the other side has gone, which it may do at any time. */
const isClosed = (stdin: Writable): boolean => stdin.destroyed;

async function write(stdin: Writable, data: Buffer): Promise<void> {
  if (isClosed(stdin) || stdin.write(data)) return;
  // Closed, it never drains; that it is closed by an error is told by whoever closed it.
  await new Promise<void>((done) => {
    const goOn = (): void => {
      stdin.off("drain", goOn).off("close", goOn);
      done();
    };
    stdin.on("drain", goOn).on("close", goOn);
  });
}

async function readResult(child: ChildProcess, onStep: (text: string) => void): Promise<Loaded> {
  const loaded: Loaded = { tables: {}, notes: [] };
  const end = ended(child, "db");
  end.catch(() => undefined);
  const last = { REFUSED: "", FAILED: "", DONE: "" };
  for await (const line of createInterface({ input: child.stdout as Readable })) {
    const [kind, text = ""] = line.split(/\t(.*)/s);
    if (kind === "STEP") onStep(text);
    else if (kind === "NOTE") loaded.notes.push(text);
    else if (kind === "REFUSED" || kind === "FAILED" || kind === "DONE") last[kind] = text;
    else if (kind === "ROWS") {
      const space = text.indexOf(" ");
      loaded.tables[text.slice(space + 1)] = Number(text.slice(0, space));
    }
  }
  const { code, stderr } = await end;
  if (last.REFUSED !== "") throw new UserError(`Refused: ${last.REFUSED}. Nothing was changed.`);
  if (last.FAILED !== "") throw new UserError(`The restore failed: ${last.FAILED}.`);
  if (code === 0 && last.DONE !== "") return loaded;
  const said = stderr.trim() || "it said nothing";
  throw new UserError(`stronghold-restore failed (${code}): ${said}. Nothing was changed.`);
}
