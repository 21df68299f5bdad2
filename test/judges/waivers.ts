/** What outside judges find and nobody means to mend, each with its reason; see waivers.yaml. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

export const JUDGES = ["lynis", "openscap", "ssh-audit", "nmap"] as const;
export type Judge = (typeof JUDGES)[number];
export const SERVERS = ["app", "database", "backup"] as const;
export type Server = (typeof SERVERS)[number];

const WAIVER = z.strictObject({
  judge: z.enum(JUDGES),
  /** Of which kind the reason is: see the file's head. */
  kind: z.enum(["host", "design", "later"]),
  reason: z.string().min(30),
  /** @default every server that the judge looks at */
  servers: z.array(z.enum(SERVERS)).nonempty().optional(),
  /** As the judge names them; `*` stands for anything, `{a,b}` for either. */
  findings: z.array(z.string().min(3)).nonempty(),
});
export type Waiver = z.infer<typeof WAIVER>;

export const readWaivers = (
  text = readFileSync(join(__dirname, "waivers.yaml"), "utf8"),
): Waiver[] => z.array(WAIVER).parse(parse(text));

/** What a judge found on a server, by its own names. */
export type Findings = readonly (readonly [server: Server, found: readonly string[]])[];

export interface Verdict {
  /** `server finding` of what is neither mended nor waived. */
  open: string[];
  /** `server finding` of what is waived and not found. */
  stale: string[];
}

/**
 * Compares what a judge found with what is waived.
 *
 * `lesser` are findings that may be waived and need not be: a judge's hints that it does not call findings.
 */
export function weigh(
  judge: Judge,
  findings: Findings,
  waivers: readonly Waiver[],
  lesser: Findings = [],
): Verdict {
  const own = waivers.filter((waiver) => waiver.judge === judge);
  const hints = new Map(lesser);
  return {
    open: findings.flatMap(([server, found]) =>
      found.filter((one) => !waiverOf(one, server, own)).map((one) => `${server} ${one}`),
    ),
    stale: findings.flatMap(([server, found]) =>
      own
        .filter((waiver) => isAbout(waiver, server))
        .flatMap((waiver) => waiver.findings)
        .filter(
          (glob) => ![...found, ...(hints.get(server) ?? [])].some((one) => matches(glob, one)),
        )
        .map((glob) => `${server} ${glob}`),
    ),
  };
}

/** The waiver of a finding, if there is one: one that names it goes before what a star stands for. */
export function waiverOf(
  finding: string,
  server: Server,
  waivers: readonly Waiver[],
): Waiver | undefined {
  const own = waivers.filter((waiver) => isAbout(waiver, server));
  return (
    own.find(({ findings }) => findings.includes(finding)) ??
    own.find(({ findings }) => findings.some((glob) => matches(glob, finding)))
  );
}

export const isAbout = ({ servers }: Waiver, server: Server): boolean =>
  servers?.includes(server) ?? true;

export function matches(glob: string, finding: string): boolean {
  const source = glob
    .replaceAll(/[\\^$+?.()|[\]]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll(/\{([^{}]*)\}/g, (_, list: string) => `(?:${list.replaceAll(",", "|")})`);
  return new RegExp(`^${source}$`).test(finding);
}
