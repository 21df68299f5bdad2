import type { Cloud } from "./cloud";
import { notFound } from "./errors";
import type { Body } from "./validation/faults";

/** A request as a handler sees it. */
export class Call {
  constructor(
    readonly body: Body,
    private readonly params: Readonly<Record<string, string>>,
  ) {}

  /** A number of the path; what is no number is the id of nothing. */
  id(name: string): number {
    const text = this.params[name] ?? "";
    if (!/^\d{1,15}$/.test(text)) throw notFound();
    return Number(text);
  }

  /** A name of the path, such as that of a plan. */
  name(name: string): string {
    return this.params[name] ?? "";
  }
}

/** A whole list; what a client gets of it is for its filter and page to say. */
export class Listing {
  constructor(readonly items: readonly unknown[]) {}
}

/** Answers a call with a value, a `Listing`, or an `ApiError` thrown. */
export type Handler = (cloud: Cloud, call: Call) => unknown;
