import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";

import { UserError } from "../../local/cli/user-error";
import { asTyped } from "../typed-path";

export interface KeygenOptions {
  out?: string;
  json?: boolean;
}

const PROJECT_DIR = resolve(__dirname, "../..");

/**
 * Makes the key pair of the backups, offline.
 *
 * age-keygen itself writes the private half; it never passes through this process.
 */
export function keygen({ out, json }: KeygenOptions): void {
  const file = out === undefined ? join(homedir(), "stronghold-backup-identity.txt") : asTyped(out);
  if (!relative(PROJECT_DIR, file).startsWith("..")) {
    throw new UserError(
      `${file} is in the project's folder, where a private key is committed sooner or later: name another place with --out.`,
      64,
    );
  }
  if (existsSync(file)) {
    throw new UserError(
      `${file} is there already, and no key is ever overwritten: archives that are encrypted to it would be lost. ` +
        "Name another file with --out.",
      64,
    );
  }
  if (!existsSync(dirname(file))) throw new UserError(`There is no folder ${dirname(file)}.`, 64);
  const made = spawnSync("age-keygen", ["-o", file], { encoding: "utf8" });
  if (made.error) throw new UserError("age-keygen is not installed here: apt-get install age");
  if (made.status !== 0) throw new UserError(`age-keygen failed: ${made.stderr.trim()}`);
  // What it has written is the proof, not what it said.
  const recipient = execFileSync("age-keygen", ["-y", file], { encoding: "utf8" }).trim();
  if (json) {
    console.log(JSON.stringify({ recipient, identity: file }, null, 2));
    return;
  }
  console.log(`Public key, for the settings of the stack (Pulumi.<stack>.yaml):

  stronghold:backup:
    recipients:
      - ${recipient}

The private key is in ${file}. It opens every backup, and without it none can be restored:
  - keep it offline, in two places, such as a password manager and a printed copy in a safe;
  - never put it on a server, into the settings or the stack's state;
  - try it: \`npm run backup -- verify --identity ${file}\` once there is a backup.`);
}
