/**
 * What judges who know nothing of this project think of the servers of a standing environment.
 *
 * Hosts of the local cloud share a kernel; what they cannot show for that reason is waived as such.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { type Place, vantageCommand } from "../../local/machines/vantage";
import { profileOf, readLynis } from "../judges/lynis";
import { readEvaluation } from "../judges/openscap";
import { type Findings, readWaivers, type Server, waiverOf, weigh } from "../judges/waivers";
import { sshAudit } from "../ssh-audit";
import { ROOT, type TestCloud } from "./cloud";

const ON_HOST = readFileSync(join(__dirname, "../judges/on-host.sh"), "utf8");
const REPORT = join(ROOT, "node_modules/.cache/judges.json");
/** The least that is left when what is waived is taken out. */
const LYNIS_LEAST = 90;
const PROFILES = {
  anssi_bp28_minimal: 95,
  anssi_bp28_intermediary: 95,
  anssi_bp28_enhanced: 90,
  anssi_bp28_high: 90,
} as const;
/** The least when only what such a host cannot show is taken out: no waiver shall hide that something is lost. */
const SHOWN_LEAST = { lynis: 77, openscap: 80 };
const JUDGED = [
  ["app", "app"],
  ["database", "db"],
] as const;
/** What lynis may name of the kernel's settings. */
const SETTINGS = readFileSync(
  join(ROOT, "scripts/host/files/system/etc/sysctl.d/zz-stronghold.conf"),
  "utf8",
);
const OTHER_SETTINGS = ["kernel.core_setuid_ok", "kernel.exec-shield", "kernel.modules_disabled"];
const KEYS = [...SETTINGS.matchAll(/^([\w.-]+) = /gm)].map(([, key = ""]) => key);

/** Of lynis' two runs, the one in which nothing is waived leaves out what takes longest. */
const SEEN_ONCE = ["CRYP-7902", "PKGS-7392", "PKGS-7410"];

/** What lynis says of the moment, and of no server: which processes have just ended, or wait for a busy disk. */
const OF_THE_MOMENT = ["PROC-3612", "PROC-3614"];

type Sections = Map<string, string>;

export function describeJudges(cloud: TestCloud): void {
  describe("outside judges", () => {
    judge(cloud);
  });
}

function judge(cloud: TestCloud): void {
  const waivers = readWaivers();
  const said = new Map<Server, Sections>();
  const report: Record<string, unknown> = {};

  /** At the same time on both servers: most of it is waiting for one processor. */
  function look(server: Server, host: string): Promise<void> {
    const own = waivers.filter(({ judge }) => judge === "lynis");
    const skip = (tests: string[]): string[] => tests.map((test) => `skip-test=${test}`);
    const waived = profileOf(own, server, [...KEYS, ...OTHER_SETTINGS]);
    const words = [
      [...waived, ...skip(OF_THE_MOMENT)].join("\n"),
      skip([...SEEN_ONCE, ...OF_THE_MOMENT]).join("\n"),
      Object.keys(PROFILES).join(" "),
    ];
    const args = ["--import", "tsx", "scripts/local.ts", "console", host, "--"];
    const child = spawn(process.execPath, [...args, "bash", "-c", ON_HOST, "on-host", ...words], {
      cwd: ROOT,
      env: cloud.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.on("close", (code) => {
        if (code !== 0) {
          reject(new Error(`on ${host}: ${stderr}${stdout.slice(-2000)}`));
          return;
        }
        const sections = stdout.split(/^@@ /m).map((part): [string, string] => {
          const end = part.indexOf("\n");
          return [part.slice(0, end), part.slice(end + 1)];
        });
        said.set(server, new Map(sections));
        resolve();
      });
    });
  }
  const sectionOf = (server: Server, name: string): string => said.get(server)?.get(name) ?? "";

  beforeAll(async () => {
    await Promise.all(JUDGED.map(([server, host]) => look(server, host)));
  }, 600_000);

  afterAll(() => {
    mkdirSync(dirname(REPORT), { recursive: true });
    writeFileSync(REPORT, `${JSON.stringify(report, undefined, 2)}\n`);
    process.stdout.write(`judges, also in ${REPORT}: ${JSON.stringify(report, undefined, 2)}\n`);
  });

  describe("lynis", () => {
    const seen = (server: Server): ReturnType<typeof readLynis> =>
      readLynis(
        {
          "waived-report": sectionOf(server, "waived-report"),
          "waived-log": sectionOf(server, "waived-log"),
          "plain-report": sectionOf(server, "plain-report"),
          "plain-log": sectionOf(server, "plain-log"),
        },
        waivers,
        server,
      );

    it("finds nothing that is neither mended nor waived, and all that is waived", () => {
      const findings: Findings = JUDGED.map(([server]) => [server, seen(server).findings]);
      const hints: Findings = JUDGED.map(([server]) => [server, seen(server).hints]);
      expect(weigh("lynis", findings, waivers, hints)).toEqual({ open: [], stale: [] });
    });

    it.each(JUDGED)("gives the %s server its due", (server) => {
      const { version, index, rawIndex, shownIndex } = seen(server);
      report[`lynis ${version} ${server}`] = { raw: rawIndex, shown: shownIndex, waived: index };
      expect(index).toBeGreaterThanOrEqual(LYNIS_LEAST);
      expect(shownIndex).toBeGreaterThanOrEqual(SHOWN_LEAST.lynis);
    });
  });

  describe("OpenSCAP", () => {
    const profiles = Object.keys(PROFILES);
    const seen = (server: Server, profile: string): ReturnType<typeof readEvaluation> =>
      readEvaluation(sectionOf(server, profile));
    const isWaived = (server: Server, kinds: readonly string[]) => (rule: string) => {
      const waiver = waiverOf(
        rule,
        server,
        waivers.filter(({ judge }) => judge === "openscap"),
      );
      return waiver !== undefined && kinds.includes(waiver.kind);
    };

    it("finds nothing that is neither mended nor waived, and all that is waived", () => {
      const findings: Findings = JUDGED.map(([server]) => [
        server,
        [...new Set(profiles.flatMap((profile) => seen(server, profile).failing))],
      ]);
      expect(weigh("openscap", findings, waivers)).toEqual({ open: [], stale: [] });
    });

    it("misses no setting of the kernel that the servers' files do not have", () => {
      for (const [server] of JUDGED) {
        const written = sectionOf(server, "settings").replaceAll(/[.-]/g, "_");
        const hosts = isWaived(server, ["host"]);
        const missed = seen(server, "anssi_bp28_high")
          .failing.filter((rule) => rule.startsWith("sysctl_") && hosts(rule))
          .filter((rule) => !written.includes(`${rule.replace("sysctl_", "")} = `));
        expect(missed).toEqual([]);
      }
    });

    it.each(
      JUDGED.flatMap(([server]) =>
        Object.entries(PROFILES).map((row) => [server, ...row] as const),
      ),
    )("gives the %s server its due by %s", (server, profile, least) => {
      const { score, scoreWithout, failing } = seen(server, profile);
      const [version = "", content = ""] = sectionOf(server, "versions").split("\n");
      // Reckoned as the judge does, or the other figures mean nothing.
      expect(scoreWithout(() => false)).toBeCloseTo(score, 3);
      const shown = scoreWithout(isWaived(server, ["host"]));
      const waived = scoreWithout(isWaived(server, ["host", "design", "later"]));
      report[`openscap ${version} content ${content} ${server} ${profile}`] = {
        raw: round(score),
        shown: round(shown),
        waived: round(waived),
        failing: failing.length,
      };
      expect(waived).toBeGreaterThanOrEqual(least);
      expect(shown).toBeGreaterThanOrEqual(SHOWN_LEAST.openscap);
    });
  });

  it("ssh-audit finds no failure and no warning on any server", () => {
    const { outputs } = cloud.status();
    const address = (name: string, key: string): string =>
      (outputs[name] as Record<string, string>)[key] ?? "";
    const from = (place: Place) => vantageCommand(cloud.paths.cloudId, place);
    const seen = {
      app: sshAudit(from("operator"), address("app", "publicIPv4")),
      database: sshAudit(from(Number(address("app", "id"))), address("database", "privateIPv4")),
      backup: sshAudit(from("operator"), address("backup", "publicIPv4")),
    };
    const findings: Findings = Object.entries(seen).map(([server, { fail, warn }]) => {
      report[`ssh-audit ${server}`] = { fail: fail.length, warn: warn.length };
      return [server as Server, [...fail, ...warn]];
    });
    expect(weigh("ssh-audit", findings, waivers)).toEqual({ open: [], stale: [] });
  });

  it("nmap finds no port open to a stranger on any server, but the web's on one", () => {
    const { outputs } = cloud.status();
    const findings: Findings = (["app", "database", "backup"] as const).map((server) => {
      const { publicIPv4 = "" } = outputs[server] as Record<string, string>;
      // Not -T5, which would rather miss a port than wait for a busy machine.
      const seen = cloud.from("stranger", "nmap", "-Pn", "-n", "-F", "-T4", publicIPv4).stdout;
      report[`nmap ${server}`] = [...seen.matchAll(/^(\d+\/\w+) +(\S+)/gm)].map(
        ([, port, state]) => `${port} ${state}`,
      );
      return [server, [...seen.matchAll(/^(\d+\/\w+) +open /gm)].map(([, port = ""]) => port)];
    });
    const web = ["80/tcp", "443/tcp"];
    expect(Object.fromEntries(findings)).toEqual({ app: web, database: [], backup: [] });
  });
}

const round = (score: number): number => Math.round(score * 10) / 10;
