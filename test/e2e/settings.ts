import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { ROOT } from "./cloud";

export interface LocalSettings {
  "stronghold:admins": { name: string; keys: string[]; enrolment?: number }[];
  "stronghold:ssh": { allowFrom: string[] };
  [key: string]: unknown;
}

const folder = mkdtempSync(join(tmpdir(), "stronghold-settings-"));
let files = 0;

/** The committed settings of the local stack with a change, as a file for `up --settings`. */
export function settingsFile(change: (config: LocalSettings) => void): string {
  const parsed = parse(readFileSync(join(ROOT, "Pulumi.local.yaml"), "utf8")) as {
    config: LocalSettings;
  };
  change(parsed.config);
  files += 1;
  const file = join(folder, `${files}.yaml`);
  writeFileSync(file, stringify(parsed));
  return file;
}
