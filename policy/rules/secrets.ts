/** The rule about secrets, which the engine shows to a pack in their disguise alone. */
import { Secret } from "@pulumi/policy";

import { COMMAND, COPY, INSTANCE } from "./rule";

export const SECRETS_ARE_SECRET = {
  name: "secrets-are-secret",
  description: "What opens a server is encrypted in the state and masked in previews.",
  remediationSteps: "Wrap it in pulumi.secret().",
};

/** Where the inputs of each type hold something that opens a server. */
const PLACES: Record<string, readonly string[][]> = {
  [INSTANCE]: [["rootPass"], ["metadatas"], ["stackscriptData"]],
  [COMMAND]: [["stdin"], ["connection", "privateKey"], ["connection", "password"]],
  [COPY]: [
    ["connection", "privateKey"],
    ["connection", "password"],
  ],
};

/** A value in clear, by what holds it. */
interface Plain {
  holder: Record<string, unknown>;
  key: string;
}

/** The secrets of a resource that are none to the engine, so that it would print and store them. */
export function plainSecrets(type: string, props: Record<string, unknown>): Plain[] {
  return (PLACES[type] ?? []).flatMap((path) => {
    const plain = follow(props, path);
    return plain ? [plain] : [];
  });
}

function follow(holder: Record<string, unknown>, [key = "", ...rest]: string[]): Plain | undefined {
  // The getter of such an object unwraps a secret, and its descriptor does not.
  const value: unknown = Object.getOwnPropertyDescriptor(holder, key)?.value;
  if (value === undefined || value === null || holdsSecret(value)) return undefined;
  return rest.length === 0 ? { holder, key } : follow(holder[key] as Record<string, unknown>, rest);
}

/** Whether it is one, or all of it is made of such. */
function holdsSecret(value: unknown): boolean {
  if (value instanceof Secret) return true;
  if (typeof value !== "object" || value === null) return false;
  const parts = Object.values(value);
  return parts.length > 0 && Array.isArray(value) && parts.every(holdsSecretPart);
}

function holdsSecretPart(part: unknown): boolean {
  return typeof part === "object" && part !== null && Object.values(part).every(holdsSecret);
}
