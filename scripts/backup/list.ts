import { type Entry, chainsOf } from "./catalogue";
import type { Chain } from "./chain";
import { kindOf } from "./manifest";
import { type SessionOptions, withSession } from "./session";

/** One row of the list. */
interface Row {
  id: string;
  kind: string;
  when: string;
  bytes: number;
  rows?: number;
  /** Of the manifest; "none" where there is no manifest (yet). */
  signature: "valid" | "refused" | "none";
  /** Whether archive and manifest are there. */
  complete: boolean;
  fault?: string;
}

/**
 * Shows what there is and up to which second it can be restored. It takes no private key.
 *
 * @returns whether all that is there may be believed, and the newest archive's logs have no gap.
 */
export async function list(options: SessionOptions): Promise<boolean> {
  return withSession(options, async ({ catalogue, backups, store }) => {
    const entries = await catalogue.read();
    const rows = entries.map(rowOf);
    const chains = chainsOf(entries);
    const windows = chains.map(windowOf);
    const sound =
      rows.every(({ fault }) => fault === undefined) && chains.at(-1)?.gap === undefined;
    if (options.json) {
      const { origin } = backups;
      console.log(JSON.stringify({ origin, from: store.place, archives: rows, windows }, null, 2));
    } else {
      console.log(render(rows, windows));
    }
    return sound && chains.length > 0;
  });
}

function rowOf({ id, age, manifest, manifestOf, fault }: Entry): Row {
  const details =
    manifestOf?.kind === "full"
      ? {
          when: manifestOf.finished,
          rows: Object.values(manifestOf.tables).reduce((a, b) => a + b, 0),
        }
      : { when: manifestOf?.log.last ?? "" };
  return {
    id,
    kind: kindOf(id) ?? "",
    ...details,
    bytes: age ?? 0,
    signature: manifestOf ? "valid" : manifest === undefined ? "none" : "refused",
    complete: age !== undefined && manifest !== undefined,
    ...(fault ? { fault: fault.message } : {}),
  };
}

/** From when to when one can restore, from one full archive on. */
interface Window {
  full: string;
  from: string;
  until: string;
  logs: number;
  /** The log that is missing although later ones are there. */
  gap?: string;
}

function windowOf({ full, until, logs, gap }: Chain): Window {
  return { full: full.id, from: full.finished, until, logs: logs.length, ...(gap ? { gap } : {}) };
}

function render(rows: readonly Row[], windows: readonly Window[]): string {
  const fulls = rows.filter(({ kind }) => kind === "full");
  const logs = rows.filter(({ kind }) => kind === "log");
  const lines = fulls.map(({ id, when, bytes, rows: count, signature, complete }) => {
    const state = complete ? `signature ${signature}` : "not complete";
    return `${id}  ${when.padEnd(20)}  ${size(bytes)}  ${String(count ?? "").padStart(10)} rows  ${state}`;
  });
  const ranges = windows.map(({ full, from, until, logs: number, gap }) =>
    [
      `${full}: any second from ${from} to ${until} (${number} logs)`,
      ...(gap === undefined ? [] : [`; then the log ${gap} is missing`]),
    ].join(""),
  );
  const faults = rows.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  return [
    ...(fulls.length === 0 ? ["There is no full archive."] : ["Full archives:", ...lines]),
    `Logs: ${logs.length}, ${size(logs.reduce((sum, { bytes }) => sum + bytes, 0)).trim()}`,
    ...(ranges.length === 0 ? [] : ["Can be restored:", ...ranges]),
    ...(faults.length === 0 ? [] : ["Faults:", ...faults]),
  ].join("\n");
}

function size(bytes: number): string {
  const [value, unit] =
    bytes < 1e6 ? [bytes / 1e3, "kB"] : bytes < 1e9 ? [bytes / 1e6, "MB"] : [bytes / 1e9, "GB"];
  return `${value.toFixed(1)} ${unit}`.padStart(9);
}
