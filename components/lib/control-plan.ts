import {
  ACCOUNTS,
  APPLICATION,
  AUDIT,
  BACKUPS,
  CLOCK,
  DATABASE,
  DATABASE_CLIENT,
  FIREWALL,
  LOGIN_ALERTS,
  PACKAGES,
  PASSWORDS,
  SSH,
  SYSTEM,
  TWO_FACTOR,
  VAULT,
} from "./controls";
import type { Control, Parameters } from "./host-facts";
import type { Role } from "./roles";

/**
 * The controls of every server in their order. Accounts, passwords and second factors come before SSH, so
 * that those who are to get in are there before the door closes, and the clock before the codes that
 * depend on it; the firewall follows when the door has proved to work.
 */
const CONTROLS: readonly Control[] = [
  PACKAGES,
  ACCOUNTS,
  SYSTEM,
  PASSWORDS,
  CLOCK,
  TWO_FACTOR,
  SSH,
  FIREWALL,
  LOGIN_ALERTS,
];

/** The controls of each server. */
export const CONTROL_PLAN: Readonly<Record<Role, readonly Control[]>> = {
  app: [...CONTROLS, DATABASE_CLIENT, APPLICATION, AUDIT],
  database: [...CONTROLS, DATABASE, BACKUPS, AUDIT],
  backup: [...CONTROLS, VAULT, AUDIT],
};

/** The part of a plan that waits for a server of that role, or for none: what follows a control that waits does, too. */
export function controlsLeaningOn(role: Role | undefined, plan: readonly Control[]): Control[] {
  return plan.filter((_control, at) => {
    const roles = plan.slice(0, at + 1).flatMap(({ leansOn }) => leansOn ?? []);
    return roles.at(-1) === role;
  });
}

/** The text that a control gets on stdin, one `KEY=value` a line. */
export function renderParameters(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([key, value]) => `${key}=${encoded(key, value)}\n`)
    .join("");
}

function encoded(key: string, value: string): string {
  if (!/^[A-Z][A-Z0-9_]*$/.test(key)) throw new Error(`"${key}" is not the name of a parameter`);
  if (key.endsWith("_B64")) return Buffer.from(value).toString("base64");
  if (/[\n\r\0]/.test(value)) {
    throw new Error(`parameter ${key} has several lines; name it ${key}_B64`);
  }
  return value;
}
