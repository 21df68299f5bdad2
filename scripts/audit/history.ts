/** Earlier audits of a stack, kept beside the project so that a report can show how it went on. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { REPORT, type Report } from "./report";

/** Nothing in it is secret, but it names what is wrong with servers: for the operator's eyes. */
const FOLDER = resolve(__dirname, "..", "..", "reports", "audits");
const KEPT = 200;

export class History {
  private readonly folder: string;

  constructor(stack: string, root = FOLDER) {
    this.folder = join(root, stack.replaceAll(/[^A-Za-z0-9-]+/g, "-").replaceAll(/^-|-$/g, ""));
  }

  /** Oldest first. What cannot be read, or is of another version, is left out. */
  read(): Report[] {
    return this.names().flatMap((name) => {
      try {
        const parsed = REPORT.safeParse(
          JSON.parse(readFileSync(join(this.folder, name), "utf8")),
        ).data;
        return parsed === undefined ? [] : [parsed];
      } catch {
        return [];
      }
    });
  }

  keep(report: Report): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const name = `${report.time.replaceAll(":", "")}.json`;
    writeFileSync(join(this.folder, name), JSON.stringify(report), { mode: 0o600 });
    for (const old of this.names().slice(0, -KEPT)) rmSync(join(this.folder, old));
  }

  private names(): string[] {
    try {
      return readdirSync(this.folder)
        .filter((name) => name.endsWith(".json"))
        .sort();
    } catch {
      return [];
    }
  }
}
