/** What is taken for a strong public key; the judge of well-formed ones is ssh-keygen itself. */
import { execFileSync } from "node:child_process";

import { inspectPublicKey } from "../../components/lib/ssh-public-keys";
import { ecdsaLine, ed25519Line, ed25519Private, keyLine, rsaLine } from "./fixtures/keys";

function foundIn(text: string): string {
  const inspected = inspectPublicKey(text);
  return "fault" in inspected ? inspected.fault.found : "nothing wrong";
}

const APPLICATION = "ssh:";
const SECURITY_KEY = keyLine("sk-ssh-ed25519@openssh.com", Buffer.alloc(32, 7), APPLICATION);

describe("a usable public key", () => {
  it.each([
    ["Ed25519", ed25519Line(1), 256],
    ["ECDSA with P-256", ecdsaLine("nistp256"), 256],
    ["ECDSA with P-384", ecdsaLine("nistp384"), 384],
    ["ECDSA with P-521", ecdsaLine("nistp521"), 521],
    ["RSA with 3072 bits", rsaLine(3072), 3072],
    ["RSA with 4096 bits", rsaLine(4096), 4096],
    ["a security key", SECURITY_KEY, 256],
  ])("is %s, as ssh-keygen sees it", (_, line, bits) => {
    const inspected = inspectPublicKey(`${line} ada@laptop`);
    if (!("key" in inspected)) throw new Error(inspected.fault.found);
    const shown = execFileSync("ssh-keygen", ["-l", "-f", "-"], { input: line, encoding: "utf8" });
    const [shownBits, shownFingerprint] = shown.split(" ");
    expect(inspected.key.bits).toBe(bits);
    expect([String(bits), inspected.key.fingerprint]).toEqual([shownBits, shownFingerprint]);
  });

  it("comes back as one line with single blanks, its comment kept", () => {
    const [type, base64] = ed25519Line(1).split(" ");
    expect(inspectPublicKey(`  ${type}   ${base64}  Ada  Lovelace \n`)).toMatchObject({
      key: { type: "ssh-ed25519", line: `${type} ${base64} Ada Lovelace` },
    });
  });
});

describe("a text that is refused", () => {
  const damaged = ed25519Line(1).slice(0, -6);
  const [, body = ""] = ed25519Line(1).split(" ");
  it.each([
    ["", "an empty text"],
    ["  \n", "an empty text"],
    ["ada", "a text that is no public key"],
    [body, "a text that is no public key"],
    [ed25519Private(1), "a private key"],
    [`${ed25519Line(1)}\n${ed25519Line(2)}`, "a text of several lines"],
    [`${ed25519Line(1)}\tada`, "a text with control characters"],
    [`${ed25519Line(1)} a\u0000b`, "a text with control characters"],
    [keyLine("ssh-dss", "p", "q", "g", "y"), "a DSA key"],
    [keyLine("ssh-ed25519-cert-v01@openssh.com", "x"), "a certificate"],
    [`no-pty ${ed25519Line(1)}`, "a key with options in front of it"],
    [`command="rm -rf /" ${ed25519Line(1)}`, "a key with options in front of it"],
    ["ssh-ed25519", "a damaged ssh-ed25519 key"],
    [damaged, "a damaged ssh-ed25519 key"],
    [`${ed25519Line(1)}AAAA`, "a damaged ssh-ed25519 key"],
    [`ssh-rsa ${body}`, "a damaged ssh-rsa key"],
    [keyLine("ssh-ed25519", Buffer.alloc(31)), "a damaged ssh-ed25519 key"],
    [keyLine("ssh-ed25519", Buffer.alloc(32), "more"), "a damaged ssh-ed25519 key"],
    [
      keyLine("ecdsa-sha2-nistp256", "nistp384", Buffer.alloc(65, 4)),
      "a damaged ecdsa-sha2-nistp256 key",
    ],
    [
      keyLine("ecdsa-sha2-nistp256", "nistp256", Buffer.alloc(65, 3)),
      "a damaged ecdsa-sha2-nistp256 key",
    ],
    [rsaLine(4096, Buffer.from([1])), "a damaged ssh-rsa key"],
    [rsaLine(4096, Buffer.from([4])), "a damaged ssh-rsa key"],
    [rsaLine(1024), "a 1024-bit RSA key"],
    [rsaLine(2048), "a 2048-bit RSA key"],
    [rsaLine(3071), "a 3071-bit RSA key"],
    [keyLine("toString", "x"), "a text that is no public key"],
  ])("%#: is %s", (text, found) => {
    expect(foundIn(text)).toBe(found);
  });

  it("is never repeated in what is said about it", () => {
    const canary = "canaryCanaryCANARY";
    for (const text of [
      canary,
      `ssh-rsa ${canary}`,
      `ssh-dss ${canary}`,
      `${canary} ssh-rsa AAAA`,
    ]) {
      expect(JSON.stringify(inspectPublicKey(text))).not.toContain(canary);
    }
  });
});
