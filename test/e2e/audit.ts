/** What `npm run audit` finds on a standing environment, and how it mends it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Report } from "../../scripts/audit/report";
import { LIMIT_MS, ROOT, type TestCloud } from "./cloud";

interface Looked {
  code: number;
  stderr: string;
  report: Report;
  /** `server check` of all that is not kept. */
  found: string[];
}

export function describeAudit(cloud: TestCloud): void {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-audit-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function look(...words: string[]): Looked {
    const args = ["--import", "tsx", "scripts/audit.ts", "--json", ...words];
    const ran = spawnSync(process.execPath, args, {
      cwd: ROOT,
      env: cloud.env,
      encoding: "utf8",
      timeout: LIMIT_MS,
    });
    const report = JSON.parse(ran.stdout || "{}") as Report;
    const found = report.servers.flatMap(({ role, findings }) =>
      findings.filter(({ state }) => state !== "kept").map(({ id }) => `${role} ${id}`),
    );
    return { code: ran.status ?? 128, stderr: ran.stderr, report, found };
  }
  const change = (host: "app" | "db" | "backup", line: string): void => {
    const ran = cloud.login(host, `sudo bash -c ${JSON.stringify(line)}`);
    if (ran.code !== 0) throw new Error(ran.stderr);
  };

  describe("the audit", () => {
    it("finds every promise kept, on every server and from outside", () => {
      const { code, found, report } = look();
      expect({ code, found }).toEqual({ code: 0, found: [] });
      expect(report.servers.map(({ role }) => role)).toEqual(["app", "database", "backup"]);
      const checks = report.servers.flatMap(({ findings }) => findings).length;
      expect(checks).toBeGreaterThan(250);
      expect(report.promises.every(({ state }) => state === "kept")).toBe(true);
      const doors = report.servers.map(({ answers }) => [...new Set(answers.map((a) => a.port))]);
      expect(doors).toEqual([[22, 80, 443], [], [22]]);
    }, 180_000);

    it("names what was changed by hand on any of them, and --repair mends it", () => {
      change("app", "chmod 666 /etc/ssh/sshd_config.d/00-stronghold.conf");
      change("app", "ip6tables -I INPUT -p tcp --dport 2375 -j ACCEPT");
      change("db", "usermod -p '' root");
      change("backup", "systemctl -q stop stronghold-vault-retire.timer");
      const wanted = ["app SSH-12", "app FIREWALL-", "database PASSWORDS-04", "backup VAULT-08"];
      const broken = look("--html", join(folder, "a.html"), "--sarif", join(folder, "a.sarif"));
      expect(broken.code).toBe(1);
      for (const one of wanted) {
        expect(broken.found).toContainEqual(expect.stringContaining(one));
      }
      expect(readFileSync(join(folder, "a.html"), "utf8")).toContain("PASSWORDS-04");
      expect(readFileSync(join(folder, "a.sarif"), "utf8")).toContain('"ruleId": "VAULT-08"');
      expect(look("--repair")).toMatchObject({ code: 0, found: [] });
    }, 360_000);

    it("says which server cannot be asked, and what the others say", () => {
      change("backup", "mv /usr/local/sbin/stronghold-audit /root/");
      const { code, found } = look();
      change("backup", "mv /root/stronghold-audit /usr/local/sbin/");
      expect({ code, found }).toEqual({ code: 2, found: ["backup AUDIT-00"] });
      expect(look().code).toBe(0);
    }, 180_000);
  });
}
