import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { RunnerError } from "./failures";
import type { WireObject } from "./wire";

/** One resource that exists. */
export interface ResourceRecord {
  urn: string;
  type: string;
  name: string;
  id: string;
  /** The inputs in force, and what came of them; secrets are marked and in clear. */
  inputs: WireObject;
  outputs: WireObject;
  /** URNs of what must outlive it. */
  dependencies: string[];
  /** The resource whose end is its end too. */
  deletedWith?: string;
  protect?: boolean;
  /** Creation has begun, so that there is something to delete, but was not seen to end. */
  unfinished?: boolean;
}

interface Stored {
  version: 1;
  note: string;
  resources: ResourceRecord[];
}

const NOTE =
  "This file holds secrets: keep it to yourself. It is rewritten as a whole at every step.";

/**
 * What a stack is made of, kept so that a second run changes nothing and a killed run goes on.
 *
 * It is written after each resource, to a file of its own that then takes the old one's place, so that
 * there is a whole one at any moment. Secrets stand in it in clear: mode 600, for a throw-away cloud.
 */
export class StateFile {
  private readonly file: string;
  private readonly records = new Map<string, ResourceRecord>();

  constructor(
    private readonly folder: string,
    stack: string,
  ) {
    this.file = join(folder, `${stack}.json`);
    if (!existsSync(this.file)) return;
    for (const record of this.load()) this.records.set(record.urn, record);
  }

  get(urn: string): ResourceRecord | undefined {
    return this.records.get(urn);
  }

  /** All records, in the order in which the resources were made. */
  all(): ResourceRecord[] {
    return [...this.records.values()];
  }

  put(record: ResourceRecord): void {
    this.records.set(record.urn, record);
    this.save();
  }

  remove(urn: string): void {
    this.records.delete(urn);
    this.save();
  }

  erase(): void {
    this.records.clear();
    rmSync(this.file, { force: true });
  }

  private load(): ResourceRecord[] {
    try {
      const stored = JSON.parse(readFileSync(this.file, "utf8")) as Partial<Stored>;
      if (stored.version === 1 && stored.resources) return stored.resources;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw new RunnerError(
      `${this.file} is not a state file of this version: take the cloud down (\`down\`) and up again.`,
    );
  }

  private save(): void {
    const stored: Stored = { version: 1, note: NOTE, resources: this.all() };
    const next = `${this.file}.new`;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    rmSync(next, { force: true });
    writeFileSync(next, JSON.stringify(stored, null, 1), { mode: 0o600, flag: "wx" });
    renameSync(next, this.file);
  }
}
