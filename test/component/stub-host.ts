import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { CONTROL_PLAN } from "../../components/lib/control-plan";

/** A bundle with the files that the program reads, so that these tests do not change with the real ones. */
export class StubHost {
  readonly dir: string;
  private readonly root = mkdtempSync(join(tmpdir(), "stronghold-component-"));

  constructor() {
    this.dir = join(this.root, "host");
    this.write("driver", "echo driver\n");
    this.write("lib.sh", "echo lib\n");
    this.write("hand-over.sh", "echo 'handed over'\n");
    const packages: Record<string, string> = {
      packages: "debconf",
      accounts: "sudo procps",
      ssh: "openssh-server",
      firewall: "iptables sudo",
    };
    for (const { name } of Object.values(CONTROL_PLAN).flat()) {
      const list = packages[name] ?? "package-of-the-others";
      this.write(`controls/${name}.sh`, `# ${name}: a stub\n# needs: ${list}\n`);
    }
    this.write("files/ssh/etc/ssh/sshd_config.d/00-stronghold.conf", "PermitRootLogin no\n");
  }

  write(file: string, content: string): void {
    const path = join(this.dir, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
