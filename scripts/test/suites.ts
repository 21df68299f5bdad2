/** What jest's own report (`--json`) says of the suites of a run, and what a second try changes about it. */

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Suite {
  /** Absolute path of its file. */
  name: string;
  status: string;
  assertionResults: readonly { fullName: string; status: string }[];
}

/**
 * Suites that fail beside others are tried once more, alone: on hosts that share two cores, some failures are the
 * machine's. More than these few are not, and would only cost time.
 */
const SECOND_TRIES_MAX = 3;

const namesOf = ({ assertionResults }: Suite, how: string): string[] =>
  assertionResults.filter(({ status }) => status === how).map(({ fullName }) => fullName);

const hasFailed = ({ status }: Suite): boolean => status === "failed";

export function countsOf(suites: readonly Suite[]): Counts {
  const count = (how: string): number => suites.flatMap((suite) => namesOf(suite, how)).length;
  // A file that does not even load holds no test that could fail: the file counts.
  const unread = suites.filter(
    (suite) => hasFailed(suite) && namesOf(suite, "failed").length === 0,
  );
  return {
    passed: count("passed"),
    failed: count("failed") + unread.length,
    skipped: count("pending"),
  };
}

/** Paths of the suites that a second try is worth for; none where nothing failed, or too much. */
export function worthAnotherTry(suites: readonly Suite[]): string[] {
  const failed = suites.filter(hasFailed).map(({ name }) => name);
  return failed.length > SECOND_TRIES_MAX ? [] : failed;
}

/** The last that was said of each suite. */
export function latest(first: readonly Suite[], second: readonly Suite[]): Suite[] {
  const again = new Set(second.map(({ name }) => name));
  return [...first.filter(({ name }) => !again.has(name)), ...second];
}

/** Names of tests that failed at first and passed alone: each is a fault to mend, of the test or of what it tests. */
export function unsteady(first: readonly Suite[], second: readonly Suite[]): string[] {
  return second.flatMap((again) => {
    const before = first.find(({ name }) => name === again.name);
    const passed = namesOf(again, "passed");
    return before ? namesOf(before, "failed").filter((name) => passed.includes(name)) : [];
  });
}
