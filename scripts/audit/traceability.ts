/**
 * From each promise to the checks that stand for it on live servers, and to the tests that prove it.
 *
 * All of it is read: checks from the controls, tests from the suites' own text.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { BUNDLE_DIR, controlOf, PROMISES, rowsOfChecks, withoutRows } from "./promises";

const ROOT = resolve(__dirname, "..", "..");

interface Trace {
  row: string;
  promise: string;
  checks: { id: string; text: string }[];
  tests: string[];
}

/** Every promise with what stands for it. */
export function traces(): Trace[] {
  const checks = rowsOfChecks();
  const texts = textsOfChecks();
  const suites = suitesByRow();
  return Object.entries(PROMISES).map(([row, promise]) => {
    const ids = [...checks].filter(([, rows]) => rows.includes(row)).map(([id]) => id);
    const own = [...new Set(ids.map(controlOf))].flatMap(suitesOf);
    return {
      row,
      promise,
      checks: ids.map((id) => ({ id, text: texts.get(id) ?? "" })),
      tests: [...new Set([...own, ...(suites.get(row) ?? [])])].sort(),
    };
  });
}

/** The same as a page of the documentation. */
export function renderTraces(): string {
  const parts = traces().map(({ row, promise, checks, tests }) =>
    [
      `## ${row}: ${promise}`,
      "",
      "| check | what a server answers for |",
      "| --- | --- |",
      ...checks.map(({ id, text }) => `| ${id} | ${text.replaceAll("|", "\\|")} |`),
      "",
      `Proved by ${tests.map((test) => `[${test.replace(/^test\//, "")}](../${test})`).join(", ")}.`,
      "",
    ].join("\n"),
  );
  return [
    "# What is promised, what answers for it, and what proves it",
    "",
    "Made by `npm run promises` from the controls and the tests; a test fails when it is out of date, when a promise has",
    "no check or no test, or when a check stands for no promise. `npm run audit` asks live servers the same.",
    "",
    ...parts,
  ].join("\n");
}

/** The suites of a control on booted hosts. */
export function suitesOf(control: string): string[] {
  const shape = new RegExp(`^control-${control}(\\.test|-(?!client).*\\.test)\\.ts$`);
  return filesBelow("test/host").filter((file) => shape.test(file.replace(/^.*\//, "")));
}

/** What a check says, as the control has it; with the parameters' names in the place of their values. */
function textsOfChecks(): Map<string, string> {
  const scripts = readdirSync(join(BUNDLE_DIR, "controls")).filter((file) => file.endsWith(".sh"));
  const said = scripts.flatMap((file) => {
    const text = readFileSync(join(BUNDLE_DIR, "controls", file), "utf8");
    return [...text.matchAll(/^ {2}check ([A-Z-]+-\d\d) "([^"]*)"/gm)];
  });
  const plain = (text: string): string =>
    text
      .replaceAll(/\$\{PARAM\[([A-Z_0-9]+)\][^}]*\}/g, "$1")
      .replaceAll(/\$\([a-z_]+\)/g, "")
      .replaceAll(/\$([A-Za-z_]+)/g, (_, name: string) => name.toUpperCase());
  return new Map(said.map(([, id = "", text = ""]) => [id, plain(withoutRows(text))]));
}

/** Suites, and what they are made of, that name a promise as what they prove. */
function suitesByRow(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of ["e2e", "engine", "api", "host"].flatMap((layer) =>
    filesBelow(`test/${layer}`),
  )) {
    const text = readFileSync(join(ROOT, file), "utf8");
    for (const [row] of text.matchAll(/\b[GAPH]\d\d\b/g)) {
      found.set(row, [...(found.get(row) ?? []), file]);
    }
  }
  return found;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file}`)
    .sort();
}
