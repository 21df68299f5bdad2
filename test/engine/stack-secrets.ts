/** Every secret of a stack, by asking the engine for its state with the secrets in clear. */
import type { Enrolments } from "../../components/lib/outputs-contract";
import { p256Signer } from "../../components/lib/p256";
import { bytesFrom } from "../../components/lib/secret-bytes";
import { keyPairFromSeed } from "../../components/lib/ssh-key-pairs";
import { pkcs8Of } from "../../components/lib/x509";
import { innerOf } from "../canaries";

interface Exported {
  deployment: {
    resources: {
      urn: string;
      type: string;
      inputs?: Record<string, unknown>;
      outputs?: Record<string, unknown>;
    }[];
  };
}

const SEED_BYTES = 32;

/** A text, also a secret one, which the engine shows as JSON within JSON. */
function textOf(value: unknown): string {
  const isSecret = typeof value === "object" && value !== null && "plaintext" in value;
  const bare: unknown = isSecret ? JSON.parse(value.plaintext as string) : value;
  return typeof bare === "string" ? bare : "";
}

/** A value that was drawn, and the bytes and the private keys that could be made of it. */
function drawn(name: string, outputs: Record<string, unknown>): [string, string][] {
  const result = textOf(outputs["result"]);
  const seed = bytesFrom(result, SEED_BYTES);
  return [
    [name, result],
    [`${name} as a seed`, seed.toString("base64")],
    [`${name} as a key`, innerOf(keyPairFromSeed(seed).privateKey)],
    [`${name} as a key of P-256`, innerOf(pkcs8Of(p256Signer(seed).key))],
  ];
}

/** What the servers are told, by the names of parameters that stand for secrets. */
function told(name: string, stdin: string): [string, string][] {
  const SECRET =
    /^(?:(?!VAULT_HOST_KEY|BOOTSTRAP).*(?:PASSWORD|TOKEN|WEBHOOK|HOST_KEY|PUSH_KEY|SIGNING_KEY)(?:_B64)?|KEY_B64)=(.+)$/;
  return stdin.split("\n").flatMap((line): [string, string][] => {
    const value = SECRET.exec(line)?.[1];
    if (value === undefined) return [];
    const [key = ""] = line.split("=");
    const text = key.endsWith("_B64") ? Buffer.from(value, "base64").toString() : value;
    const piece = text.includes("PRIVATE KEY") ? innerOf(text) : text;
    return piece.length < 8 ? [] : [[`${key} of ${name}`, piece]];
  });
}

/** A telling piece of each, by names for people. */
export function secretsOf(exported: string, enrolments: Enrolments): Map<string, string> {
  const found = new Map<string, string>();
  const { resources } = (JSON.parse(exported) as Exported).deployment;
  for (const { urn, type, inputs = {}, outputs = {} } of resources) {
    const name = urn.split("::").at(-1) ?? "";
    // The seal means nothing.
    const values =
      type.startsWith("random:") && !name.endsWith("-seal")
        ? drawn(name, outputs)
        : told(name, textOf(inputs["stdin"]));
    for (const [what, value] of values) found.set(what, value);
  }
  for (const [role, people] of Object.entries(enrolments)) {
    for (const [person, { secret = "", scratchCodes = [] }] of Object.entries(people)) {
      found.set(`${person}'s TOTP secret on ${role}`, secret);
      scratchCodes.forEach((code, index) => {
        found.set(`${person}'s scratch code ${index + 1} on ${role}`, code);
      });
    }
  }
  return found;
}
