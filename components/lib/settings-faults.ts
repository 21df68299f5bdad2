import type { z } from "zod";

import { SHAPES } from "./settings-shapes";

/** One thing that is wrong with the settings. */
export interface Fault {
  /** `admins[0].keys[1]`; empty for the settings as a whole. */
  path: string;
  /** What is wrong, what is allowed, and the repair. */
  text: string;
}

/** The settings are not usable; `faults` says all that is wrong, one line each. */
export class SettingsError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly Fault[]) {
    const lines = faults.map(({ path, text }) => (path === "" ? text : `${path}: ${text}`));
    super(describeFaults(lines));
    this.name = "SettingsError";
    this.faults = lines;
  }
}

/** All faults under one headline. */
export function describeFaults(lines: readonly string[]): string {
  const count = lines.length === 1 ? "1 fault" : `${lines.length} faults`;
  return [
    `The settings have ${count}; nothing was created.`,
    ...lines.map((line) => `  - ${line}`),
  ].join("\n");
}

type Issue = z.core.$ZodIssue;

/** Words the faults of the schema. */
export function faultsOfIssues(issues: readonly Issue[]): Fault[] {
  const paths = issues
    .filter(({ code }) => code === "invalid_type")
    .map(({ path }) => pathText(path));
  // A text has a length, too, but what is wrong with it in place of a list is that it is none.
  const isEcho = ({ code, path }: Issue): boolean =>
    (code === "too_big" || code === "too_small") && paths.includes(pathText(path));
  return issues.filter((issue) => !isEcho(issue)).flatMap(faultOfIssue);
}

/** A value is repeated only where no secret belongs. */
function faultOfIssue(issue: Issue): Fault[] {
  const path = pathText(issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(path);
    return issue.keys.map((key) => ({
      path: path === "" ? key : `${path}.${key}`,
      text: `is not a setting: ${path === "" ? "the settings are" : `${path} has`} ${known}; correct the name or remove it`,
    }));
  }
  const isMissing = issue.code === "invalid_type" && issue.input === undefined;
  if (isMissing) return [{ path, text: `is missing: ${shapeOf(path)}` }];
  if (issue.code === "invalid_type") {
    return [{ path, text: `${kindOf(issue.input)} is not allowed: ${shapeOf(path)}` }];
  }
  if (issue.code === "too_small" && issue.origin === "array") {
    return [{ path, text: `an empty list is not allowed: ${shapeOf(path)}` }];
  }
  return [{ path, text: `${valueOf(issue)} is not allowed: ${issue.message}` }];
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function withoutIndexes(path: string): string {
  return path.replace(/\[\d+\]/g, "[]");
}

/** What belongs at a path, and an example of it. */
export function shapeOf(path: string): string {
  return SHAPES[withoutIndexes(path)] ?? "an object with the settings";
}

/** The names that may stand directly below a path. */
function knownKeys(path: string): string {
  const prefix = path === "" ? "" : `${withoutIndexes(path)}.`;
  const below = Object.keys(SHAPES).filter((key) => key.startsWith(prefix));
  const names = below.map((key) => key.slice(prefix.length));
  return names.filter((name) => !/[.[]/.test(name)).join(", ");
}

/** The value itself would often tell more, but a key in the wrong place must not end up in a log. */
function kindOf(value: unknown): string {
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  switch (typeof value) {
    case "string":
      return value === "" ? "an empty text" : "a text";
    case "object":
      return "an object";
    case "number":
    case "boolean":
      return String(value);
    default:
      return "such a value";
  }
}

function valueOf(issue: Issue): string {
  if (issue.code === "custom" && typeof issue.params?.["found"] === "string") {
    return issue.params["found"];
  }
  if (issue.code === "too_big") return "so long a list";
  return typeof issue.input === "string" ? quoted(issue.input) : kindOf(issue.input);
}

/** The length of the longest network, which happens to be less than that of a 256-bit secret in base64. */
const LONGEST_QUOTE = 43;

/** A text in quotes, unless it looks like something that landed in the wrong place. */
export function quoted(text: string): string {
  const isShown = text.length <= LONGEST_QUOTE && !text.includes("\n");
  return isShown ? JSON.stringify(text) : `a text of ${text.length} characters`;
}
