/** Keys and signatures by the examples of RFC 6979, and judged by Node.js's own ECDSA. */
import { createPublicKey, verify } from "node:crypto";

import fc from "fast-check";

import { p256Signer, sign } from "../../components/lib/p256";
import { pkcs8Of } from "../../components/lib/x509";

/** RFC 6979, A.2.5. */
const SCALAR = Buffer.from(
  "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
  "hex",
);

const seeds = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes): Buffer => Buffer.from(bytes));

describe("a signature", () => {
  it.each([
    [
      "sample",
      "3046022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716" +
        "022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ],
    [
      "test",
      "3045022100F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367" +
        "0220019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
    ],
  ])("of %j is that of RFC 6979", (message, expected) => {
    expect(sign(Buffer.from(message), SCALAR).toString("hex").toUpperCase()).toBe(expected);
  });

  it("is taken by OpenSSL, and the same each time", () => {
    fc.assert(
      fc.property(seeds, fc.uint8Array(), (seed, bytes) => {
        const [signer, again] = [p256Signer(seed), p256Signer(seed)];
        const message = Buffer.from(bytes);
        const signature = signer.sign(message);
        expect(verify("sha256", message, createPublicKey(signer.key), signature)).toBe(true);
        expect(again.sign(message)).toEqual(signature);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a key", () => {
  it("is of P-256, and the same for the same seed", () => {
    const { key } = p256Signer(Buffer.alloc(32, 1));
    expect(key.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    // The key of another run, on another day.
    expect(key.export({ format: "jwk" }).x).toBe("iZbP56X22iPbM0pm6rBXdqq9NdKvDFAV4QJhkbxIlds");
    expect(pkcs8Of(p256Signer(Buffer.alloc(32, 1)).key)).toBe(pkcs8Of(key));
    expect(pkcs8Of(p256Signer(Buffer.alloc(32, 2)).key)).not.toBe(pkcs8Of(key));
  });

  it.each([0, 255])("is valid for a seed that as a number would be none: bytes of %i", (byte) => {
    const { key, sign: signs } = p256Signer(Buffer.alloc(32, byte));
    const message = Buffer.from("sample");
    expect(verify("sha256", message, createPublicKey(key), signs(message))).toBe(true);
  });

  it("needs a seed of 32 bytes", () => {
    expect(() => p256Signer(Buffer.alloc(31))).toThrow("a seed of P-256 has 32 bytes, not 31");
  });
});
