import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { isSecret, MASK, reveal, type Wire, type WireObject } from "./wire";

/** What a command on a host does, read from its text and from what it gets on stdin. */
export interface Step {
  /** `apply` or `confirm`, and the control, if it calls the driver. */
  verb?: string;
  control?: string;
  /** The one line with which the control, or the script itself, introduces itself. */
  summary?: string;
  parameters: Parameter[];
}

export interface Parameter {
  name: string;
  value: string;
  /** The text behind a `…_B64` parameter. */
  lines?: string[];
}

const DRIVER = /\/driver["']? (audit|apply|confirm) ([a-z][a-z0-9-]*)/;
const HEADLINE = /^# ([a-z][a-z0-9-]*): (.+)$/m;

/** Reads a step; `shown` makes a text fit for people's eyes. */
export function readStep(
  inputs: WireObject,
  projectDir: string,
  shown: (text: string) => string,
): Step {
  const text = reveal(inputs["create"] ?? "") as string;
  const [, verb, control] = DRIVER.exec(text) ?? [];
  const script = control === undefined ? text : controlScript(projectDir, control);
  const summary = HEADLINE.exec(script)?.[2];
  return {
    ...(verb === undefined ? {} : { verb }),
    ...(control === undefined ? {} : { control }),
    ...(summary === undefined ? {} : { summary }),
    parameters: parametersOf(inputs["stdin"] ?? "", shown),
  };
}

function controlScript(projectDir: string, control: string): string {
  const file = join(projectDir, "scripts", "host", "controls", `${control}.sh`);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function parametersOf(stdin: Wire, shown: (text: string) => string): Parameter[] {
  const text = reveal(stdin);
  if (typeof text !== "string") return [];
  const pairs = [...text.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  return pairs.map(([, name = "", value = ""]) => {
    // What part of a secret text is the secret one is not known here.
    if (isSecret(stdin)) return { name, value: MASK };
    return name.endsWith("_B64") ? decoded(name, value, shown) : { name, value: shown(value) };
  });
}

function decoded(name: string, value: string, shown: (text: string) => string): Parameter {
  const text = Buffer.from(value, "base64").toString("utf8").trimEnd();
  const lines = text === "" ? [] : text.split("\n").map((line) => shown(line));
  return { name, value: `${lines.length} ${lines.length === 1 ? "line" : "lines"} of text`, lines };
}
