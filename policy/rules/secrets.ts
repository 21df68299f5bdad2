/** The rule about secrets, which the engine shows to a pack in their disguise alone. */
import { Secret } from "@pulumi/policy";

import { COMMAND, INSTANCE } from "./rule";
import { SECRET_TEXT } from "./steps";

export const SECRETS_ARE_SECRET = {
  name: "secrets-are-secret",
  description: "What opens a server is encrypted in the state and masked in previews.",
  repair: "Wrap it in pulumi.secret().",
};

/** The name of a parameter that holds a secret. */
const SECRET_NAME =
  /^(?:\w*(?:PASSWORD|SECRET|TOKEN|WEBHOOK|PRIVATE|SIGNING_KEY|PUSH_KEY)\w*|(?:HOST_)?KEY_B64)=./m;

/** Inputs that open a server. The SDK itself makes `rootPass` and `connection` secret. */
const OPENERS: Record<string, readonly string[]> = {
  [INSTANCE]: ["metadatas", "stackscriptData"],
  [COMMAND]: ["stdin"],
};

/** The inputs of a resource that are no secret to the engine, so that it would print and store them. */
export function plainSecrets(type: string, props: Record<string, unknown>): string[] {
  return (OPENERS[type] ?? []).filter((key) => {
    // The getter of such an object unwraps a secret, and its descriptor does not.
    const value: unknown = Object.getOwnPropertyDescriptor(props, key)?.value;
    if (value === undefined || value instanceof Secret) return false;
    // Most of what steps are told may be seen, and a preview is better for showing it.
    return key !== "stdin" || isTelling(value);
  });
}

function isTelling(text: unknown): boolean {
  return typeof text === "string" && (SECRET_TEXT.test(text) || SECRET_NAME.test(text));
}
