/** Which logs follow a full archive, without a gap, and which of them lead to a given second. */
import { UserError } from "../../local/cli/user-error";
import type { FullManifest, LogManifest } from "./manifest";

/** What can be rebuilt from one full archive. */
export interface Chain {
  full: FullManifest;
  /** Those that follow it, in order. */
  logs: LogManifest[];
  /** The first log that is missing although later ones are there. */
  gap?: string;
  /** The newest second that can be asked for: everything before it is there. */
  until: string;
}

export function chainOf(full: FullManifest, all: readonly LogManifest[]): Chain {
  const own = all
    .filter(
      ({ log }) => log.server === full.log.server && numberOf(log.file) >= numberOf(full.log.file),
    )
    .sort((one, other) => numberOf(one.log.file) - numberOf(other.log.file));
  const logs: LogManifest[] = [];
  let next = numberOf(full.log.file);
  for (const log of own) {
    const last = logs.at(-1);
    if (numberOf(log.log.file) !== next || (last && log.previous !== last.id)) break;
    logs.push(log);
    next += 1;
  }
  const until = logs.at(-1)?.log.last ?? full.finished;
  const gap = own.length > logs.length ? fileName(full.log.file, next) : undefined;
  return { full, logs, until, ...(gap === undefined ? {} : { gap }) };
}

/**
 * The full archive and the logs that rebuild the state at the beginning of that second.
 *
 * @throws UserError if it cannot be rebuilt.
 */
export function planFor(
  at: string,
  fulls: readonly FullManifest[],
  all: readonly LogManifest[],
): { full: FullManifest; logs: LogManifest[] } {
  // One that was finished within that second might hold what was written in it.
  const [full] = fulls
    .filter(({ finished }) => finished < at)
    .sort((one, other) => (one.finished < other.finished ? 1 : -1));
  if (!full) {
    const oldest = fulls.map(({ finished }) => finished).sort()[0];
    throw new UserError(
      oldest === undefined
        ? "There is no full archive to begin with."
        : `${at} is before what there is: the earliest is the second after ${oldest}.`,
    );
  }
  const { logs, gap, until } = chainOf(full, all);
  const last = logs.findIndex(({ log }) => log.last >= at);
  if (last < 0) {
    const why =
      gap === undefined
        ? "no later log has been shipped. `npm run backup -- run` ships what there is by now"
        : `the log ${gap} is missing, though later ones are there`;
    throw new UserError(
      `${at} cannot be rebuilt: from ${full.id} on the logs reach until ${until}, and ${why}.`,
    );
  }
  const [first] = logs;
  if (first && first.log.bytes < full.log.position) {
    throw new UserError(`${first.id} ends before the place where ${full.id} was taken.`);
  }
  return { full, logs: logs.slice(0, last + 1) };
}

function numberOf(file: string): number {
  return Number(file.slice(file.lastIndexOf(".") + 1));
}

/** The name of the log of that number, with as many digits as its like. */
function fileName(like: string, number: number): string {
  const digits = like.length - like.lastIndexOf(".") - 1;
  return like.slice(0, -digits) + String(number).padStart(digits, "0");
}

/** A moment as it was typed, in UTC; one without a zone would be guessed at. */
export function parseSecond(text: string): string {
  const at = new Date(text);
  if (
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(text) ||
    Number.isNaN(at.getTime())
  ) {
    throw new UserError(
      `--at ${text} is not a second: write it like 2026-11-23T12:00:00Z, or with +02:00 in place of Z.`,
      64,
    );
  }
  return at.toISOString().replace(/\.\d{3}Z$/, "Z");
}
