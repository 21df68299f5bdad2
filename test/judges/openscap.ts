/** What OpenSCAP says: which rules of a profile fail, and the score by XCCDF's default model. */

export interface Evaluation {
  /** OpenSCAP's own score. */
  score: number;
  /** Without the namespace that they all share. */
  failing: string[];
  /** The same score without some rules. */
  scoreWithout: (isWaived: (rule: string) => boolean) => number;
}

interface Group {
  groups: (Group | string)[];
}

const NAMESPACE = "xccdf_org.ssgproject.content_rule_";
/** All others, such as "notapplicable", do not count. */
const COUNTED: Readonly<Record<string, number>> = {
  pass: 100,
  fixed: 100,
  fail: 0,
  error: 0,
  unknown: 0,
};

/** Reads the tags of a file of results: groups and rules as they are nested, then the results. */
export function readEvaluation(text: string): Evaluation {
  const root: Group = { groups: [] };
  const path = [root];
  const results = new Map<string, string>();
  let rule = "";
  let score = Number.NaN;
  for (const line of text.split("\n")) {
    const [, idref = ""] = / id(?:ref)?="([^"]*)"/.exec(line) ?? [];
    const id = idref.replace(NAMESPACE, "");
    if (line.startsWith("</Group")) path.pop();
    else if (line.startsWith("<Group")) {
      const group: Group = { groups: [] };
      path.at(-1)?.groups.push(group);
      path.push(group);
    } else if (line.startsWith("<Rule")) path.at(-1)?.groups.push(id);
    else if (line.startsWith("<rule-result")) rule = id;
    else if (line.startsWith("<result>")) results.set(rule, line.slice("<result>".length));
    else if (line.startsWith("<score")) score = Number(/>([\d.]+)/.exec(line)?.[1]);
  }
  const rules = [...results.keys()];
  return {
    score,
    failing: rules.filter((one) => COUNTED[results.get(one) ?? ""] === 0).sort(),
    scoreWithout: (isWaived) =>
      scoreOf(root, (one) => (isWaived(one) ? undefined : COUNTED[results.get(one) ?? ""])) ?? 100,
  };
}

/** A group's score is the mean of its parts', of which those without a counted rule are none. */
function scoreOf(
  part: Group | string,
  of: (rule: string) => number | undefined,
): number | undefined {
  if (typeof part === "string") return of(part);
  const scores = part.groups.map((one) => scoreOf(one, of)).filter((score) => score !== undefined);
  if (scores.length === 0) return undefined;
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
