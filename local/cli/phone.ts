import { URI } from "otpauth";

import type { Enrolments } from "../../components/lib/outputs-contract";
import { type Role, ROLES } from "../../components/lib/roles";
import { type CloudPaths, cloudPaths } from "../paths";
import { firstAdmin } from "./operator";
import { requireCloud } from "./readiness";
import { readOutputs } from "./stack";
import { UserError } from "./user-error";

/** What a person's phone shows for one server. */
export interface PhoneEntry {
  /** Label of the server. */
  server: string;
  /** Missing for a person who is not enrolled. */
  code?: string;
  secondsLeft?: number;
}

/** Plays the phone of a local cloud's person, so that trying out two-factor login takes none. */
export function phone(person: string | undefined, options: { json?: boolean }): void {
  const paths = cloudPaths();
  requireCloud(paths);
  const entries = ROLES.map((role) => phoneEntry(paths, role, person));
  if (options.json) console.log(JSON.stringify(entries, null, 2));
  else for (const entry of entries) console.log(entryText(entry));
}

/** `stronghold-local-app  123 456  (17 s left)` */
export function entryText({ server, code, secondsLeft }: PhoneEntry): string {
  if (code === undefined) return `${server}  not enrolled`;
  return `${server}  ${code.slice(0, 3)} ${code.slice(3)}  (${secondsLeft ?? 0} s left; each works once)`;
}

/** @throws UserError if the stack knows no such person. */
export function phoneEntry(paths: CloudPaths, role: Role, person?: string): PhoneEntry {
  const outputs = readOutputs(paths);
  const people = (outputs["enrolments"]?.value as Enrolments | undefined)?.[role] ?? {};
  const name = person ?? firstAdmin(paths);
  const enrolment = people[name];
  if (!enrolment) {
    throw new UserError(
      `"${name}" is no person of this cloud. There are: ${Object.keys(people).join(", ")}.`,
      64,
    );
  }
  const { label: server } = outputs[role]?.value as { label: string };
  if (enrolment.uri === undefined) return { server };
  const totp = URI.parse(enrolment.uri);
  if (!("period" in totp)) throw new Error("the stack's codes are not time-based");
  return { server, code: totp.generate(), secondsLeft: Math.ceil(totp.remaining() / 1000) };
}
