/** A preview for people: as text, or as the Markdown of a comment. */
import type { Change } from "./compare";
import type { Cost } from "./cost";
import type { Preview } from "./preview";

const VERBS: Record<Change["what"], string> = {
  add: "+ make",
  remove: "- remove",
  change: "~ change",
  replace: "! REPLACE",
};

export function renderText(preview: Preview): string {
  const { stack, base, changes } = preview;
  const rows = changes.map((change) => [VERBS[change.what], wordsOf(change), noteOf(change)]);
  return [
    base === undefined ? `The stack "${stack}":` : `The stack "${stack}", compared with ${base}:`,
    ...table(rows),
    summaryOf(changes, base),
    "",
    ...remarksOf(preview),
  ].join("\n");
}

export function renderMarkdown(preview: Preview): string {
  const { stack, base, changes } = preview;
  const rows = changes.map(
    (change) =>
      `| \`${VERBS[change.what]}\` | ${escaped(wordsOf(change))} | ${escaped(noteOf(change))} |`,
  );
  const long = rows.length > 20;
  return [
    `### Preview of \`${stack}\``,
    "",
    `${summaryOf(changes, base)}${base === undefined ? "" : ` Compared with \`${base}\`.`}`,
    "",
    ...(rows.length === 0
      ? []
      : [
          ...(long ? ["<details><summary>all of them</summary>", ""] : []),
          "| | what | why |",
          "| --- | --- | --- |",
          ...rows,
          ...(long ? ["", "</details>"] : []),
          "",
        ]),
    // What a program logs is its author's, and this is read by people who trust its frame.
    ...remarksOf({ ...preview, notices: preview.notices.map(escaped) }).map((line) => `- ${line}`),
    "",
  ].join("\n");
}

function wordsOf({ name, control, type }: Change): string {
  const [, kind = type] = /([A-Za-z]+)$/.exec(type) ?? [];
  return control === undefined ? `${name} (${kind})` : `${name} (control ${control})`;
}

function noteOf(change: Change): string {
  const notes = [...change.fields];
  const isLoss = change.what === "replace" || change.what === "remove";
  if (change.what === "replace") notes.push("and all its steps run again");
  if (isLoss && change.protected) notes.push("PROTECTED: the engine will refuse this");
  return notes.join(", ");
}

function summaryOf(changes: readonly Change[], base: string | undefined): string {
  if (base === undefined) return `${changes.length} resources in all.`;
  if (changes.length === 0) return "Nothing changes.";
  const count = (what: Change["what"], word: string): string[] => {
    const all = changes.filter((change) => change.what === what).length;
    return all === 0 ? [] : [`${all} ${word}`];
  };
  const counts = [
    ...count("add", "to make"),
    ...count("change", "to change in place"),
    ...count("replace", "to REPLACE"),
    ...count("remove", "to remove"),
  ];
  return `${counts.join(", ")}.`;
}

function remarksOf({ cost, faults, notices, standIns, engine }: Preview): string[] {
  return [
    faults.length === 0
      ? "Policies: all kept."
      : `REFUSED:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
    costLine(cost),
    engine,
    ...notices,
    ...(standIns.length === 0
      ? []
      : [`Secrets are not known here; something stands in for ${standIns.join(", ")}.`]),
  ];
}

function costLine(cost: Preview["cost"]): string {
  if ("unknown" in cost) return `Monthly cost: not known, ${cost.unknown}.`;
  const { after, before } = cost;
  const servers = after.servers.map(({ name, type, monthly }) => `${name} ${type} ${usd(monthly)}`);
  const text = `Monthly cost: ${usd(after.monthly)}${differenceOf(after, before)} (${servers.join(", ")})`;
  return `${text}.`;
}

function differenceOf(after: Cost, before: Cost | undefined): string {
  if (before === undefined) return "";
  const difference = after.monthly - before.monthly;
  if (difference === 0) return ", as before";
  return `, ${usd(Math.abs(difference))} ${difference > 0 ? "more" : "less"} than before`;
}

function usd(amount: number): string {
  return `$${amount.toFixed(2)}`;
}

function table(rows: string[][]): string[] {
  const widths = [0, 1].map((column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
}

/** A bar would end the cell, and a tag or a mention would do something. */
function escaped(text: string): string {
  return text.replace(/[|\\`*_<>@[\]]/g, "\\$&");
}
