/**
 * What can be wrong with archives on the outside, and what the operator is told of it. What is wrong with
 * what is in them is in restore-flaws-within.ts.
 */
import { ORIGIN } from "./restore-archives";
import { type Flaw, flipped, type Forger } from "./restore-forgeries";

/** Forges what is wrong; answers the id that is asked for. */
export type Forge = (forger: Forger) => string;

export interface Bad {
  what: string;
  forge: Forge;
  says: RegExp;
  /** @default 1 */
  code?: number;
  /** Whether a rehearsal is asked for, which goes the same way as a restore. @default a restore */
  verify?: boolean;
  /** The private key's file. @default the one that fits */
  identity?: string;
}

export const bad = (what: string, flaw: Flaw, says: RegExp): Bad => ({
  what,
  forge: (forger) => forger.forge(flaw),
  says,
});

/** Two archives that only their ids tell apart. */
const pair = (forger: Forger): [string, string] => [forger.forge(), forger.forge()];

const cut = (bytes: number): Flaw => ({ archive: (archive) => archive.subarray(0, bytes) });

/** The operator's machine refuses these; the database server hears nothing of them. */
export const REFUSED_HERE: readonly Bad[] = [
  bad("is empty", cut(0), /the archive is empty: 0 bytes of the \d+/),
  bad("is cut off in its first line", cut(20), /the archive is cut off: 20 bytes/),
  bad("is cut off in the middle", cut(400), /the archive is cut off: 400 bytes/),
  bad("lacks its last byte", cut(-1), /the archive is cut off/),
  bad(
    "has a byte too many",
    { archive: (archive) => Buffer.concat([archive, Buffer.from("x")]) },
    /the archive is too long/,
  ),
  ...[0, 0.5, 1].map((part) =>
    bad(
      `has a flipped bit at ${part} of its length`,
      { archive: flipped(part) },
      /the archive is not the one that its manifest tells of/,
    ),
  ),
  ...[0, 0.5, 1].map((part) =>
    bad(
      `had a flipped bit at ${part} of its length when it was signed`,
      { sealed: flipped(part) },
      part === 0 ? /the archive is not encrypted/ : /age cannot decrypt it/,
    ),
  ),
  {
    what: "has been swapped with another one of the same length",
    forge: (forger) => {
      const [one, other] = pair(forger);
      forger.swap(`${one}.age`, `${other}.age`);
      return one;
    },
    says: /the archive is not the one that its manifest tells of/,
  },
  {
    what: "has another one's manifest",
    forge: (forger) => {
      const [one, other] = pair(forger);
      forger.swap(`${one}.manifest`, `${other}.manifest`);
      return one;
    },
    says: /its manifest is that of full-\S+: the files have been renamed/,
  },
  {
    what: "is an older one under a new name",
    forge: (forger) => {
      const [older, newer] = pair(forger);
      for (const kind of ["age", "manifest"]) {
        forger.put(`${newer}.${kind}`, forger.file(`${older}.${kind}`));
      }
      return newer;
    },
    says: /the files have been renamed/,
  },
  {
    what: "is an older one whose manifest was given a new name",
    forge: (forger) => {
      const [older, newer] = pair(forger);
      forger.put(`${newer}.age`, forger.file(`${older}.age`));
      const text = forger.file(`${older}.manifest`).toString().replaceAll(older, newer);
      forger.put(`${newer}.manifest`, text);
      return newer;
    },
    says: /the signature of its manifest is not valid/,
  },
  {
    what: "has no manifest",
    forge: (forger) => {
      const id = forger.forge();
      forger.remove(`${id}.manifest`);
      return id;
    },
    says: /its manifest is missing/,
  },
  {
    what: "is a manifest alone",
    forge: (forger) => {
      const id = forger.forge();
      forger.remove(`${id}.age`);
      return id;
    },
    says: /only its manifest is there/,
  },
  {
    what: "has never been there",
    forge: () => "full-20200101T000000Z-00000000",
    says: /There is no full-20200101T000000Z-00000000 in the vault/,
  },
  {
    what: "has a path for a name",
    forge: () => "../../../etc/shadow",
    says: /is not the id of an archive/,
    code: 64,
  },
  {
    what: "has a command in its name",
    forge: () => "full-20200101T000000Z-00000000;reboot",
    says: /is not the id of an archive/,
    code: 64,
  },
  bad(
    "is another stack's, signed by its own key",
    { signer: "stranger", manifest: (manifest) => (manifest["origin"] = "another-stack") },
    /its manifest is signed by somebody else \(SHA256:\S+\)/,
  ),
  bad(
    "is signed by somebody else in this stack's name",
    { signer: "stranger" },
    /its manifest is signed by somebody else \(SHA256:\S+\)/,
  ),
  bad(
    "was signed for another purpose",
    { namespace: "git" },
    /the signature of its manifest is not valid/,
  ),
  bad(
    "has a manifest without a signature",
    { signed: (file) => file.slice(0, file.indexOf("\n") + 1) },
    /its manifest has no signature/,
  ),
  bad(
    "has a manifest of nothing but a signature",
    { signed: (file) => file.slice(file.indexOf("\n")) },
    /its manifest has no signature/,
  ),
  bad("has an empty manifest", { signed: () => "" }, /its manifest is empty/),
  bad(
    "has a manifest that was altered once it was signed",
    { signed: (file) => file.replace('"kind":"full"', '"kind": "full"') },
    /the signature of its manifest is not valid/,
  ),
  bad(
    "has the signature of another line",
    {
      signed: (file) => {
        const [line = "", ...signature] = file.split("\n");
        return [line.replace(/"todos":\d+/, '"todos":1'), ...signature].join("\n");
      },
    },
    /the signature of its manifest is not valid/,
  ),
  bad(
    "has a manifest longer than any",
    { signed: (file) => file + " ".repeat(4 * 1024 * 1024) },
    /its manifest is longer than any/,
  ),
  // From here on the stack's own key signs: it lies on the database server, where a thief can use it.
  bad("has a manifest that is no JSON", { line: () => "full: yes" }, /its manifest is not JSON/),
  bad(
    "has a manifest with a key too many",
    { manifest: (manifest) => (manifest["comment"] = "x") },
    /its manifest is not of format 1: .*[Uu]nrecognized key/,
  ),
  bad(
    "has a manifest with a key too few",
    { manifest: (manifest) => delete manifest["previous"] },
    /its manifest is not of format 1: previous/,
  ),
  bad(
    "has a manifest with a key twice",
    { line: (line) => line.replace('"engine"', `"origin":"${ORIGIN}","engine"`) },
    /its manifest has a key twice/,
  ),
  bad(
    "has a manifest that counts a table twice",
    { line: (line) => line.replace('"todos":', '"todos":7,"todos":') },
    /its manifest has a key twice/,
  ),
  bad(
    "is of a newer format",
    { manifest: (manifest) => Object.assign(manifest, { format: 2, more: "of it" }) },
    /its manifest is of format 2, and this version of stronghold reads format 1/,
  ),
  bad(
    "is a log by its manifest",
    { manifest: (manifest) => (manifest["kind"] = "log") },
    /its manifest says that it is a "log"/,
  ),
  bad(
    "is of another stack by its manifest",
    { manifest: (manifest) => (manifest["origin"] = "another-stack") },
    /it is of the stack "another-stack", and this one's is "stronghold-test"/,
  ),
  bad(
    "is of another schema by its manifest",
    { manifest: (manifest) => (manifest["schema"] = "mysql") },
    /it is of the schema "mysql"/,
  ),
  bad(
    "is of another engine by its manifest",
    { manifest: (manifest) => (manifest["engine"] = "mariadb") },
    /it is of the engine "mariadb"/,
  ),
  bad(
    "has a manifest with a path for an id",
    { manifest: (manifest) => (manifest["id"] = "../../../etc/shadow") },
    /its manifest is that of \.\.\/\.\.\/\.\.\/etc\/shadow/,
  ),
  bad(
    "has a manifest with a path for a log",
    { manifest: (manifest) => Object.assign(manifest["log"] as object, { file: "../x.000001" }) },
    /its manifest is not of format 1: log\.file/,
  ),
  bad(
    "has a manifest with a line in a table's name",
    { manifest: (manifest) => (manifest["tables"] = { "a\nsql 1 x": 1 }) },
    /its manifest is not of format 1: tables/,
  ),
  bad(
    "has a manifest with another sum of its archive",
    {
      manifest: (manifest) =>
        Object.assign(manifest["archive"] as object, { sha256: "0".repeat(64) }),
    },
    /the archive is not the one that its manifest tells of/,
  ),
  {
    what: "is encrypted to somebody else",
    forge: (forger) => forger.forge({ recipient: forger.archives.recipientOf("another") }),
    says: /this private key does not open it; it is encrypted to other recipients/,
  },
  {
    what: "is asked for with another private key",
    forge: (forger) => forger.forge(),
    says: /this private key does not open it/,
    identity: "another",
  },
  {
    what: "is asked for with a private key that is none",
    forge: (forger) => forger.forge(),
    says: /age cannot decrypt it/,
    identity: "junk",
  },
  {
    what: "is asked for with a private key that others can read",
    forge: (forger) => forger.forge(),
    says: /loose can be read by others on this machine: chmod 600/,
    code: 64,
    identity: "loose",
  },
  {
    what: "is asked for with a private key that is not there",
    forge: (forger) => forger.forge(),
    says: /There is no private key at \S+nowhere/,
    code: 64,
    identity: "nowhere",
  },
];
