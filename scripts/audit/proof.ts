/** Which promises a run of the tests has proved: those of which a suite has run, and none has failed. */
import { relative } from "node:path";

import type { Suite } from "../test/suites";
import { traces } from "./traceability";

/** How a suite has ended, by its path in the repository. */
export type SuiteResults = ReadonlyMap<string, "passed" | "failed">;

export interface Proof {
  row: string;
  promise: string;
  /** `unproved`: none of its suites has run, for want of something that they need. */
  result: "proved" | "failed" | "unproved";
  passed: string[];
  failed: string[];
}

export function resultsOf(
  suites: readonly Pick<Suite, "name" | "status">[],
  root: string,
): SuiteResults {
  return new Map(
    suites.map(({ name, status }) => [
      relative(root, name),
      status === "passed" ? "passed" : "failed",
    ]),
  );
}

/** Of every promise, by what its suites have come to. */
export function proofs(results: SuiteResults): Proof[] {
  return traces().map(({ row, promise, tests }) => {
    const ended = (how: string): string[] => tests.filter((test) => results.get(test) === how);
    const passed = ended("passed");
    const failed = ended("failed");
    const ran = passed.length > 0 ? "proved" : "unproved";
    return { row, promise, result: failed.length > 0 ? "failed" : ran, passed, failed };
  });
}

/** One line for all of them, and one for each that is not proved. */
export function renderProofs(all: readonly Proof[]): string {
  const proved = all.filter(({ result }) => result === "proved").length;
  const others = all
    .filter(({ result }) => result !== "proved")
    .map(({ row, promise, result, failed }) =>
      [`${row} ${result}: ${promise}`, ...failed.map((suite) => `    ${suite}`)].join("\n"),
    );
  return [`${String(proved)} of ${String(all.length)} promises proved`, ...others].join("\n");
}
