import { createPrivateKey, type KeyObject } from "node:crypto";

const SEED_BYTES = 32;

/** What stands before the seed in a PKCS #8 file (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** The private key that belongs to a seed, which is all that an Ed25519 key is made of. */
export function privateKeyFromSeed(seed: Buffer): KeyObject {
  if (seed.length !== SEED_BYTES) {
    throw new Error(`an Ed25519 seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  }
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}
