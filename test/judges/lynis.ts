/** What lynis says, read from its report and its log. */
import { isAbout, type Server, type Waiver } from "./waivers";

export interface Lynis {
  version: string;
  /** Lynis' own figure, of what it was not told to skip. */
  index: number;
  /** Of its points: all that it asks for, and without what no such host can show. */
  rawIndex: number;
  shownIndex: number;
  /** Warnings and suggestions, as `TEST` or `TEST:detail`. */
  findings: string[];
  /** Tests that gave less than their points without a word. */
  hints: string[];
}

/** Points by test: those that were given, and those that there are. */
type Points = Map<string, readonly [given: number, all: number]>;

/** The details by which lynis lets a part of a test be skipped. */
const DETAILED = ["KRNL-6000", "SSH-7408"];
export const testOf = (finding: string): string => finding.replace(/:.*$/, "");

/** The lines of a profile that has lynis skip what is waived. */
export function profileOf(
  waivers: readonly Waiver[],
  server: Server,
  keys: readonly string[],
): string[] {
  return lynisFindings(waivers, server)
    .flatMap((finding) => expanded(finding, keys))
    .map((finding) => `skip-test=${finding}`);
}

/** Without braces and stars, which lynis does not know: a star stands for settings of the kernel. */
function expanded(finding: string, keys: readonly string[]): string[] {
  const [, head = "", list = "", tail = ""] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(finding) ?? [];
  if (list !== "") {
    return list.split(",").flatMap((one) => expanded(`${head}${one}${tail}`, keys));
  }
  if (!DETAILED.includes(testOf(finding))) return [testOf(finding)];
  if (!finding.endsWith("*")) return [finding];
  const [test = "", start = ""] = finding.slice(0, -1).split(":");
  return keys.filter((key) => key.startsWith(start)).map((key) => `${test}:${key}`);
}

const testsOf = (waivers: readonly Waiver[], server: Server): string[] => [
  ...new Set(lynisFindings(waivers, server).map(testOf)),
];

const lynisFindings = (waivers: readonly Waiver[], server: Server): string[] =>
  waivers
    .filter((waiver) => waiver.judge === "lynis" && isAbout(waiver, server))
    .flatMap(({ findings }) => findings);

/** A run with the profile, and one without it, which tells whether what is waived is still there. */
export function readLynis(
  text: Record<"waived-report" | "waived-log" | "plain-report" | "plain-log", string>,
  waivers: readonly Waiver[],
  server: Server,
): Lynis {
  const waived = pointsOf(text["waived-log"]);
  const plain = pointsOf(text["plain-log"]);
  const hidden = waivers.filter(({ kind }) => kind === "host");
  const hosts = testsOf(hidden, server).filter((test) => !partly(test, waivers, hidden, server));
  const shown = new Map([...waived, ...[...plain].filter(([test]) => !hosts.includes(test))]);
  const said = `${text["waived-report"]}\n${text["plain-report"]}`;
  const findings = [...findingsOf(said), ...settingsOf(text["waived-log"] + text["plain-log"])];
  const all = new Map([...waived, ...plain]);
  const lost = [...all].filter(([, [given, most]]) => given < most).map(([test]) => test);
  return {
    version: valueOf("lynis_version", said),
    index: Number(valueOf("hardening_index", text["waived-report"])),
    rawIndex: indexOf(all),
    shownIndex: indexOf(shown),
    findings: [...new Set(findings)].sort(),
    hints: lost,
  };
}

/** Whether a test is waived for different reasons in parts. */
const partly = (
  test: string,
  waivers: readonly Waiver[],
  hidden: readonly Waiver[],
  server: Server,
): boolean =>
  testsOf(
    waivers.filter((waiver) => !hidden.includes(waiver)),
    server,
  ).includes(test);

/** Lynis cuts its figure, too. */
export function indexOf(points: Points): number {
  const sum = (at: 0 | 1): number => [...points.values()].reduce((all, pair) => all + pair[at], 0);
  return Math.floor((100 * sum(0)) / sum(1));
}

export function pointsOf(log: string): Points {
  const points = new Map<string, readonly [number, number]>();
  let test = "";
  let before: readonly [number, number] = [0, 0];
  for (const line of log.split("\n")) {
    test = /Performing test ID ([A-Z]+-\d+)/.exec(line)?.[1] ?? test;
    const [, given, all] = /Currently having (\d+) points \(out of (\d+)\)/.exec(line) ?? [];
    if (given === undefined || all === undefined) continue;
    const now = [Number(given), Number(all)] as const;
    const [had, most] = points.get(test) ?? [0, 0];
    points.set(test, [had + now[0] - before[0], most + now[1] - before[1]]);
    before = now;
  }
  return points;
}

/** `suggestion[]=TEST|what it says|details|...`. */
function findingsOf(report: string): string[] {
  return [...report.matchAll(/^(?:warning|suggestion)\[\]=([A-Z0-9-]+)\|([^|\n]*)\|([^|\n]*)/gm)]
    .filter(([, test]) => test !== "KRNL-6000")
    .map(([, test = "", text = "", details = ""]) => {
      if (test === "SSH-7408") return `${test}:${details.replace(/ .*/, "").toLowerCase()}`;
      const [place] = /\/(?:home|var|tmp)\b|'[a-z]+'|minimum|maximum/.exec(text) ?? [];
      return place === undefined ? test : `${test}:${place.replaceAll("'", "")}`;
    });
}

/** Of settings of the kernel the report says one word for all. */
const settingsOf = (log: string): string[] =>
  [...log.matchAll(/sysctl key (\S+) has a different value/g)].map(([, key]) => `KRNL-6000:${key}`);

const valueOf = (key: string, report: string): string =>
  new RegExp(`^${key}=(.*)$`, "m").exec(report)?.[1] ?? "";
