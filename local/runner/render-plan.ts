import type { Plan } from "./plan";
import type { Parameter } from "./step";
import type { Wire } from "./wire";

/** A decoded text is shown up to this length; the JSON form has it all. */
const LINES_SHOWN = 8;

/** The plan as an indented tree for people. */
export function renderPlan(plan: Plan): string {
  return [headline(plan), ...branches(plan.children, "")].join("\n");
}

function branches(children: Plan[], indent: string): string[] {
  return children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    const below = indent + (isLast ? "   " : "│  ");
    const bar = child.children.length > 0 ? "│  " : "   ";
    return [
      `${indent}${isLast ? "└─ " : "├─ "}${headline(child)}`,
      ...details(child).map((line) => `${below}${bar}  ${line}`),
      ...branches(child.children, below),
    ];
  });
}

function headline({ type, name, protect, step }: Plan): string {
  const what = step?.control === undefined ? [] : [`${step.verb ?? ""} ${step.control}`];
  const notes = [shortType(type), ...what, ...(protect ? ["protected"] : [])];
  return `${name}  (${notes.join(", ")})${step?.summary === undefined ? "" : `: ${step.summary}`}`;
}

/** `linode:index/instance:Instance` as `linode Instance`. */
function shortType(type: string): string {
  const parts = type.split(":");
  return `${parts[0] ?? ""} ${parts.at(-1) ?? ""}`;
}

function details({ inputs, step }: Plan): string[] {
  const values = Object.entries(inputs).flatMap(([name, value]) => detail(name, value));
  // What a step confirms stands with the step before it.
  const parameters = step?.verb === "confirm" ? [] : (step?.parameters ?? []);
  return [...values, ...parameters.flatMap(parameterLines)];
}

function parameterLines({ name, value, lines = [] }: Parameter): string[] {
  if (lines.length > LINES_SHOWN) return [`${name}: ${value} (see --json)`];
  const shown = lines.map((line) => `  ${line.replaceAll("\t", "  ")}`);
  return [`${name}: ${value === "" ? "(empty)" : value}`, ...shown];
}

function detail(name: string, value: Wire): string[] {
  if (Array.isArray(value) && value.some((item) => typeof item === "object")) {
    return [`${name}:`, ...value.map((item) => `  ${inline(item)}`)];
  }
  return [`${name}: ${inline(value)}`];
}

function inline(value: Wire): string {
  if (Array.isArray(value)) return value.map(inline).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, item]) => `${key} ${inline(item)}`);
  return pairs.join("; ");
}
