/** Key pairs made from seeds, read back by OpenSSH and by the library that dials in the tests. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { utils } from "ssh2";

import { keyPairFromSeed, publicHalfOf } from "../../components/lib/ssh-key-pairs";
import { inspectPublicKey } from "../../components/lib/ssh-public-keys";

const folder = mkdtempSync(join(tmpdir(), "stronghold-keys-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const anySeed = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

function keyFile(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

describe("keyPairFromSeed", () => {
  // RFC 8032, section 7.1, test 1.
  const seed = Buffer.from(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "hex",
  );
  const point = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

  it("makes the public key that the standard gives for its test seed", () => {
    const [, base64 = ""] = keyPairFromSeed(seed).publicKey.split(" ");
    expect(Buffer.from(base64, "base64").subarray(-32).toString("hex")).toBe(point);
  });

  it("makes a private key from which ssh-keygen derives that public key", () => {
    const pair = keyPairFromSeed(seed);
    const file = keyFile("id", pair.privateKey);
    expect(execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim()).toBe(
      pair.publicKey,
    );
  });

  it("makes halves that belong together, for every seed", () => {
    fc.assert(
      fc.property(anySeed, (bytes) => {
        const { privateKey, publicKey } = keyPairFromSeed(bytes);
        const key = utils.parseKey(privateKey);
        if (key instanceof Error) throw key;
        expect(`${key.type} ${key.getPublicSSH().toString("base64")}`).toBe(publicKey);
        expect(publicHalfOf(privateKey)).toEqual({ publicKey });
        expect(inspectPublicKey(publicKey)).toHaveProperty("key");
      }),
    );
  });

  it("makes the very same text each time, so that a second run has nothing to do", () => {
    expect(keyPairFromSeed(seed)).toEqual(keyPairFromSeed(seed));
  });

  it("refuses a seed of another length", () => {
    expect(() => keyPairFromSeed(Buffer.alloc(31))).toThrow("an Ed25519 seed has 32 bytes, not 31");
  });
});

describe("publicHalfOf", () => {
  const generate = (name: string, ...args: string[]): string => {
    const file = join(folder, name);
    execFileSync("ssh-keygen", ["-q", ...args, "-f", file]);
    return file;
  };
  const read = (file: string): string => execFileSync("cat", [file], { encoding: "utf8" });

  it.each(["ed25519", "ecdsa", "rsa"])("reads what ssh-keygen writes: %s", (type) => {
    const file = generate(`plain-${type}`, "-t", type, "-N", "", "-C", "");
    expect(publicHalfOf(read(file))).toEqual({ publicKey: read(`${file}.pub`).trim() });
  });

  it("refuses a key with a passphrase", () => {
    const file = generate("locked", "-t", "ed25519", "-N", "a phrase");
    const fault =
      "has a passphrase; load it into the SSH agent and leave this setting out, or remove it";
    expect(publicHalfOf(read(file))).toEqual({ fault });
  });

  it("refuses another format", () => {
    const file = generate("pem", "-t", "rsa", "-m", "PEM", "-N", "");
    const fault = "is not in OpenSSH's own format; convert it with `ssh-keygen -p -f <file>`";
    expect(publicHalfOf(read(file))).toEqual({ fault });
  });

  it("refuses a key of which a part is missing", () => {
    const lines = keyPairFromSeed(Buffer.alloc(32)).privateKey.split("\n");
    const text = [lines[0], ...lines.slice(2)].join("\n");
    expect(publicHalfOf(text)).toEqual({ fault: "is damaged; give the whole file again" });
  });
});
