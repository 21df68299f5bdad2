import { ACCOUNTS, FIREWALL, PACKAGES, SSH } from "./controls";
import type { Control, Parameters } from "./host-facts";
import type { Role } from "./roles";

/**
 * The controls of a server in their order. Accounts come before SSH, so that those who are to get in
 * are there before the door closes; the firewall comes last, when the door has proved to work.
 */
export const CONTROL_PLAN: Readonly<Record<Role, readonly Control[]>> = {
  app: [PACKAGES, ACCOUNTS, SSH, FIREWALL],
  database: [PACKAGES, ACCOUNTS, SSH, FIREWALL],
};

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
