/** Finding and bringing here what a rehearsal or a restore is made from. */
import { UserError } from "../../local/cli/user-error";
import { asTyped } from "../typed-path";
import { requireIdentity, fetchArchive } from "./archive";
import { fullsOf, logsOf } from "./catalogue";
import { parseSecond, planFor } from "./chain";
import type { Rebuild } from "./loader";
import type { FullManifest, LogManifest } from "./manifest";
import { kindOf } from "./manifest";
import type { Session, SessionOptions } from "./session";

export interface RebuildOptions extends SessionOptions {
  identity?: string;
  at?: string;
}

/** Everything that can be refused without asking the stack's servers for anything. */
export function requireArguments({ identity, at }: RebuildOptions): void {
  if (at !== undefined) parseSecond(at);
  if (identity !== undefined) requireIdentity(asTyped(identity));
}

/**
 * Fetches and checks all archives that it takes.
 *
 * @throws UserError if there is a reason not to believe one of them.
 */
export async function prepare(
  session: Session,
  id: string,
  options: RebuildOptions,
): Promise<Rebuild> {
  const { store, folder, progress, stack } = session;
  const identity = options.identity ?? stack.backupIdentity;
  if (identity === undefined) {
    throw new UserError("Which private key is to decrypt? Name its file: --identity <file>.", 64);
  }
  const file = requireIdentity(asTyped(identity));
  const { full, logs, at } = await plan(session, id, options);
  const archives = [];
  for (const manifest of [full, ...logs]) {
    progress.line(
      "fetch",
      `${manifest.id}, ${manifest.archive.bytes} bytes, from the ${store.place}`,
    );
    archives.push(await fetchArchive(store, manifest, folder));
  }
  return { full, logs, archives, identity: file, ...(at === undefined ? {} : { at }) };
}

async function plan(
  { catalogue }: Session,
  id: string,
  options: RebuildOptions,
): Promise<{ full: FullManifest; logs: LogManifest[]; at?: string }> {
  if (options.at === undefined) return { full: await catalogue.full(id), logs: [] };
  const at = parseSecond(options.at);
  if (id !== "latest") {
    const full = await catalogue.full(id);
    const logs = logsOf(await catalogue.read((stored) => kindOf(stored.id) === "log"));
    return { ...planFor(at, [full], logs), at };
  }
  const entries = await catalogue.read();
  const { full, logs } = planFor(at, fullsOf(entries), logsOf(entries));
  return { full, logs, at };
}
