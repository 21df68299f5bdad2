/**
 * How often the operator's side has dialled a server's SSH: no look at processes or journals could miss a
 * short connection, and a server that goes takes its journal with it.
 */
import type { TestCloud } from "../e2e/cloud";

const RULE = ["-p", "tcp", "--dport", "22", "--syn"];

export class SshCounter {
  constructor(private readonly cloud: TestCloud) {}

  /** From now on, counts connections from where the engine and its plug-ins run. */
  start(): void {
    for (const tool of ["iptables", "ip6tables"]) {
      this.run(tool, "-F", "OUTPUT");
      this.run(tool, "-A", "OUTPUT", ...RULE);
    }
  }

  dialled(): number {
    const counts = ["iptables", "ip6tables"].map((tool) => {
      const [, packets] = /^\s*(\d+)/m.exec(this.run(tool, "-nvxL", "OUTPUT", "1")) ?? [];
      return Number(packets);
    });
    return counts.reduce((sum, count) => sum + count);
  }

  private run(...command: string[]): string {
    const ran = this.cloud.from("operator", ...command);
    if (ran.code !== 0) throw new Error(`${command.join(" ")}: ${ran.stderr}`);
    return ran.stdout;
  }
}
