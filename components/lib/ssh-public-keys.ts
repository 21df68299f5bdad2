import { createHash } from "node:crypto";

import { WireError, WireReader } from "./ssh-wire";

/** A public key that is strong enough to log in with. */
export interface PublicKey {
  /** As in the file: `ssh-ed25519`. */
  type: string;
  /** Size by which its kind is measured: the modulus of RSA, the curve of the others. */
  bits: number;
  /** `SHA256:...`, as `ssh-keygen -l` prints it. */
  fingerprint: string;
  /** `<type> <base64> [comment]`, without surplus blanks. */
  line: string;
}

/** Why a text is not accepted as a public key; nothing of the text itself is repeated. */
export interface KeyFault {
  /** What the text is. */
  found: string;
  /** What to do about it. */
  repair: string;
}

export type Inspected = { key: PublicKey } | { fault: KeyFault };

/** What is accepted, for messages. */
export const ALLOWED_KEYS =
  "a public key is one line of a .pub file, of type Ed25519, ECDSA, a security key (sk-), or RSA with at least " +
  "3072 bits";

/** NIST SP 800-57: the least RSA modulus of 128-bit strength. */
const LEAST_RSA_BITS = 3072;

const NEW_KEY = "make a new one with `ssh-keygen -t ed25519`";

/** Reads what follows the type in a key, and answers its size in bits. */
type Body = (reader: WireReader) => number;

const BODIES: ReadonlyMap<string, Body> = new Map([
  ["ssh-ed25519", ed25519],
  ["ssh-rsa", rsa],
  ["ecdsa-sha2-nistp256", ecdsa("nistp256", 256)],
  ["ecdsa-sha2-nistp384", ecdsa("nistp384", 384)],
  ["ecdsa-sha2-nistp521", ecdsa("nistp521", 521)],
  ["sk-ssh-ed25519@openssh.com", withApplication(ed25519)],
  ["sk-ecdsa-sha2-nistp256@openssh.com", withApplication(ecdsa("nistp256", 256))],
]);

/** Reads one line of a `.pub` file and says what key it is, or why it cannot be used. */
export function inspectPublicKey(text: string): Inspected {
  const fault = faultOfText(text);
  if (fault) return { fault };
  const [type = "", base64 = "", ...comment] = text.trim().split(/ +/);
  const blob = Buffer.from(base64, "base64");
  const bits = bitsOf(type, blob);
  if (blob.toString("base64") !== base64 || bits === undefined) {
    return refuse(`a damaged ${type} key`, "copy the whole line of the .pub file again");
  }
  if (type === "ssh-rsa" && bits < LEAST_RSA_BITS) return refuse(`a ${bits}-bit RSA key`, NEW_KEY);
  const digest = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  const line = [type, base64, ...comment].join(" ");
  return { key: { type, bits, fingerprint: `SHA256:${digest}`, line } };
}

function refuse(found: string, repair: string): { fault: KeyFault } {
  return { fault: { found, repair } };
}

/** What can be said without decoding anything. */
function faultOfText(text: string): KeyFault | undefined {
  const line = text.trim();
  const [type = ""] = line.split(" ");
  if (line === "") return { found: "an empty text", repair: "paste the line of a .pub file" };
  if (line.includes("PRIVATE KEY")) {
    const repair =
      "give the public half, which `ssh-keygen -y -f <file>` prints, and replace the pasted key: it is exposed";
    return { found: "a private key", repair };
  }
  if (line.includes("\n")) {
    return { found: "a text of several lines", repair: "write each key as an item of its own" };
  }
  if (/\p{Cc}/u.test(line)) {
    return { found: "a text with control characters", repair: "separate the words with blanks" };
  }
  if (type === "ssh-dss") return { found: "a DSA key", repair: NEW_KEY };
  if (type.includes("-cert-v01@")) {
    return { found: "a certificate", repair: "give the public key that it was made for" };
  }
  if (BODIES.has(type)) return undefined;
  if ([...BODIES.keys()].some((known) => line.includes(`${known} `))) {
    const repair = "remove what stands before the key's type; the stack sets `from=` itself";
    return { found: "a key with options in front of it", repair };
  }
  return { found: "a text that is no public key", repair: "paste the line of a .pub file" };
}

/** The size of a well-formed key of that type. */
function bitsOf(type: string, blob: Buffer): number | undefined {
  try {
    const reader = new WireReader(blob);
    if (reader.text() !== type) return undefined;
    const bits = BODIES.get(type)?.(reader);
    return reader.isAtEnd ? bits : undefined;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function ed25519(reader: WireReader): number {
  if (reader.string().length !== 32) throw new WireError("an Ed25519 point has 32 bytes");
  return 256;
}

function rsa(reader: WireReader): number {
  const exponent = BigInt(`0x0${reader.string().toString("hex")}`);
  // An even exponent has no inverse, and with 1 the message would be its own signature.
  if (exponent < 3n || exponent % 2n === 0n) throw new WireError("no RSA exponent");
  return BigInt(`0x0${reader.string().toString("hex")}`).toString(2).length;
}

function ecdsa(curve: string, bits: number): Body {
  const coordinate = Math.ceil(bits / 8);
  return (reader) => {
    const name = reader.text();
    const point = reader.string();
    const isPoint = point.length === 1 + 2 * coordinate && point[0] === 4;
    if (name !== curve || !isPoint) throw new WireError(`no uncompressed point of ${curve}`);
    return bits;
  };
}

/** Keys of hardware tokens also name the application that they were made for. */
function withApplication(body: Body): Body {
  return (reader) => {
    const bits = body(reader);
    reader.string();
    return bits;
  };
}
