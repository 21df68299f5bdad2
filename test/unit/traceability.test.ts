/** Nothing is promised that no check answers for and no test proves, and the page that says so is current. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { controlOf, rowsOfChecks } from "../../scripts/audit/promises";
import { renderTraces, suitesOf, traces } from "../../scripts/audit/traceability";

const ROOT = resolve(__dirname, "../..");

describe("every promise", () => {
  it.each(traces().map((trace) => [trace.row, trace] as const))(
    "of the row %s has checks with a text, and tests",
    (_row, { checks, tests }) => {
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ text }) => text.trim() === "")).toEqual([]);
      expect(tests.length).toBeGreaterThan(0);
    },
  );
});

describe("every check", () => {
  const ids = [...rowsOfChecks().keys()];
  const textOf = (files: string[]): string =>
    files.map((file) => readFileSync(join(ROOT, file), "utf8")).join("");

  it.each([...new Set(ids.map(controlOf))])("of %s is named by a suite", (control) => {
    const own = textOf(suitesOf(control));
    const all = textOf(suitesOf(".*"));
    const isNamed = (id: string): boolean => own.includes(`"${id.slice(-2)}"`) || all.includes(id);
    expect(ids.filter((id) => controlOf(id) === control && !isNamed(id))).toEqual([]);
  });
});

it("docs/promises.md is what `npm run promises` writes", () => {
  // Prettier lays out the tables.
  const plain = (text: string): string => text.replaceAll(/[\s-]+/g, " ");
  const page = readFileSync(join(ROOT, "docs/promises.md"), "utf8");
  expect(plain(page)).toBe(plain(renderTraces()));
});
