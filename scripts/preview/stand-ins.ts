/** The settings of a stack with something harmless in the place of each secret. */
import { parse } from "yaml";

import { UserError } from "../../local/cli/user-error";

export interface StoodIn {
  /** As in a `Pulumi.<stack>.yaml`, with nothing encrypted. */
  settings: { config: Record<string, unknown> };
  /** Paths of the values that something stands in for. */
  paths: string[];
}

/** What a secret setting may be, where not any text will do. */
const STAND_INS: [path: RegExp, value: string][] = [
  [/\.slack\.webhook$/, "https://stand-in.invalid/webhook"],
  [/\.pushover\.(?:token|user)$/, "0".repeat(30)],
  [/\.passwordHash$/, `$6$standin$${"x".repeat(86)}`],
];

/** The one setting that is a secret as a whole; without it the keys of the SSH agent would be used. */
const LEFT_OUT = /:deployerPrivateKey$/;

/**
 * Reads a `Pulumi.<stack>.yaml` without being able to decrypt it, so that whoever previews a change needs
 * no key.
 *
 * @throws UserError if it is not YAML, or a whole setting is encrypted, of which nobody could know what it says.
 */
export function standIn(text: string, file: string): StoodIn {
  const { config = {} } = read(text, file);
  const paths: string[] = [];
  const whole: string[] = [];
  const entries = Object.entries(config).flatMap(([key, value]) => {
    if (!isEncrypted(value)) return [[key, replaced(value, key, paths)] as const];
    if (LEFT_OUT.test(key)) paths.push(key);
    else whole.push(key);
    return [];
  });
  if (whole.length > 0) {
    throw new UserError(
      `${file}: ${whole.join(", ")}: a whole setting is encrypted, so nobody can preview it without its key. Encrypt the ` +
        "secret values alone: `pulumi config set --secret --path '<setting>.<value>'`.",
    );
  }
  return { settings: { config: Object.fromEntries(entries) }, paths };
}

function read(text: string, file: string): { config?: Record<string, unknown> } {
  try {
    return (parse(text) ?? {}) as { config?: Record<string, unknown> };
  } catch (error) {
    throw new UserError(`${file} is not YAML: ${(error as Error).message}`);
  }
}

function replaced(value: unknown, path: string, paths: string[]): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => replaced(item, `${path}[${index}]`, paths));
  }
  if (typeof value !== "object" || value === null) return value;
  if (isEncrypted(value)) {
    paths.push(path);
    return STAND_INS.find(([shape]) => shape.test(path))?.[1] ?? "stand-in";
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replaced(item, `${path}.${key}`, paths)]),
  );
}

function isEncrypted(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}
