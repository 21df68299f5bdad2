/** What one version of program and settings would make other than another. */
import type { Plan } from "../../local/runner/plan";
import type { Parameter } from "../../local/runner/step";

export interface Change {
  what: "add" | "remove" | "change" | "replace";
  name: string;
  type: string;
  /** For a step on a server. */
  control?: string;
  /** What differs, in the words of the settings where it can be told. */
  fields: string[];
  protected: boolean;
}

const INSTANCE = "linode:index/instance:Instance";
const COMMAND = "command:remote:Command";

/** Inputs whose change makes the provider, or the program, replace a server. */
const REPLACING = ["diskEncryption", "image", "region", "stackscriptId"];

/** Changes from one plan to another, both made with the same digest key, in the order of the program. */
export function changesBetween(before: Plan, after: Plan): Change[] {
  const old = new Map(resourcesOf(before).map((node) => [node.name, node]));
  const now = resourcesOf(after);
  const names = new Set(now.map(({ name }) => name));
  return [
    ...now.flatMap((node) => {
      const was = old.get(node.name);
      if (!was) return [changeOf("add", node)];
      const fields = differences(was, node);
      if (fields.length === 0) return [];
      return [changeOf(replaces(node, fields) ? "replace" : "change", node, fields)];
    }),
    ...[...old.values()]
      .filter(({ name }) => !names.has(name))
      .map((node) => changeOf("remove", node)),
  ];
}

/** All that exists outside the program. */
export function resourcesOf(plan: Plan): Plan[] {
  const below = plan.children.flatMap(resourcesOf);
  return plan.component ? below : [plan, ...below];
}

function changeOf(what: Change["what"], node: Plan, fields: string[] = []): Change {
  const { name, type, protect, step } = node;
  const control = step?.control === undefined ? {} : { control: step.control };
  return { what, name, type, ...control, fields, protected: protect };
}

function replaces({ type }: Plan, fields: readonly string[]): boolean {
  return type === INSTANCE && fields.some((field) => REPLACING.includes(field));
}

function differences(before: Plan, after: Plan): string[] {
  const keys = new Set(Object.keys({ ...before.digests, ...after.digests }));
  const differing = [...keys].filter((key) => before.digests?.[key] !== after.digests?.[key]);
  if (after.type !== COMMAND) return differing.sort();
  const wordings = differing.map((key) => wordOf(key, before, after));
  return [...new Set(wordings.flat())];
}

/** `update` is what `create` is, so both are the text of the step. */
function wordOf(key: string, before: Plan, after: Plan): string[] {
  if (key === "create" || key === "update") return ["its files"];
  if (key === "connection") return ["the way in"];
  if (key !== "stdin") return [key];
  const [old, now] = [before.step?.parameters ?? [], after.step?.parameters ?? []];
  const value = (all: Parameter[], wanted: string): string =>
    JSON.stringify(all.find(({ name }) => name === wanted) ?? null);
  const names = new Set([...old, ...now].map(({ name }) => name));
  const seen = [...names].filter((name) => value(old, name) !== value(now, name));
  return seen.length > 0 ? seen : ["a secret parameter"];
}
