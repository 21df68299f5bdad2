/** What a person's phone and a server must agree on, checked against other implementations' figures. */
import fc from "fast-check";

import {
  otpauthUri,
  SCRATCH_BYTES,
  scratchCodesFrom,
  SECRET_BYTES,
  secretFrom,
} from "../../components/lib/enrolment";

describe("the secret", () => {
  it.each([
    // RFC 4648, section 10, without the padding, which authenticator apps do not take.
    ["", ""],
    ["foobar", "MZXW6YTBOI"],
    // The secret of RFC 6238, appendix B.
    ["12345678901234567890", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
  ])("is the bytes %j in base32: %s", (bytes, text) => {
    expect(secretFrom(Buffer.from(bytes))).toBe(text);
  });

  it("takes just the bytes it is given, also of a buffer that is part of a larger one", () => {
    const large = Buffer.from("xx12345678901234567890yy");
    expect(secretFrom(large.subarray(2, 22))).toBe("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  });

  it("is 160 bits long, which makes 32 characters", () => {
    expect(secretFrom(Buffer.alloc(SECRET_BYTES, 0xff))).toBe("7".repeat(32));
  });
});

describe("the scratch codes", () => {
  it("are five of 8 digits, none of which begins with a zero", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: SCRATCH_BYTES, maxLength: SCRATCH_BYTES }),
        (bytes) => {
          const codes = scratchCodesFrom(Buffer.from(bytes));
          expect(codes).toHaveLength(5);
          for (const code of codes) expect(code).toMatch(/^[1-9]\d{7}$/);
        },
      ),
    );
  });

  it("reach both ends of their range", () => {
    expect(scratchCodesFrom(Buffer.alloc(SCRATCH_BYTES))[0]).toBe("10000000");
    const last = Buffer.alloc(SCRATCH_BYTES);
    last.writeBigUInt64BE(89_999_999n, 32);
    expect(scratchCodesFrom(last)[4]).toBe("99999999");
  });

  it("are refused of too few bytes", () => {
    expect(() => scratchCodesFrom(Buffer.alloc(39))).toThrow("40 bytes are needed");
  });
});

it("the text of the QR code names the server as the issuer, so that a phone tells servers apart", () => {
  const uri = otpauthUri("stronghold-prod-db", "ada", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  const { protocol, host, pathname } = new URL(uri);
  expect([protocol, host, pathname]).toEqual(["otpauth:", "totp", "/stronghold-prod-db:ada"]);
  expect(Object.fromEntries(new URL(uri).searchParams)).toEqual({
    issuer: "stronghold-prod-db",
    secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    algorithm: "SHA1",
    digits: "6",
    period: "30",
  });
});
