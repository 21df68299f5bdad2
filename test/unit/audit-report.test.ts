/** What an audit makes of what servers say, and how it shows it; the servers themselves are the host layer's. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";

import { findingsIn } from "../../scripts/audit/ask";
import { promisesIn } from "../../scripts/audit/audit";
import { History } from "../../scripts/audit/history";
import { renderHtml } from "../../scripts/audit/html";
import { judge } from "../../scripts/audit/outside";
import { PROMISES, rowsOfChecks } from "../../scripts/audit/promises";
import { controlsToMend } from "../../scripts/audit/repair";
import { exitCodeOf, type Report, reportSchema, worst } from "../../scripts/audit/report";
import { renderSarif } from "../../scripts/audit/sarif";
import { renderTable } from "../../scripts/audit/table";

const EVIL = `<script>alert("x")</script>`;
const SAID = [
  "PASS\tSSH-02\tG05 G07 a key and then the second factor are the only way in",
  "FAIL\tSSH-03\tG05 root cannot log in [root@anywhere: permitrootlogin yes]",
  `FAIL\tCLOCK-06\tG07 nothing else sets the clock [${EVIL}]`,
  "SUMMARY\tssh\tpass=1 fail=1 changed=0",
  "ERROR\tTWO-FACTOR-00\tdriver: crashed at x.sh:3: 'false' ended with 1",
  "FAIL\tBACKUPS-00\tpackages are missing, apply the control packages: zstd",
  "SINCE\tSSH-03\t2026-11-27T03:30:00Z",
  "noise",
].join("\n");

const database = findingsIn(SAID, "database");
const answers = [{ address: "203.0.113.101", port: 3306 }];
const server = (role: "app" | "database" | "backup", findings = database) => ({
  role,
  label: `shop-${role}`,
  publicIPv4: "203.0.113.101",
  publicIPv6: "2001:db8::1",
  privateIPv4: "192.168.129.11",
  answers,
  findings,
});
const servers = [server("app", []), server("database"), server("backup", [])];
const REPORT: Report = {
  reportVersion: 1,
  stack: "the local cloud 0a0b0c",
  time: "2026-11-29T15:00:00.000Z",
  seconds: 2.34,
  state: "unknown",
  servers,
  promises: promisesIn(servers),
};

describe("what servers say", () => {
  it("is parted into rows, promise, what was found and since when", () => {
    expect(database[0]).toEqual({
      id: "SSH-02",
      control: "ssh",
      rows: ["G05", "G07"],
      promise: "a key and then the second factor are the only way in",
      state: "kept",
    });
    expect(database[1]).toEqual({
      id: "SSH-03",
      control: "ssh",
      rows: ["G05"],
      promise: "root cannot log in",
      state: "broken",
      found: "root@anywhere: permitrootlogin yes",
      since: "2026-11-27T03:30:00Z",
      repair: "npm run audit -- --repair",
    });
  });

  it("makes a control that could not look unknown, for all that it stands for", () => {
    expect(database[3]).toMatchObject({
      id: "TWO-FACTOR-00",
      state: "unknown",
      rows: ["G04", "G07"],
      found: "driver: crashed at x.sh:3: 'false' ended with 1",
      repair: "have its step run again: pulumi up --replace '**-database-hardening-two-factor'",
    });
    expect(database[4]).toMatchObject({ id: "BACKUPS-00", state: "unknown", control: "backups" });
    expect(database).toHaveLength(5);
  });
});

describe("the promises", () => {
  it("each have a check that stands for them, and each check stands for one", () => {
    const checks = rowsOfChecks();
    const rows = [...new Set([...checks.values()].flat())].sort();
    expect(rows).toEqual(Object.keys(PROMISES).sort());
    expect([...checks].filter(([, own]) => own.length === 0)).toEqual([]);
  });
});

describe("a report", () => {
  it("counts a promise as kept only if every check of it on every server is", () => {
    const rows = Object.fromEntries(REPORT.promises.map((promise) => [promise.row, promise]));
    expect(rows["G05"]).toMatchObject({ state: "broken", checks: 2 });
    expect(rows["G05"]?.broken).toEqual([{ role: "database", id: "SSH-03" }]);
    expect(rows["G07"]).toMatchObject({ state: "unknown" });
    expect(rows["G02"]).toBeUndefined();
  });

  it("is as bad as its worst finding, and nothing is not good", () => {
    expect(worst(["kept", "broken", "unknown"])).toBe("unknown");
    expect(worst(["kept", "broken"])).toBe("broken");
    expect(worst([])).toBe("unknown");
    expect([exitCodeOf("kept"), exitCodeOf("broken"), exitCodeOf("unknown")]).toEqual([0, 1, 2]);
  });

  it("keeps to its own schema", () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats(ajv);
    const validate = ajv.compile(reportSchema());
    expect(validate(REPORT)).toBe(true);
    expect(validate({ ...REPORT, state: "fine" })).toBe(false);
  });

  it("says at the terminal what was found, since when, and what to do", () => {
    const text = renderTable(REPORT);
    expect(text).toContain("G05  BROKEN    2 checks");
    expect(text).toContain("db: SSH-03 (G05) root cannot log in");
    expect(text).toContain("  found:  root@anywhere: permitrootlogin yes");
    expect(text).toContain("  since:  2026-11-27T03:30:00Z");
    expect(text).toContain("  repair: npm run audit -- --repair");
    expect(text).toMatch(/does not keep its promises: 2 broken and 2 unknown of 5 checks/);
  });

  it("is one HTML file that runs nothing and loads nothing, whatever a server says", () => {
    const page = renderHtml(REPORT, [REPORT, { ...REPORT, state: "kept", servers: [] }]);
    expect(page).not.toContain("<script");
    expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
    expect(page).not.toMatch(/(src|href)=/);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain("shop-database");
    expect(page.match(/<svg /g)).toHaveLength(2);
  });

  it("is SARIF with a rule for each check and a result for each fault", () => {
    const sarif = renderSarif(REPORT) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: {
          ruleId: string;
          level: string;
          locations: { physicalLocation: { artifactLocation: { uri: string } } }[];
        }[];
      }[];
    };
    expect(sarif.version).toBe("2.1.0");
    const [run] = sarif.runs;
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual([
      "BACKUPS-00",
      "CLOCK-06",
      "SSH-02",
      "SSH-03",
      "TWO-FACTOR-00",
    ]);
    expect(run?.results.map(({ ruleId, level }) => `${ruleId} ${level}`)).toEqual([
      "SSH-03 error",
      "CLOCK-06 error",
      "TWO-FACTOR-00 warning",
      "BACKUPS-00 warning",
    ]);
    const uri = run?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri;
    expect(uri).toBe("scripts/host/controls/ssh.sh");
  });
});

describe("the look from outside", () => {
  it.each([
    ["app", 3000],
    ["database", 22],
    ["backup", 80],
  ] as const)("finds a port of the %s server that shall not answer", (role, port) => {
    const found = judge(role, [{ address: "2001:db8::1", port }]);
    expect(found).toMatchObject({ state: "broken", found: `2001:db8::1 port ${port}` });
  });

  it("lets the app server answer at the door and for the web, the backup server at the door", () => {
    const doors = [22, 80, 443].map((port) => ({ address: "203.0.113.101", port }));
    expect(judge("app", doors)).toMatchObject({ state: "kept" });
    expect(judge("backup", doors.slice(0, 1))).toMatchObject({ state: "kept" });
    expect(judge("database", [])).toMatchObject({ state: "kept" });
  });
});

describe("the repair", () => {
  it("mends what is broken in the plan's order, the audit itself first, and nothing unknown", () => {
    const outside = { ...judge("database", answers) };
    const audit = { ...database[1]!, id: "AUDIT-01", control: "audit" };
    expect(controlsToMend("database", [...database, outside, audit])).toEqual([
      "audit",
      "clock",
      "ssh",
      "firewall",
    ]);
    expect(controlsToMend("app", [])).toEqual([]);
  });
});

describe("the history", () => {
  const root = mkdtempSync(join(tmpdir(), "stronghold-audits-"));
  afterAll(() => {
    rmSync(root, { recursive: true });
  });

  it("keeps audits in their order, and passes over what is none", () => {
    const history = new History(REPORT.stack, root);
    expect(history.read()).toEqual([]);
    const later = { ...REPORT, time: "2026-11-30T15:00:00.000Z" };
    history.keep(later);
    history.keep(REPORT);
    const [folder = ""] = readdirSync(root);
    writeFileSync(join(root, folder, "0.json"), "{");
    writeFileSync(join(root, folder, "1.json"), JSON.stringify({ ...REPORT, reportVersion: 9 }));
    expect(history.read()).toEqual([REPORT, later]);
    expect(readFileSync(join(root, folder, "0.json"), "utf8")).toBe("{");
    expect(new History("another stack", root).read()).toEqual([]);
  });
});
