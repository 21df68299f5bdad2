/**
 * Values as a program hands them over and gets them back: JSON in which secrets, assets and values
 * not known yet are marked in place, the way the Pulumi SDK marks them on its way to the engine.
 */
import { runtime } from "@pulumi/pulumi";

export type Wire = null | boolean | number | string | Wire[] | WireObject;
export interface WireObject {
  [key: string]: Wire;
}

export const MASK = "[secret]";
export const NOT_KNOWN_YET = "[known after up]";

const SIGNATURE = runtime.specialSigKey;

export function isObject(value: Wire | undefined): value is WireObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isArchive(value: Wire): value is WireObject {
  return isObject(value) && value[SIGNATURE] === runtime.specialArchiveSig;
}

export function isAsset(value: Wire): value is WireObject {
  return isObject(value) && value[SIGNATURE] === runtime.specialAssetSig;
}

export function isSecret(value: Wire | undefined): value is { value: Wire } & WireObject {
  return isObject(value) && value[SIGNATURE] === runtime.specialSecretSig;
}

export function secret(value: Wire): WireObject {
  return isSecret(value) ? value : { [SIGNATURE]: runtime.specialSecretSig, value };
}

/** Rebuilds a value from its leaves up; `change` sees marks as well as plain values. */
export function rewrite(value: Wire, change: (value: Wire) => Wire): Wire {
  if (Array.isArray(value)) return change(value.map((item) => rewrite(item, change)));
  if (!isObject(value)) return change(value);
  const entries = Object.entries(value).map(([key, item]) => [key, rewrite(item, change)] as const);
  return change(Object.fromEntries(entries));
}

/** The bare value: secrets in clear, a resource as its id. */
export function reveal(value: Wire): Wire {
  return rewrite(value, (part) => {
    if (isSecret(part)) return part.value;
    if (isObject(part) && part[SIGNATURE] === runtime.specialResourceSig) {
      return part["id"] ?? part["urn"] ?? null;
    }
    return part;
  });
}

export function revealAll(values: WireObject): WireObject {
  return reveal(values) as WireObject;
}

/** The value as people may see it. */
export function mask(value: Wire): Wire {
  if (isSecret(value)) return MASK;
  if (value === runtime.unknownValue) return NOT_KNOWN_YET;
  if (isArchive(value) || isAsset(value)) return value["path"] ?? "[text]";
  if (Array.isArray(value)) return value.map(mask);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item)]));
}

export function holdsSecret(value: Wire): boolean {
  return secretParts(value).length > 0;
}

/** The secrets inside a value, in clear. */
function secretParts(value: Wire): Wire[] {
  if (isSecret(value)) return [reveal(value.value)];
  if (Array.isArray(value)) return value.flatMap(secretParts);
  return isObject(value) ? Object.values(value).flatMap(secretParts) : [];
}

/** Shorter texts, such as a user's name, also stand where they give nothing away. */
const LEAST_SECRET_LENGTH = 16;

/** Takes every line and every `KEY=value` value of the secrets in `values` out of `text`. */
export function redact(text: string, values: WireObject): string {
  const words = new Set<string>();
  for (const part of secretParts(values)) {
    rewrite(part, (leaf) => {
      if (typeof leaf !== "string") return leaf;
      for (const line of leaf.split("\n")) {
        words.add(line.trim()).add(line.slice(line.indexOf("=") + 1).trim());
      }
      return leaf;
    });
  }
  return [...words]
    .filter((word) => word.length >= LEAST_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length)
    .reduce((masked, word) => masked.replaceAll(word, MASK), text);
}

/** Text that is equal for equal values, whatever the order of their keys and whether they are marked secret. */
export function canonical(value: Wire | undefined): string {
  return JSON.stringify(value === undefined ? null : reveal(value), (_, item: Wire) =>
    isObject(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
