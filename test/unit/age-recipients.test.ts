import { execFileSync } from "node:child_process";

import fc from "fast-check";

import { holdsPrivateKey, recipientFault } from "../../components/lib/age-recipients";
import { OTHER_RECIPIENT, RECIPIENT } from "./fixtures/settings";

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/** Whether this machine has age, as every machine that runs the local cloud does. */
const hasAge = ((): boolean => {
  try {
    execFileSync("age-keygen", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    if (process.env["CI"] === "true") throw new Error("age is not installed");
    return false;
  }
})();

/** Whether age itself takes the text as a recipient. */
function ageTakes(text: string): boolean {
  try {
    execFileSync("age", ["-r", text], { input: "", stdio: ["pipe", "ignore", "ignore"] });
    return true;
  } catch {
    return false;
  }
}

const found = (text: string): string | undefined => recipientFault(text)?.found;

/** A change of a single letter behind `age1`, to another one of the alphabet. */
const SLIP = fc
  .tuple(fc.integer({ min: 4, max: RECIPIENT.length - 1 }), fc.constantFrom(...ALPHABET.split("")))
  .filter(([at, letter]) => RECIPIENT[at] !== letter)
  .map(([at, letter]) => RECIPIENT.slice(0, at) + letter + RECIPIENT.slice(at + 1));

describe("a public key of age", () => {
  it("is taken as it is", () => {
    for (const key of [RECIPIENT, OTHER_RECIPIENT]) expect(recipientFault(key)).toBeUndefined();
  });

  it("is refused after any slip of one letter", () => {
    fc.assert(fc.property(SLIP, (text) => found(text) === "a damaged key"));
  });

  it("is refused with two neighbours swapped, cut short or drawn out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: RECIPIENT.length - 2 }), (at) => {
        const [one = "", two = ""] = RECIPIENT.slice(at, at + 2);
        const swapped = RECIPIENT.slice(0, at) + two + one + RECIPIENT.slice(at + 2);
        return one === two || found(swapped) === "a damaged key";
      }),
    );
    const typedOff = RECIPIENT.replace("l3", "13");
    for (const text of [typedOff, RECIPIENT.slice(0, -1), `${RECIPIENT}q`, "age1"]) {
      expect(found(text)).toBe("a damaged key");
    }
  });

  it("is refused where the checksum is right but the rest is not", () => {
    // The point that makes every shared secret zero; bits left over behind the 32 bytes; 31 bytes.
    for (const text of [
      `age1${"q".repeat(52)}5cu47z`,
      "age1r23clxd5mzfsh79vn6pg0kaytjeq8w4ur23clxd5mzfsh79vn6p3ycdppe",
      "age1r23clxd5mzfsh79vn6pg0kaytjeq8w4ur23clxd5mzfsh79vn6nclu96",
    ]) {
      expect(found(text)).toBe("a damaged key");
    }
  });

  it.each([
    ["", "an empty text"],
    [` ${RECIPIENT}`, "a text with blanks or line breaks"],
    [`${RECIPIENT}\n${OTHER_RECIPIENT}`, "a text with blanks or line breaks"],
    [RECIPIENT.toUpperCase(), "a text that is no key of age"],
    ["bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "a text that is no key of age"],
    ["ssh-ed25519", "an SSH key"],
    [
      "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt",
      "a key of a plug-in or of another kind",
    ],
    ["age1pq1qqqq", "a key of a plug-in or of another kind"],
  ])("is not what %j is", (text, what) => {
    expect(found(text)).toBe(what);
  });
});

describe("a private key", () => {
  it.each([
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
    "age-secret-key-1gfpyysj",
    "# created: 2026-11-23T00:00:00Z\n# public key: age1...\nAGE-SECRET-KEY-1GFPYYSJZ\n",
    "AGE-SECRET-KEY-PQ-1GFPYYSJZ",
    "AGE-PLUGIN-YUBIKEY-1GFPYYSJZ",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
  ])("is known as one: %j", (text) => {
    expect(holdsPrivateKey(text)).toBe(true);
    expect(recipientFault(text)).toEqual({
      found: "a private key",
      repair:
        "give the public half, which `age-keygen -y <file>` prints, and make a new pair: the pasted key must now be " +
        "considered exposed",
    });
  });

  it("is not seen in a public one", () => {
    expect(holdsPrivateKey(RECIPIENT)).toBe(false);
  });
});

(hasAge ? describe : describe.skip)("age itself", () => {
  it("agrees on keys that it makes", () => {
    for (let round = 0; round < 5; round += 1) {
      const made = execFileSync("age-keygen", { stdio: ["ignore", "pipe", "ignore"] }).toString();
      const key = /age1\w+/.exec(made)?.[0] ?? "";
      expect(recipientFault(key)).toBeUndefined();
    }
  });

  it("agrees on slips", () => {
    fc.assert(
      fc.property(SLIP, (text) => !ageTakes(text)),
      { numRuns: 10 },
    );
    expect(ageTakes(RECIPIENT)).toBe(true);
  });
});
