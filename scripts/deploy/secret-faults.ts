/**
 * Secrets in an artefact: what is in a release stays on the server and in every copy of the tarball.
 *
 * Shapes find what people leave behind, not what somebody hides. No value is ever repeated.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Artefact, Fault } from "./artefact";
import { isInside } from "./file-faults";

/** A secret of the stack itself. */
export interface KnownSecret {
  what: string;
  value: string;
}

const LEAVE_OUT = "leave it out of the release";
const REVOKE = "take it out, and revoke it if anybody else has seen it";
/** Git's own measure of what is text: no NUL near the beginning. */
const TEXT_BYTES = 8_000;

/** Names that no release has a use for. Templates of settings hold none. */
const NAMES: readonly [RegExp, string][] = [
  [/(?:^|\/)\.env(?!\.(?:example|sample|template)$)(?:\.|$)/, "it holds settings of a machine"],
  [/(?:^|\/)\.git(?:\/|$)/, "it is a repository's history"],
  [/(?:^|\/)\.ssh(?:\/|$)/, "it is a folder of SSH keys"],
  [/(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)$/, "it is an SSH key"],
  [/\.(?:p12|pfx)$/i, "it is a store of private keys"],
  [/^config\/production\.json$/, "it holds the configuration of a server"],
];
/** Of these packages of others have their own, for their tests. */
const ALSO_IN_PACKAGES = 1;

const PRIVATE_KEY = "a private key";
/** What secrets look like. */
const SHAPES: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]{0,20}PRIVATE KEY-----/, PRIVATE_KEY],
  [/AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{20}/i, "an age secret key"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, "an AWS access key"],
  [/\bgh[pousr]_[A-Za-z0-9]{36}/, "a GitHub token"],
  [/\bgithub_pat_[A-Za-z0-9_]{22}/, "a GitHub token"],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10}/, "a Slack token"],
  [/hooks\.slack\.com\/services\/T[A-Z0-9]+\/B[A-Z0-9]+\/\w{8}/, "a Slack webhook"],
  [/\bnpm_[A-Za-z0-9]{36}\b/, "an npm token"],
  [/\bpul-[0-9a-f]{40}\b/, "a Pulumi token"],
  // A Linode token has no mark of its own, and looks like any hash.
  [/linode[\w-]{0,20}["']?\s{0,4}[:=]\s{0,4}["']?[0-9a-f]{64}\b/i, "a Linode token"],
];
/** Not a reference to a variable, which npm resolves where it runs. */
const NPM_LOGIN = /_(?:authToken|auth|password)\s*=\s*(?!\s*\$\{)\S/;

export function secretFaults({ root, items }: Artefact, known: readonly KnownSecret[]): Fault[] {
  return items.flatMap(({ path, kind }) => {
    const named = nameFault(path);
    // One line for a folder says it for all that is in it.
    if (kind === "folder") return named && /\.(?:git|ssh)$/.test(path) ? [named] : [];
    if (named) return /(?:^|\/)\.(?:git|ssh)\//.test(path) ? [] : [named];
    // What leads elsewhere was never unpacked, and is told of by itself.
    return kind === "file" && isInside(path) ? contentFaults(root, path, known) : [];
  });
}

/** Published packages hold keys and tokens for their tests, and it is not for this project to mend them. */
function isOthers(path: string): boolean {
  return path.startsWith("node_modules/");
}

function nameFault(path: string): Fault | undefined {
  const names = isOthers(path) ? NAMES.slice(0, ALSO_IN_PACKAGES) : NAMES;
  const [, found] = names.find(([pattern]) => pattern.test(path)) ?? [];
  return found === undefined ? undefined : { path, found, allowed: LEAVE_OUT };
}

function contentFaults(root: string, path: string, known: readonly KnownSecret[]): Fault[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(root, path));
  } catch {
    return [{ path, found: "it cannot be read", allowed: "a file that its owner may read" }];
  }
  const own = known
    .filter(({ value }) => bytes.includes(value))
    .map(({ what }) => ({ path, found: `it holds ${what} of this stack`, allowed: LEAVE_OUT }));
  if (bytes.subarray(0, TEXT_BYTES).includes(0)) return own;
  const text = bytes.toString("latin1");
  const shapes = isOthers(path) ? [] : SHAPES;
  const npm: [RegExp, string][] = /(?:^|\/)\.npmrc$/.test(path)
    ? [[NPM_LOGIN, "an npm login"]]
    : [];
  const found = [...shapes, ...npm].flatMap(([pattern, what]) => {
    const at = pattern.exec(text)?.index;
    if (at === undefined) return [];
    const line = text.slice(0, at).split("\n").length;
    return [{ path, found: `it holds ${what}, in line ${line}`, allowed: REVOKE }];
  });
  return [...own, ...found];
}
