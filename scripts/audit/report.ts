/**
 * What an audit tells: the contract between `npm run audit -- --json` and whatever reads it.
 *
 * The types, the check and the JSON Schema come from this one description.
 */
import { z } from "zod";

import { ROLES } from "../../components/lib/roles";

/** Raised when something is taken away, renamed or comes to mean something else. */
export const REPORT_VERSION = 1;

const ROLE = z.enum(ROLES).describe("The server, by what it is for.");

const FINDING = z.object({
  id: z
    .string()
    .regex(/^[A-Z-]+-\d\d$/)
    .describe("The check: its control's name and a number; 00 where the control could not look."),
  control: z.string().describe("The control that mends it; outside for what is seen from outside."),
  rows: z.array(z.string().regex(/^[GAPH]\d\d$/)).describe("The promises that it is part of."),
  promise: z.string().describe("What shall be so."),
  state: z.enum(["kept", "broken", "unknown"]),
  found: z.string().exactOptional().describe("Where it is not kept: what was found instead."),
  since: z.iso
    .datetime()
    .exactOptional()
    .describe("The first of the audits in a row that have found it."),
  repair: z.string().exactOptional().describe("What to do about it."),
});

const SERVER = z.object({
  role: ROLE,
  label: z.string(),
  publicIPv4: z.string(),
  publicIPv6: z.string(),
  privateIPv4: z.string(),
  answers: z
    .array(z.object({ address: z.string(), port: z.int() }))
    .describe("Ports that a stranger's first packet gets an answer at, seen from here."),
  findings: z.array(FINDING),
});

const PROMISE = z.object({
  row: z.string(),
  promise: z.string(),
  state: z.enum(["kept", "broken", "unknown"]),
  checks: z.int().describe("How many checks stand for it, on all servers."),
  broken: z.array(z.object({ role: ROLE, id: z.string() })),
});

/** One audit of a stack. */
export const REPORT = z.object({
  reportVersion: z.literal(REPORT_VERSION),
  stack: z.string(),
  time: z.iso.datetime().describe("When it began."),
  seconds: z.number().describe("How long it took, with the look from outside."),
  state: z
    .enum(["kept", "broken", "unknown"])
    .describe("The worst of all; unknown is worse than broken."),
  servers: z.array(SERVER),
  promises: z.array(PROMISE),
});

export type Report = z.output<typeof REPORT>;
export type Finding = z.output<typeof FINDING>;
export type ServerReport = z.output<typeof SERVER>;
export type PromiseReport = z.output<typeof PROMISE>;
export type State = Report["state"];

/** The contract as a JSON Schema (draft 2020-12). */
export function reportSchema(): object {
  return z.toJSONSchema(REPORT, { io: "output" });
}

const RANK: Readonly<Record<State, number>> = { kept: 0, broken: 1, unknown: 2 };

/** What is worst among them; nothing at all is unknown. */
export function worst(states: readonly State[]): State {
  if (states.length === 0) return "unknown";
  return [...states].sort((one, other) => RANK[other] - RANK[one])[0] ?? "unknown";
}

/** What a command that reports it ends with. */
export const exitCodeOf = (state: State): number => RANK[state];
