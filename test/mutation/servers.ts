/** The servers of a local cloud as a mutation sees them: root's console, and what the audit says there. */
import { spawnSync } from "node:child_process";

import { CONTROL_PLAN } from "../../components/lib/control-plan";
import { type Role, SHORT_NAMES } from "../../components/lib/roles";
import { findMachine } from "../../local/cli/machines";
import { LocalMachines } from "../../local/machines";
import type { CloudPaths } from "../../local/paths";
import { type Mutation, PRELUDE } from "./mutation";

export interface Said {
  code: number;
  text: string;
}

export class MutableServer {
  private constructor(
    readonly role: Role,
    private readonly words: (line: string) => string[],
  ) {}

  static async of(paths: CloudPaths, role: Role): Promise<MutableServer> {
    const machines = new LocalMachines({ ...paths, log: () => undefined });
    const { id } = await findMachine(paths, SHORT_NAMES[role]);
    return new MutableServer(role, (line) => machines.consoleCommand(id, ["bash", "-c", line]));
  }

  root(line: string): Said {
    const [command = "", ...args] = this.words(line);
    const ran = spawnSync(command, args, { encoding: "utf8", cwd: "/", timeout: 300_000 });
    return { code: ran.status ?? 128, text: `${ran.stdout}${ran.stderr}` };
  }

  /** As `must`, with what a mutation may use. */
  private does(line: string): void {
    const { code, text } = this.root(`${PRELUDE}\n${line}`);
    if (code !== 0) throw new Error(`'${line}' ended with ${String(code)}: ${text}`);
  }

  /** What the audit finds while the server is so. Whatever it is, the server is as before afterwards. */
  findingsWith(mutation: Mutation): string[] {
    try {
      this.does(mutation.how);
      return this.findings();
    } finally {
      this.undo(mutation);
    }
  }

  /** Puts back what was kept, and has every control that was named do its work, as `--repair` would. */
  private undo({ names, undo }: Mutation): void {
    this.does(undo ?? ["back", ...CONTROL_PLAN[this.role].flatMap(mending(names))].join("; "));
  }

  /** Ids of all that is not kept, by the whole of the server's audit. */
  findings(): string[] {
    const { text } = this.root("stronghold-audit run");
    const ids = [...text.matchAll(/^(?:FAIL|ERROR)\t([A-Z-]+-\d\d)\t/gm)].map(([, id = ""]) => id);
    if (!text.includes("SUMMARY")) throw new Error(`the audit said nothing: ${text}`);
    return ids.sort();
  }
}

const mending =
  (names: readonly string[]) =>
  ({ name, confirmed }: { name: string; confirmed: boolean }): string[] => {
    const isNamed = names.some((id) => id.replace(/-\d\d$/, "").toLowerCase() === name);
    if (!isNamed || name === "audit") return [];
    return [`mend ${name} apply${confirmed ? " confirm" : ""}`];
  };
