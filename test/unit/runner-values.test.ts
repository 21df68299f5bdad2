// Values with marks in them, and the drawing of passwords: pure functions by exact result.
import * as fc from "fast-check";

import { changedInputs, withIgnored } from "../../local/runner/changes";
import { drawPassword } from "../../local/runner/resources/random-password";
import { canonical, holdsSecret, mask, redact, reveal, secret } from "../../local/runner/wire";

describe("a value with secrets in it", () => {
  const value = { user: "ada", keys: [secret("one"), "two"], deep: secret({ inner: secret(3) }) };

  it("is revealed, masked and recognised", () => {
    expect(reveal(value)).toEqual({ user: "ada", keys: ["one", "two"], deep: { inner: 3 } });
    expect(mask(value)).toEqual({ user: "ada", keys: ["[secret]", "two"], deep: "[secret]" });
    expect(holdsSecret(value)).toBe(true);
    expect(holdsSecret(["a", { b: null }])).toBe(false);
  });

  it("is the same as one without marks and with other order", () => {
    expect(canonical({ b: secret(1), a: { d: 2, c: 3 } })).toBe(
      canonical({ a: { c: 3, d: 2 }, b: 1 }),
    );
    expect(canonical([1, 2])).not.toBe(canonical([2, 1]));
  });
});

describe("redact", () => {
  const stdin = secret("DEPLOYER=deployer\nPASS=a-long-enough-password\n");

  it("takes out the lines and values of secrets that are long enough to be any", () => {
    expect(redact("deployer: a-long-enough-password", { stdin })).toBe("deployer: [secret]");
  });

  it("leaves what is no secret", () => {
    expect(redact("a-long-enough-password", { stdin: "a-long-enough-password" })).toBe(
      "a-long-enough-password",
    );
  });
});

describe("ignored paths", () => {
  it.each([
    ["a name", { a: 1 }, { a: 2 }, "a", { a: 1 }],
    ["a name that is new", {}, { a: 2 }, "a", {}],
    ["a name that is gone", { a: 1 }, {}, "a", { a: 1 }],
    ["a nested name", { a: { b: 1, c: 1 } }, { a: { b: 2, c: 2 } }, "a.b", { a: { b: 1, c: 2 } }],
    ["one item", { a: [1, 1] }, { a: [2, 2] }, "a[1]", { a: [2, 1] }],
    ["every item", { a: [{ b: 1 }] }, { a: [{ b: 2, c: 2 }] }, "a[*].b", { a: [{ b: 1, c: 2 }] }],
    ["nothing that is there", { a: 1 }, { a: 2 }, "b.c", { a: 2 }],
  ])("keep the old value of %s", (_, old, wanted, path, expected) => {
    expect(withIgnored(old, wanted, [path])).toEqual(expected);
  });

  it("reach into secrets, which stay secret", () => {
    const old = { connection: secret({ host: "a", proxy: "old" }) };
    const wanted = { connection: secret({ host: "b", proxy: "new" }) };
    const inputs = withIgnored(old, wanted, ["connection.proxy"]);
    expect(inputs).toEqual({ connection: secret({ host: "b", proxy: "old" }) });
    expect(changedInputs(old, inputs)).toEqual(["connection"]);
  });
});

describe("a drawn password", () => {
  it("has its length and as much of each class as asked for", () => {
    const least = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(least, least, least, least, (minLower, minUpper, minNumeric, minSpecial) => {
        const inputs = {
          length: 20,
          minLower,
          minUpper,
          minNumeric,
          minSpecial,
          overrideSpecial: "_-",
        };
        const password = drawPassword(inputs);
        const count = (of: RegExp): number => password.match(of)?.length ?? 0;
        expect(password).toHaveLength(20);
        expect(password).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(count(/[a-z]/g)).toBeGreaterThanOrEqual(minLower);
        expect(count(/[A-Z]/g)).toBeGreaterThanOrEqual(minUpper);
        expect(count(/[0-9]/g)).toBeGreaterThanOrEqual(minNumeric);
        expect(count(/[_-]/g)).toBeGreaterThanOrEqual(minSpecial);
      }),
    );
  });

  it("leaves out the classes that are not wanted, and says what cannot be", () => {
    expect(drawPassword({ length: 50, special: false, upper: false })).toMatch(/^[a-z0-9]+$/);
    const none = { lower: false, upper: false, numeric: false, special: false };
    expect(() => drawPassword({ length: 8, ...none })).toThrow("at least one class");
    expect(() => drawPassword({ length: 8, minLower: 9 })).toThrow("`length` is less");
  });
});
