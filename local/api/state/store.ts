import { emptyState, type State } from "./model";

/** Where the local cloud keeps its state. */
export interface Store {
  /** The state as of the last change. A snapshot: it is never altered, so read it anew after waiting. */
  readonly state: Readonly<State>;
  /**
   * Applies `edit` to a draft and keeps the draft: all of it or, when `edit` throws, nothing.
   *
   * It is synchronous on purpose. Two requests can then never interleave inside a change, which is
   * what makes ids, labels and addresses unique without a lock.
   */
  change<T>(edit: (draft: State) => T): T;
}

/** Keeps the state as long as the process lives. */
export class MemoryStore implements Store {
  #state: State;
  readonly #keep: (draft: State) => void;

  /** @param keep makes a draft lasting before it counts; when it throws, the state stays as it was. */
  constructor(initial: State = emptyState(), keep: (draft: State) => void = () => undefined) {
    this.#state = initial;
    this.#keep = keep;
  }

  get state(): Readonly<State> {
    return this.#state;
  }

  change<T>(edit: (draft: State) => T): T {
    const draft = structuredClone(this.#state);
    const result = edit(draft);
    this.#keep(draft);
    this.#state = draft;
    return result;
  }
}
