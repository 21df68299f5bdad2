import { createHash, createPublicKey } from "node:crypto";

import { privateKeyFromSeed } from "./ed25519";
import { WireError, WireReader, wireString, wireUint32 } from "./ssh-wire";

/** An Ed25519 key pair in the forms that OpenSSH reads. */
export interface KeyPair {
  /** An unencrypted `BEGIN OPENSSH PRIVATE KEY` text. */
  privateKey: string;
  /** `ssh-ed25519 <base64>`, without a comment. */
  publicKey: string;
}

const TYPE = "ssh-ed25519";
const MAGIC = Buffer.from("openssh-key-v1\0");
const HEADER = "-----BEGIN OPENSSH PRIVATE KEY-----";
const FOOTER = "-----END OPENSSH PRIVATE KEY-----";

/** The private section is padded to the block size of the cipher `none`. */
const BLOCK = 8;

/**
 * The key pair that belongs to a seed: the same seed always gives the very same text.
 *
 * That is why this is not left to a library. OpenSSH's format holds a random check number, and a text
 * that differed at each run would make the engine hand the key over at each run.
 */
export function keyPairFromSeed(seed: Buffer): KeyPair {
  const point = publicPoint(seed);
  const blob = Buffer.concat([wireString(TYPE), wireString(point)]);
  // It tells a decrypted key from garbage, and nothing more: any number will do if it stands there twice.
  const check = createHash("sha256").update(blob).digest().subarray(0, 4);
  const secret = Buffer.concat([
    check,
    check,
    blob,
    wireString(Buffer.concat([seed, point])),
    wireString(""),
  ]);
  const file = Buffer.concat([
    MAGIC,
    ...["none", "none", ""].map((cipherOrKdf) => wireString(cipherOrKdf)),
    wireUint32(1),
    wireString(blob),
    wireString(padded(secret)),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    privateKey: [HEADER, ...lines, FOOTER, ""].join("\n"),
    publicKey: `${TYPE} ${blob.toString("base64")}`,
  };
}

/** The public half of an OpenSSH private key of any type, or why the text cannot be used. */
export function publicHalfOf(privateKey: string): { publicKey: string } | { fault: string } {
  const text = privateKey.trim();
  if (!text.startsWith(HEADER) || !text.endsWith(FOOTER)) {
    return { fault: "is not in OpenSSH's own format; convert it with `ssh-keygen -p -f <file>`" };
  }
  const file = Buffer.from(text.slice(HEADER.length, -FOOTER.length), "base64");
  try {
    if (!file.subarray(0, MAGIC.length).equals(MAGIC)) throw new WireError("no such format");
    const reader = new WireReader(file.subarray(MAGIC.length));
    const cipher = reader.text();
    reader.string();
    reader.string();
    if (cipher !== "none") {
      return {
        fault:
          "has a passphrase; load it into the SSH agent and leave this setting out, or remove it",
      };
    }
    if (reader.uint32() !== 1) throw new WireError("not one key");
    const blob = reader.string();
    return { publicKey: `${new WireReader(blob).text()} ${blob.toString("base64")}` };
  } catch (error) {
    if (error instanceof WireError) return { fault: "is damaged; give the whole file again" };
    throw error;
  }
}

function publicPoint(seed: Buffer): Buffer {
  const key = createPublicKey(privateKeyFromSeed(seed));
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

/** Filled up with 1, 2, 3, ... */
function padded(bytes: Buffer): Buffer {
  const missing = (BLOCK - (bytes.length % BLOCK)) % BLOCK;
  return Buffer.concat([bytes, Buffer.from(Array.from({ length: missing }, (_, i) => i + 1))]);
}
