/** What a manifest says of its archive, and whether it may be believed. */
import { z } from "zod";

import type { BackupsOutput } from "../../components/lib/outputs-contract";
import { UserError } from "../../local/cli/user-error";

/** The one format that this version reads. */
const FORMAT = 1;
/** Rows are counted a table, so that a manifest is small whatever the size of its archive. */
export const MANIFEST_BYTES_MAX = 4 * 1024 * 1024;

const FULL_ID = /^full-\d{8}T\d{6}Z-[0-9a-f]{8}$/;
const LOG_ID = /^log-[0-9a-f]{8}-\d{6,10}$/;
const SIGNATURE_BEGIN = "-----BEGIN SSH SIGNATURE-----";

const count = z.int().nonnegative();
const moment = z.iso.datetime({ precision: 0 });
const content = z.strictObject({
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const place = { server: z.string().min(1), file: z.string().regex(/^[^/\s]+\.\d{6,10}$/) };
const common = {
  format: z.literal(FORMAT),
  origin: z.string(),
  schema: z.string(),
  engine: z.string(),
  server: z.string(),
  archive: content,
};
const full = z.strictObject({
  ...common,
  kind: z.literal("full"),
  id: z.string().regex(FULL_ID),
  started: moment,
  finished: moment,
  tool: z.string(),
  sql: content,
  tables: z.record(z.string().regex(/^[^\p{Cc}]{1,64}$/u), count),
  log: z.strictObject({ ...place, position: z.int().positive() }),
  previous: z.union([z.literal(""), z.string().regex(FULL_ID)]),
});
const log = z.strictObject({
  ...common,
  kind: z.literal("log"),
  id: z.string().regex(LOG_ID),
  log: z.strictObject({ ...place, ...content.shape, first: moment, last: moment }),
  previous: z.union([z.literal(""), z.string().regex(LOG_ID)]),
});

export type FullManifest = z.infer<typeof full>;
export type LogManifest = z.infer<typeof log>;
export type Manifest = FullManifest | LogManifest;

export type Kind = Manifest["kind"];

/** The kind of archive that goes by such an id; undefined if none does. */
export function kindOf(id: string): Kind | undefined {
  if (FULL_ID.test(id)) return "full";
  return LOG_ID.test(id) ? "log" : undefined;
}

/** A manifest file's two parts: the line that is signed, and the signature. */
export function splitManifest(id: string, text: string): { line: string; signature: string } {
  const end = text.indexOf("\n");
  const line = text.slice(0, Math.max(end, 0));
  const signature = text.slice(end + 1);
  if (end < 1 || !signature.startsWith(SIGNATURE_BEGIN)) {
    throw refusal(id, text === "" ? "its manifest is empty" : "its manifest has no signature");
  }
  return { line, signature };
}

/**
 * A manifest whose signature holds, once it is certain that it is about this archive of this stack.
 *
 * @throws UserError if it is about another one.
 */
export function parseManifest(id: string, line: string, expected: BackupsOutput): Manifest {
  const raw = jsonOf(id, line);
  const named = z.object({ format: z.number(), kind: z.string(), id: z.string() }).safeParse(raw);
  if (!named.success) throw refusal(id, "its manifest does not say what it is about");
  const { format, kind, id: own } = named.data;
  if (format !== FORMAT) {
    throw refusal(
      id,
      `its manifest is of format ${format}, and this version of stronghold reads format ${FORMAT}: use the version that made it, or a newer one`,
    );
  }
  if (own !== id) throw refusal(id, `its manifest is that of ${own}: the files have been renamed`);
  if (kind !== kindOf(id)) throw refusal(id, `its manifest says that it is a "${kind}"`);
  const parsed = (kind === "full" ? full : log).safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refusal(
      id,
      `its manifest is not of format ${FORMAT}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    );
  }
  const { origin, schema, engine } = parsed.data;
  requireEqual(id, "stack", origin, expected.origin);
  requireEqual(id, "schema", schema, expected.schema);
  requireEqual(id, "engine", engine, expected.engine);
  return parsed.data;
}

/** An archive that is not what it should be; by the time that this is said nothing has changed. */
export function refusal(id: string, reason: string): UserError {
  return new UserError(`${id} is refused: ${reason}. Nothing was changed.`);
}

function requireEqual(id: string, what: string, found: string, expected: string): void {
  if (found === expected) return;
  throw refusal(id, `it is of the ${what} "${found}", and this one's is "${expected}"`);
}

function jsonOf(id: string, line: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw refusal(id, "its manifest is not JSON");
  }
  // Of two values of one key every reader takes another one.
  const written = line.match(/"(?:[^"\\]|\\.)*"\s*:?/g) ?? [];
  if (written.filter((text) => text.endsWith(":")).length !== countKeys(value)) {
    throw refusal(id, "its manifest has a key twice");
  }
  return value;
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const children = Object.values(value).reduce((sum: number, one) => sum + countKeys(one), 0);
  return children + (Array.isArray(value) ? 0 : Object.keys(value).length);
}
