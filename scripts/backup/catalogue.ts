/** What there is, and what of it may be believed. */
import type { BackupsOutput } from "../../components/lib/outputs-contract";
import { UserError } from "../../local/cli/user-error";
import { type Chain, chainOf } from "./chain";
import {
  type FullManifest,
  kindOf,
  type LogManifest,
  type Manifest,
  MANIFEST_BYTES_MAX,
  parseManifest,
  refusal,
  splitManifest,
} from "./manifest";
import type { Signatures } from "./signature";
import type { Store, Stored } from "./store";

/** `ssh-keygen` is started once a manifest; a few at a time keep a small machine busy. */
const AT_ONCE = 8;

export interface Entry extends Stored {
  manifestOf?: Manifest;
  /** Why it may not be believed. */
  fault?: UserError;
}

export class Catalogue {
  constructor(
    private readonly store: Store,
    private readonly signatures: Signatures,
    private readonly backups: BackupsOutput,
  ) {}

  /** All that is there, or what the filter lets through, with its manifest read and verified. */
  async read(filter: (stored: Stored) => boolean = () => true): Promise<Entry[]> {
    const stored = [...(await this.store.list()).values()].filter(filter);
    const texts = await this.store.manifests(
      stored.filter(({ manifest }) => manifest !== undefined),
    );
    const entries: Entry[] = [];
    for (let next = 0; next < stored.length; next += AT_ONCE) {
      const some = stored.slice(next, next + AT_ONCE);
      entries.push(...(await Promise.all(some.map((one) => this.verify(one, texts.get(one.id))))));
    }
    return entries;
  }

  /**
   * The archive of that id, or the newest one that is complete.
   *
   * @throws UserError if it is not there or may not be believed. No older one stands in for it: that
   * would let whoever can damage the newest one choose.
   */
  async full(id: string): Promise<FullManifest> {
    if (id !== "latest" && kindOf(id) !== "full") {
      throw new UserError(
        kindOf(id) === "log"
          ? `${id} is a log, which holds changes only. Name the full archive that they follow, with --at for a second.`
          : `"${id}" is not the id of an archive; \`npm run backup -- list\` shows what there is.`,
        64,
      );
    }
    const stored = await this.store.list();
    const wanted = id === "latest" ? this.newest(stored) : stored.get(id);
    if (wanted === undefined) throw new UserError(`There is no ${id} in the ${this.store.place}.`);
    if (wanted.manifest === undefined) throw refusal(wanted.id, "its manifest is missing");
    if (wanted.age === undefined) throw refusal(wanted.id, "only its manifest is there");
    const texts = await this.store.manifests([wanted]);
    const { manifestOf, fault } = await this.verify(wanted, texts.get(wanted.id));
    if (fault) throw fault;
    if (manifestOf?.kind !== "full") throw refusal(wanted.id, "its manifest cannot be read");
    return manifestOf;
  }

  private newest(stored: ReadonlyMap<string, Stored>): Stored {
    const complete = [...stored.values()].filter(
      ({ id, age, manifest }) =>
        kindOf(id) === "full" && age !== undefined && manifest !== undefined,
    );
    // The id begins with the time, so that the last one is the newest.
    const last = complete.sort((one, other) => (one.id < other.id ? -1 : 1)).at(-1);
    if (last) return last;
    throw new UserError(
      `There is no complete archive in the ${this.store.place} yet: make one with \`npm run backup -- run\`.`,
    );
  }

  private async verify(stored: Stored, text: string | undefined): Promise<Entry> {
    const { id, manifest, age } = stored;
    // Archives are shipped before their manifests, so that this is no fault in itself.
    if (manifest === undefined) return stored;
    try {
      if (manifest > MANIFEST_BYTES_MAX) throw refusal(id, "its manifest is longer than any");
      const { line, signature } = splitManifest(id, text ?? "");
      const fault = await this.signatures.fault(line, signature);
      if (fault !== undefined) throw refusal(id, fault);
      const manifestOf = parseManifest(id, line, this.backups);
      if (age !== undefined && age !== manifestOf.archive.bytes)
        throw wrongSize(id, age, manifestOf);
      return { ...stored, manifestOf };
    } catch (fault) {
      if (fault instanceof UserError) return { ...stored, fault };
      throw fault;
    }
  }
}

export function wrongSize(id: string, bytes: number, { archive }: Manifest): UserError {
  const why = bytes === 0 ? "is empty" : bytes < archive.bytes ? "is cut off" : "is too long";
  return refusal(id, `the archive ${why}: ${bytes} bytes of the ${archive.bytes} in its manifest`);
}

/** Those that are complete and may be believed. */
export function fullsOf(entries: readonly Entry[]): FullManifest[] {
  return usable(entries).filter((manifest) => manifest.kind === "full");
}

export function logsOf(entries: readonly Entry[]): LogManifest[] {
  return usable(entries).filter((manifest) => manifest.kind === "log");
}

export function chainsOf(entries: readonly Entry[]): Chain[] {
  const logs = logsOf(entries);
  return fullsOf(entries).map((full) => chainOf(full, logs));
}

function usable(entries: readonly Entry[]): Manifest[] {
  return entries.flatMap(({ manifestOf, age, fault }) =>
    manifestOf && age !== undefined && !fault ? [manifestOf] : [],
  );
}
