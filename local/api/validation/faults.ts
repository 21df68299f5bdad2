import { ApiError, type Fault } from "../errors";
import type { Schema } from "./vendor-schemas";

/** The part of yup's error that is used here. */
interface SchemaError {
  inner: readonly SchemaError[];
  path?: string;
  message: string;
  type?: string;
  params?: { type?: string };
}

export type Body = Record<string, unknown>;

/** Gathers every fault of one request, so that they are answered at once. */
export class Faults {
  readonly #faults: Fault[] = [];

  /**
   * Runs one of the vendor's schemas. Fields named in `own` are left to checks of our own, where the
   * console is stricter or looser than the API behind it.
   */
  schema(schema: Schema, body: Body, own: (field: string) => boolean = () => false): this {
    try {
      // Strict, that is without casting: the API takes "7" for a text, not for a number.
      schema.validateSync(body, { abortEarly: false, strict: true });
    } catch (error) {
      const failure = error as SchemaError;
      for (const fault of failure.inner.length > 0 ? failure.inner : [failure]) {
        const field = fault.path ?? "";
        if (!own(field)) this.add(field, wording(fault));
      }
    }
    return this;
  }

  add(field: string, reason: string): this {
    this.#faults.push(field === "" ? { reason } : { field, reason });
    return this;
  }

  /** Asks `holds` unless the field is already known to be wrong, when it could not be relied on. */
  check(field: string, holds: () => boolean, reason: string): this {
    return this.has(field) || holds() ? this : this.add(field, reason);
  }

  /** Whether the field or a part of it is at fault. */
  has(field: string): boolean {
    const parts = [`${field}.`, `${field}[`];
    return this.#faults.some(
      ({ field: known }) => known === field || parts.some((part) => known?.startsWith(part)),
    );
  }

  /** Refuses the request if anything is wrong with it. */
  throwIfAny(): void {
    if (this.#faults.length > 0) throw new ApiError(400, this.#faults);
  }
}

/** yup prints the value that has the wrong type, and that may be a password. */
function wording(fault: SchemaError): string {
  if (fault.type === "typeError") return `Must be of type ${fault.params?.type ?? "another"}.`;
  return fault.message;
}

/** The body without its null fields: the provider sends null for "leave it as it is". */
export function withoutNulls(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}
