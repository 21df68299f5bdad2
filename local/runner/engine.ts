import type { Emit, ResourceEvent, Summary } from "./events";
import { changedInputs, isNamed, withIgnored } from "./changes";
import { explain, RunFailed, RunnerError } from "./failures";
import { withFingerprints } from "./fingerprint";
import type { Handler, Made, Work } from "./handler";
import type { LinodeClient } from "./linode-client";
import type { Registered, Registration } from "./monitor";
import type { ResourceRecord, StateFile } from "./state";
import { holdsSecret, redact, revealAll, secret, type WireObject } from "./wire";

export interface EngineOptions {
  state: StateFile;
  handlers: ReadonlyMap<string, Handler>;
  linode: () => LinodeClient;
  signal: AbortSignal;
  emit: Emit;
}

type Action = ResourceEvent["action"];
type Subject = Pick<ResourceRecord, "urn" | "type" | "name">;

/**
 * Brings what exists to what the program declares, one resource at a time: made if it is new, changed if
 * its inputs changed, left alone if not, deleted at the end if no one declared it.
 */
export class Engine {
  readonly counts: Omit<Summary, "durationMs"> = { created: 0, updated: 0, deleted: 0, same: 0 };
  private readonly declared = new Set<string>();

  constructor(private readonly options: EngineOptions) {}

  /** Carries out one declaration and answers with what exists then. */
  async register(registration: Registration): Promise<Registered> {
    const { urn, type, name } = registration;
    if (this.declared.has(urn)) {
      throw new RunnerError(
        `there are two resources ${type} named "${name}": give one another name`,
      );
    }
    this.declared.add(urn);
    if (!registration.custom) return { outputs: registration.inputs };
    const handler = this.handlerOf(registration);
    const inputs = withFingerprints(registration.inputs);
    const record = await this.bringTo({ ...registration, inputs }, handler);
    return { id: record.id, outputs: { ...record.inputs, ...record.outputs } };
  }

  /** Deletes what the program no longer declares. */
  async finish(): Promise<void> {
    await this.delete(this.options.state.all().filter(({ urn }) => !this.declared.has(urn)));
  }

  /** Deletes resources, each once all that depends on it is gone; independent ones side by side. */
  async delete(records: ResourceRecord[], force = false): Promise<void> {
    const kept = force ? undefined : records.find(({ protect }) => protect === true);
    if (kept) {
      throw new RunnerError(
        `"${kept.name}" is protected: nothing was deleted. Declare it again, or declare it unprotected ` +
          "in an `up` of its own first, or destroy by force.",
      );
    }
    const ends = new Map<string, Promise<void>>();
    const end = async (record: ResourceRecord): Promise<void> => {
      const dependents = records.filter(({ dependencies }) => dependencies.includes(record.urn));
      await Promise.all(dependents.map(endOnce));
      await this.deleteOne(record);
    };
    const endOnce = (record: ResourceRecord): Promise<void> => {
      const known = ends.get(record.urn) ?? end(record);
      ends.set(record.urn, known);
      return known;
    };
    const results = await Promise.allSettled([...records].reverse().map(endOnce));
    const failed = results.filter((result) => result.status === "rejected");
    if (failed.length > 0) {
      throw new RunFailed([...new Set(failed.map(({ reason }) => explain(reason)))]);
    }
  }

  /** Deletes a resource that the program declares, and forgets all that lived on it: it is made anew. */
  async discard(name: string): Promise<void> {
    const record = this.options.state.all().find((other) => other.name === name);
    if (!record) throw new RunnerError(`there is nothing named "${name}" to replace`);
    await this.deleteOne(record);
    this.forget(record);
  }

  private handlerOf({ type }: Subject): Handler {
    const handler = this.options.handlers.get(type);
    if (handler) return handler;
    throw new RunnerError(
      `the embedded runner does not carry out ${type}; install the Pulumi CLI, which does`,
    );
  }

  private async bringTo(wanted: Registration, handler: Handler): Promise<ResourceRecord> {
    const found = await this.findExisting(wanted, handler);
    if (!found) return this.create(wanted, handler, "create");
    const isResumed = found.unfinished === true;
    const record = isResumed ? await this.resume(wanted, handler, found) : found;

    const inputs = withIgnored(record.inputs, wanted.inputs, wanted.ignoreChanges);
    const changed = changedInputs(record.inputs, inputs);
    if (changed.length === 0) return isResumed ? record : this.keep(wanted, record);
    if (!handler.update || isNamed(changed, wanted.replaceOnChanges)) {
      return this.create(wanted, handler, "replace");
    }
    return this.update({ ...wanted, inputs }, handler, record, changed);
  }

  /** The record of the resource, unless what it stood for is gone. */
  private async findExisting(
    wanted: Registration,
    handler: Handler,
  ): Promise<ResourceRecord | undefined> {
    const record = this.options.state.get(wanted.urn);
    if (!record) return undefined;
    if (await this.isThere(record, handler)) return record;
    const message = `"${wanted.name}" (${record.id}) is gone from the API, not by this stack: made again`;
    this.options.emit({ event: "notice", message });
    this.forget(record);
    return undefined;
  }

  private async isThere(record: ResourceRecord, handler: Handler): Promise<boolean> {
    try {
      return (await handler.isThere?.(this.work(record), record.id)) ?? true;
    } catch (error) {
      throw new RunnerError(
        `"${record.name}" cannot be looked at: ${this.reason(error)}\n` +
          "If that does not pass by itself, take the cloud `down` and `up` again.",
      );
    }
  }

  /** Takes a resource that is gone out of the state, and with it all that lived on it. */
  private forget({ urn }: ResourceRecord): void {
    this.options.state.remove(urn);
    for (const other of this.options.state.all()) {
      if (other.deletedWith === urn) this.forget(other);
    }
  }

  private async create(
    wanted: Registration,
    handler: Handler,
    action: "create" | "replace",
  ): Promise<ResourceRecord> {
    if (action === "replace" && handler.delete) {
      throw new RunnerError(
        `the embedded runner does not replace "${wanted.name}"; use the Pulumi CLI`,
      );
    }
    if (action === "replace" && wanted.protect) {
      throw new RunnerError(
        `"${wanted.name}" is protected: the change would replace it, so nothing is done`,
      );
    }
    const record = await this.carryOut(wanted, action, (work) =>
      handler.create(work, revealAll(wanted.inputs)),
    );
    this.counts.created += 1;
    return record;
  }

  private async resume(
    wanted: Registration,
    handler: Handler,
    record: ResourceRecord,
  ): Promise<ResourceRecord> {
    const resume = handler.resume?.bind(handler);
    if (!resume) throw new Error(`${record.type} cannot be unfinished`);
    // With the inputs that it was begun with: what changed since then is an update of its own.
    const begun = { ...wanted, inputs: record.inputs };
    const resumed = await this.carryOut(begun, "create", (work) =>
      resume(work, record.id, revealAll(record.inputs)),
    );
    this.counts.created += 1;
    return resumed;
  }

  private async update(
    wanted: Registration,
    handler: Handler,
    record: ResourceRecord,
    changed: string[],
  ): Promise<ResourceRecord> {
    const old = { id: record.id, outputs: revealAll(record.outputs) };
    const updated = await this.carryOut(wanted, "update", (work) => {
      if (!handler.update) throw new Error(`${wanted.type} cannot be updated`);
      return handler.update(work, old, revealAll(wanted.inputs), changed);
    });
    this.counts.updated += 1;
    return updated;
  }

  private keep(wanted: Registration, record: ResourceRecord): ResourceRecord {
    const kept = { ...record, ...lifetime(wanted) };
    // Only the options can differ here, and most often none does: a write each would cost time.
    if (JSON.stringify(kept) !== JSON.stringify(record)) this.options.state.put(kept);
    this.counts.same += 1;
    this.options.emit({ ...subjectOf(wanted), action: "same", status: "done" });
    return kept;
  }

  private async deleteOne(record: ResourceRecord): Promise<void> {
    const handler = this.options.handlers.get(record.type);
    if (handler?.delete) {
      const remove = handler.delete.bind(handler);
      await this.timed(record, "delete", record.inputs, () => remove(this.work(record), record.id));
    }
    this.options.state.remove(record.urn);
    this.counts.deleted += 1;
  }

  /** Does the work on one resource and records what came of it. */
  private async carryOut(
    wanted: Registration,
    action: Action,
    work: (work: Work) => Promise<Made>,
  ): Promise<ResourceRecord> {
    const { urn, type, name, inputs } = wanted;
    const base = { urn, type, name, inputs, ...lifetime(wanted) };
    const exists = (id: string): void => {
      this.options.state.put({ ...base, id, outputs: {}, unfinished: true });
    };
    return this.timed(wanted, action, inputs, async (say) => {
      const made = await work(this.work(wanted, exists, say));
      const record = { ...base, id: made.id, outputs: this.marked(wanted, made.outputs) };
      this.options.state.put(record);
      return record;
    });
  }

  /** Tells of the beginning and the end of some work; no secret input passes into a message. */
  private async timed<T>(
    subject: Subject,
    action: Action,
    inputs: WireObject,
    work: (say: (message: string) => void) => Promise<T>,
  ): Promise<T> {
    const start = performance.now();
    const event = { ...subjectOf(subject), action };
    let said: { message?: string } = {};
    this.options.emit({ ...event, status: "started" });
    try {
      const result = await work((message) => (said = { message: redact(message, inputs) }));
      this.options.emit({ ...event, status: "done", elapsedMs: since(start), ...said });
      return result;
    } catch (error) {
      const message = redact(this.reason(error), inputs);
      this.options.emit({ ...event, status: "failed", elapsedMs: since(start), message });
      throw new RunnerError(`${action} of "${subject.name}" failed: ${message}`);
    }
  }

  private reason(error: unknown): string {
    return this.options.signal.aborted ? "interrupted" : explain(error);
  }

  private work(
    { name }: Subject,
    exists: Work["exists"] = () => undefined,
    say: Work["say"] = () => undefined,
  ): Work {
    const { signal, linode } = this.options;
    return { name, signal, linode, exists, say };
  }

  private marked({ type, inputs, secretOutputs }: Registration, outputs: WireObject): WireObject {
    const tainted = Object.keys(inputs).some(
      (key) => key !== "connection" && holdsSecret(inputs[key] ?? null),
    );
    const echoes = tainted ? (this.options.handlers.get(type)?.echoes ?? []) : [];
    const secrets = new Set([...secretOutputs, ...echoes]);
    return Object.fromEntries(
      Object.entries(outputs).map(([key, value]) => [
        key,
        secrets.has(key) ? secret(value) : value,
      ]),
    );
  }
}

function lifetime(
  wanted: Registration,
): Pick<ResourceRecord, "dependencies" | "deletedWith" | "protect"> {
  const { dependencies, parent, deletedWith, protect } = wanted;
  return {
    dependencies: parent === undefined ? dependencies : [...dependencies, parent],
    ...(deletedWith === undefined ? {} : { deletedWith }),
    ...(protect ? { protect } : {}),
  };
}

function subjectOf({ urn, type, name }: Subject): Pick<ResourceEvent, "event" | "resource"> {
  return { event: "resource", resource: { urn, type, name } };
}

function since(start: number): number {
  return Math.round(performance.now() - start);
}
