/** Signatures of manifests, verified by OpenSSH's own `ssh-keygen -Y verify`. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { BackupsOutput } from "../../components/lib/outputs-contract";
import { UserError } from "../../local/cli/user-error";

const NAMESPACE = "stronghold-backup";

export class Signatures {
  private readonly allowed: string;
  private files = 0;

  /** `folder` is for small files, none of them secret. */
  constructor(
    private readonly folder: string,
    private readonly backups: BackupsOutput,
  ) {
    this.allowed = join(folder, "allowed_signers");
    writeFileSync(this.allowed, `${backups.origin} namespaces="${NAMESPACE}" ${backups.signer}\n`);
  }

  /** Why the signature is not the stack's own; undefined if it is. */
  async fault(line: string, signature: string): Promise<string | undefined> {
    this.files += 1;
    const file = join(this.folder, `${this.files}.sig`);
    writeFileSync(file, signature);
    const { origin } = this.backups;
    const verified = await keygen(
      ["verify", "-f", this.allowed, "-I", origin, "-n", NAMESPACE, "-s", file],
      line,
    );
    if (verified.code === 0) return undefined;
    const valid = await keygen(["check-novalidate", "-n", NAMESPACE, "-s", file], line);
    const [, key] = /(SHA256:\S+)/.exec(valid.output) ?? [];
    return valid.code === 0 && key !== undefined
      ? `its manifest is signed by somebody else (${key}), not by this stack's database server`
      : "the signature of its manifest is not valid: the manifest has been altered";
  }
}

function keygen(
  words: readonly string[],
  input: string,
): Promise<{ code: number; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn("ssh-keygen", ["-Y", ...words], { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    child.stdin.on("error", () => undefined).end(input);
    child.on("error", () => {
      fail(new UserError("ssh-keygen is not installed here: apt-get install openssh-client"));
    });
    child.on("close", (code) => {
      done({ code: code ?? 1, output });
    });
  });
}
