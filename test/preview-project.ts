/** A copy of this project with a stack's settings, under version control, for `npm run preview`. */
import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { stringify } from "yaml";

import { ed25519Line } from "./unit/fixtures/keys";
import { RECIPIENT } from "./unit/fixtures/settings";

const ROOT = join(__dirname, "..");

/** Stands in the ciphertext of each secret setting, and in the environment of whoever previews. */
export const CANARY = "canary-5fd2a8";

const SECURE = { secure: `v1:${CANARY}:c2VjcmV0` };

export const SETTINGS = {
  "stronghold:region": "us-east",
  "stronghold:ssh": { allowFrom: ["203.0.113.10/32"] },
  "stronghold:admins": [{ name: "ada", keys: [ed25519Line(1)], passwordHash: SECURE }],
  "stronghold:deployer": { keys: [ed25519Line(2)] },
  "stronghold:deployerPrivateKey": SECURE,
  "stronghold:alerts": { slack: { webhook: SECURE } },
  "stronghold:backup": { recipients: [RECIPIENT] },
};

export interface Previewed {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class PreviewProject {
  readonly folder = mkdtempSync(join(tmpdir(), "stronghold-project-"));

  /** The project as it is in the working tree, committed, with the settings of a stack `prod`. */
  constructor() {
    const words = ["ls-files", "-co", "--exclude-standard", "-z"];
    const files = execFileSync("git", words, { cwd: ROOT, encoding: "utf8" }).split("\0");
    for (const file of files.filter((name) => name !== "" && !/^(?:test|shared)\//.test(name))) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      cpSync(join(ROOT, file), join(this.folder, file));
    }
    writeFileSync(join(this.folder, ".gitignore"), "node_modules\n");
    symlinkSync(join(ROOT, "node_modules"), join(this.folder, "node_modules"));
    this.set(SETTINGS);
    this.git("init", "--quiet");
    this.commit();
  }

  set(settings: object): void {
    const text = stringify({ encryptionsalt: `v1:${CANARY}`, config: settings });
    writeFileSync(join(this.folder, "Pulumi.prod.yaml"), text);
  }

  /** Changes the one place of a file where the text stands. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.folder, file);
    const text = readFileSync(path, "utf8");
    if (text.split(from).length !== 2) throw new Error(`"${from}" stands not once in ${file}`);
    writeFileSync(path, text.replace(from, to));
  }

  commit(): void {
    this.git("add", "--all");
    this.git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "t");
  }

  git(...words: string[]): string {
    return execFileSync("git", words, { cwd: this.folder, encoding: "utf8" });
  }

  /** As in a pull request's job, whose environment here holds what it must not use. */
  preview(words: readonly string[], env: Record<string, string>): Promise<Previewed> {
    const args = ["--import", "tsx", "scripts/preview.ts", ...words];
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, {
        cwd: this.folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: process.env["PATH"],
          HOME: this.folder,
          LINODE_TOKEN: CANARY,
          PULUMI_ACCESS_TOKEN: CANARY,
          PULUMI_CONFIG_PASSPHRASE: CANARY,
          SSH_AUTH_SOCK: `/nowhere/${CANARY}`,
          ...env,
        },
      });
      const ran: Previewed = { code: null, stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (ran.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (ran.stderr += text));
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ ...ran, code });
      });
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
