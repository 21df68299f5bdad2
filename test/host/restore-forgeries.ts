/**
 * Archives that no honest server makes, each with one thing that is wrong: forged from an honest one at
 * the operator's place, which takes milliseconds, and brought to the vault all at once.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { DatabaseServer } from "./database-server";
import { type Archives, type Json, VAULT } from "./restore-archives";

/** What is wrong with an archive. */
export interface Flaw {
  /** In place of the honest SQL; the manifest promises it. */
  sql?: string | Buffer;
  /** In place of zstd. */
  pack?: (sql: Buffer) => Buffer;
  /** @default the stack's own recipient */
  recipient?: string;
  /** Alters the manifest before it is signed. */
  manifest?: (manifest: Json) => void;
  /** Alters its text before it is signed. */
  line?: (line: string) => string;
  signer?: string;
  namespace?: string;
  /** Alters the manifest's file once it is signed. */
  signed?: (file: string) => string;
  /** Alters the archive before it is measured. */
  sealed?: (archive: Buffer) => Buffer;
  /** Alters the archive once its manifest is signed. */
  archive?: (archive: Buffer) => Buffer;
}

export class Forger {
  readonly honest: string;
  readonly sql: Buffer;
  private readonly files = new Map<string, Buffer>();
  private readonly template: Json;
  private readonly folder: string;

  constructor(
    readonly archives: Archives,
    private readonly server: DatabaseServer,
  ) {
    this.folder = archives.file("forged");
    mkdirSync(this.folder);
    this.honest = archives.full();
    this.template = archives.manifest(this.honest);
    this.sql = Buffer.from(server.must("base64 -w 0 /root/sql; rm /root/sql"), "base64");
  }

  /** An archive of what is there, but for its flaw; answers its id. */
  forge(flaw: Flaw = {}): string {
    const { archives } = this;
    const id = archives.nextId();
    const sql = Buffer.from(flaw.sql ?? this.sql);
    const packed = (flaw.pack ?? zstd)(sql);
    const honest = seal(packed, flaw.recipient ?? archives.recipient);
    const archive = flaw.sealed?.(honest) ?? honest;
    const manifest: Json = {
      ...structuredClone(this.template),
      id,
      archive: measure(archive),
      sql: measure(sql),
    };
    flaw.manifest?.(manifest);
    const plain = JSON.stringify(manifest);
    const line = flaw.line?.(plain) ?? plain;
    const file = `${line}\n${archives.signature(line, flaw.signer, flaw.namespace)}`;
    this.put(`${id}.manifest`, flaw.signed?.(file) ?? file);
    this.put(`${id}.age`, flaw.archive?.(archive) ?? archive);
    return id;
  }

  /** What has been forged under that name. */
  file(name: string): Buffer {
    const file = this.files.get(name);
    if (!file) throw new Error(`nothing has been forged as ${name}`);
    return file;
  }

  put(name: string, content: Buffer | string): void {
    this.files.set(name, Buffer.from(content));
  }

  remove(name: string): void {
    this.files.delete(name);
  }

  swap(one: string, other: string): void {
    const [first, second] = [this.file(one), this.file(other)];
    this.put(one, second);
    this.put(other, first);
  }

  /** Brings all of them to the vault. */
  deliver(): void {
    for (const [name, content] of this.files) writeFileSync(join(this.folder, name), content);
    const tar = execFileSync("tar", ["-C", this.folder, "-c", "."], { maxBuffer: 1 << 30 });
    this.server.must(`base64 -d | tar -C ${VAULT} --no-same-owner -x`, tar.toString("base64"));
  }
}

export const zstd = (content: Buffer): Buffer => filter("zstd", ["-q", "-c"], content);

/** So many zero bytes, compressed; they never are in memory. */
export const zeros = (bytes: number): Buffer =>
  filter("bash", ["-c", `head -c ${bytes} /dev/zero | zstd -q -c`]);

/** With one bit flipped, at that part of its length. */
export const flipped =
  (part: number) =>
  (content: Buffer): Buffer => {
    const copy = Buffer.from(content);
    const at = Math.min(Math.floor(copy.length * part), copy.length - 1);
    copy.writeUInt8(copy.readUInt8(at) ^ 4, at);
    return copy;
  };

function seal(content: Buffer, recipient: string): Buffer {
  return filter("age", ["-r", recipient], content);
}

function measure(content: Buffer): Json {
  return { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

function filter(command: string, args: readonly string[], input?: Buffer): Buffer {
  return execFileSync(command, args, { ...(input && { input }), maxBuffer: 1 << 30 });
}
