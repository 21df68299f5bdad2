/** Two-factor login of a person on one server: the shared secret, the scratch codes, what a phone scans. */
import { Secret, TOTP } from "otpauth";

/** Length of the shared secret: what RFC 4226 recommends, and what authenticator apps expect. */
export const SECRET_BYTES = 20;

/** How many codes a person gets for the day on which the phone is lost (guide, two-factor). */
const SCRATCH_CODES = 5;

/** Bytes that one scratch code is drawn from: enough that the remainder favours no code. */
const BYTES_PER_CODE = 8;

/** Length of the bytes that `scratchCodesFrom` takes. */
export const SCRATCH_BYTES = SCRATCH_CODES * BYTES_PER_CODE;

/** The module takes 8 digits for a scratch code, and none that begins with a zero. */
const LEAST_CODE = 10_000_000n;
const CODES = 90_000_000n;

/** What proves a person's second factor to a server. */
export interface TwoFactorSecret {
  /** Base32, as authenticator apps take it. */
  secret: string;
  /** Each works once, in place of a code. */
  scratchCodes: string[];
}

/** What a server is told of a person. */
export interface Person {
  name: string;
  /** The initial password, or the operator's own as a crypt(3) hash. */
  password: { kind: "clear" | "hash"; value: string };
  /** Missing for a person who is not enrolled. */
  twoFactor?: TwoFactorSecret;
}

export function secretFrom(bytes: Buffer): string {
  return new Secret({ buffer: new Uint8Array(bytes).buffer }).base32;
}

export function scratchCodesFrom(bytes: Buffer): string[] {
  if (bytes.length !== SCRATCH_BYTES) throw new Error(`${SCRATCH_BYTES} bytes are needed`);
  return Array.from({ length: SCRATCH_CODES }, (_, index) =>
    String(LEAST_CODE + (bytes.readBigUInt64BE(index * BYTES_PER_CODE) % CODES)),
  );
}

/** The text of the QR code; the server is the issuer, so that a phone tells a person's servers apart. */
export function otpauthUri(server: string, person: string, secret: string): string {
  return new TOTP({ issuer: server, label: person, secret }).toString();
}
