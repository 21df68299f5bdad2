/**
 * ECDSA with P-256, made of a seed: the strongest kind of key that every browser takes in a certificate.
 *
 * Node.js draws a random number for each such signature, and certificates have to be the same at each run.
 * So the signature is made by the way of RFC 6979, which derives that number from the key and the message.
 */
import { createPrivateKey, hkdfSync, type KeyObject } from "node:crypto";

import { mapHashToField } from "@noble/curves/abstract/modular";
import { p256 } from "@noble/curves/nist";

import type { Signer } from "./x509";

/** ecdsa-with-SHA256 (RFC 5758). */
const ECDSA_SHA256 = "1.2.840.10045.4.3.2";

const SEED_BYTES = 32;

/** As many bytes more than the curve's order has that no remainder is likelier than another (FIPS 186-5, A.2.1). */
const WIDE_BYTES = 48;

/** The key that belongs to 32 secret bytes, and its signatures. */
export function p256Signer(seed: Buffer): Signer {
  const scalar = scalarFrom(seed);
  return { key: keyOf(scalar), algorithm: ECDSA_SHA256, sign: (bytes) => sign(bytes, scalar) };
}

/** RFC 6979 with SHA-256, in DER. */
export function sign(bytes: Uint8Array, scalar: Uint8Array): Buffer {
  return Buffer.from(p256.sign(bytes, scalar, { prehash: true }).toBytes("der"));
}

function scalarFrom(seed: Buffer): Uint8Array {
  if (seed.length !== SEED_BYTES) {
    throw new Error(`a seed of P-256 has ${SEED_BYTES} bytes, not ${seed.length}`);
  }
  const wide = new Uint8Array(hkdfSync("sha256", seed, "", "p256", WIDE_BYTES));
  return mapHashToField(wide, p256.Point.CURVE().n);
}

function keyOf(scalar: Uint8Array): KeyObject {
  const point = Buffer.from(p256.getPublicKey(scalar, false));
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  const [x, y] = [text(point.subarray(1, 33)), text(point.subarray(33))];
  const key = { kty: "EC", crv: "P-256", d: text(scalar), x, y };
  return createPrivateKey({ key, format: "jwk" });
}
