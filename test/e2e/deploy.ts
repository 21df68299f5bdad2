/**
 * Deploys of an application to a standing environment, as a user makes them and as visitors see them.
 *
 * Proves A01, A02 and A06 from end to end with the example. What the server does with a release that is cut off,
 * damaged or hostile is the host layer's, and what is refused before anything is sent is the unit layer's.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ApplicationOutput } from "../../components/lib/outputs-contract";
import { type Vantage, vantageCommand } from "../../local/machines/vantage";
import type { Report } from "../../scripts/audit/report";
import type { DeployReport } from "../../scripts/deploy/deploy";
import type { StatusReport } from "../../scripts/deploy/status";
import { type Browser, openBrowser } from "../browser";
import { ensureTestssl, testssl } from "../testssl";
import { THOROUGH } from "../thorough";
import { LIMIT_MS, ROOT, type Ran, type TestCloud } from "./cloud";
import { ExampleReleases, type Sickness } from "./example-releases";
import { Load, type LoadReport } from "./load";

const BY = "ada@example.com";

/** What testssl.sh finds and nobody means to mend, each with its reason. */
const WAIVED: Record<string, string> = {
  cert_revocation:
    "An authority of the stack's own has no list; it is made anew where a key is lost.",
  engine_problem: "About the OpenSSL of the machine that looks, which has no Russian ciphers.",
};

/** Asks without following, and prints what is answered, since there may be no curl. */
const ASK_PLAIN =
  'const [url, host] = process.argv.slice(1); require("node:http").get(url, host ? { headers: { host } } : {}, ' +
  "(answer) => { console.log(answer.statusCode, answer.headers.location); answer.resume(); });";

/** Downloads testssl.sh of Debian 13 where apt knows it, and prints it for this machine. */
const FETCH_TESTSSL = `
folder=$(mktemp -d) && cd "$folder"
get() { apt-get -qq -o APT::Sandbox::User=root download testssl.sh >&2; }
get || { apt-get -qq update >&2; get; }
base64 ./*.deb
rm -r -- "$folder"`;

export function describeDeploy(cloud: TestCloud): void {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-deploys-"));
  const authorityFile = join(folder, "authority.pem");
  const releases = new ExampleReleases(folder);
  /** Of each deploy in turn, as the record has to have it. */
  const done: { action: string; release: string; result: string }[] = [];
  let application: ApplicationOutput;
  let address: string;
  let first: DeployReport;
  let second: DeployReport;

  beforeAll(() => {
    const { outputs } = cloud.status();
    application = outputs["application"] as ApplicationOutput;
    ({ publicIPv4: address } = outputs["app"] as { publicIPv4: string });
    writeFileSync(authorityFile, application.authority);
    releases.build();
  }, 300_000);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const enter = (place: Vantage): string[] => vantageCommand(cloud.paths.cloudId, place);

  /** `npm run <script> -- <words>` for this cloud. */
  function run(script: string, ...words: string[]): Ran {
    const args = ["--import", "tsx", `scripts/${script}.ts`, ...words];
    const options = { cwd: ROOT, env: cloud.env, encoding: "utf8", timeout: LIMIT_MS } as const;
    const ran = spawnSync(process.execPath, args, options);
    return { code: ran.status ?? 128, stdout: ran.stdout, stderr: ran.stderr };
  }

  function must({ code, stdout, stderr }: Ran): string {
    if (code !== 0) throw new Error(`ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  function deploy(release: string): DeployReport {
    const report = JSON.parse(must(run("deploy", release, "--json", "--by", BY))) as DeployReport;
    done.push({ action: "deploy", release: report.release, result: "done" });
    return report;
  }

  const status = (): StatusReport["servers"][number] => {
    const { servers } = JSON.parse(must(run("deploy", "status", "--json"))) as StatusReport;
    expect(servers).toHaveLength(1);
    return servers[0]!;
  };

  /** What a stranger's requests met with while something was done, with what was done. */
  async function underLoad<T>(work: () => T): Promise<{ result: T; load: LoadReport }> {
    const load = await Load.start(enter("stranger"), `${application.origin}/`, authorityFile);
    try {
      const result = work();
      return { result, load: await load.stop() };
    } catch (error) {
      await load.stop();
      throw error;
    }
  }

  function expectNothingLost(load: LoadReport): void {
    expect(load).toMatchObject({ failed: 0, errors: [], statuses: { 200: load.sent } });
    expect(load.sent).toBeGreaterThan(200);
  }

  async function visit<T>(place: Vantage, look: (browser: Browser) => Promise<T>): Promise<T> {
    const { authority } = application;
    const browser = await openBrowser({ enter: enter(place), authority });
    try {
      return await look(browser);
    } finally {
      await browser.close();
    }
  }

  const versionShown = (): Promise<string | null> =>
    visit("stranger", async (browser) => {
      const page = await browser.page(`${application.origin}/`);
      return page.textContent("#version");
    });

  it("the example passes its own tests", () => {
    releases.test();
  }, 240_000);

  it("the example is deployed, and serves", () => {
    first = deploy(releases.release("1.0.0"));
    expect(first).toMatchObject({
      ...{ name: "hello", version: "1.0.0", by: BY, origin: application.origin },
      servers: [{ host: "app", sent: true }],
    });
    expect(status()).toMatchObject({ current: first.release, service: "active", lock: null });
  }, 300_000);

  describe("a visitor", () => {
    it.each(["operator", "stranger"] as const)(
      "who types the address at %s lands on HTTPS, and leaves a greeting in MySQL",
      async (place) => {
        const greeting = `hello from ${place}, it's <b>me</b>`;
        await visit(place, async (browser) => {
          const page = await browser.page(`http://${address}/`);
          expect(page.url()).toBe(`https://${address}/`);
          expect(await page.textContent("#protocol")).toBe("TLSv1.3");
          await page.fill("input[name=name]", "Ada");
          await page.fill("input[name=text]", greeting);
          await page.click("button");
          const row = page.locator("#greetings li", { hasText: greeting });
          await row.waitFor();
          expect(page.url()).toBe(`https://${address}/`);
        });
        const sql = "SELECT text FROM app.greetings ORDER BY id DESC LIMIT 1";
        const stored = must(cloud.run(["console", "db", "--", "mysql", "-N", "-e", sql]));
        expect(stored.trim()).toBe(greeting);
      },
      120_000,
    );

    it("whose browser does not know the authority is warned", async () => {
      const browser = await openBrowser({ enter: enter("stranger"), authority: "" });
      try {
        await expect(browser.page(`${application.origin}/`)).rejects.toThrow(
          "ERR_CERT_AUTHORITY_INVALID",
        );
      } finally {
        await browser.close();
      }
    }, 120_000);

    it.each([
      ["the same page", [], () => `https://${address}/a/page?of=mine`],
      ["our own name where another is asked for", ["evil.example"], () => application.origin],
    ])("over HTTP is sent on to %s", (_, host, location) => {
      const words = [process.execPath, "-e", ASK_PLAIN, `http://${address}/a/page?of=mine`];
      const said = must(cloud.from("stranger", ...words, ...host)).trim();
      expect(said).toMatch(/^301 /);
      expect(said.slice(4).startsWith(location())).toBe(true);
    });
  });

  it("testssl.sh grades it A+, and finds nothing that matters", async () => {
    const judge = await ensureTestssl((into) => {
      const words = ["console", "app", "--", "bash", "-euc", FETCH_TESTSSL];
      writeFileSync(join(into, "testssl.deb"), Buffer.from(must(cloud.run(words)), "base64"));
    });
    const mainPid = (): string =>
      must(cloud.run("console app -- systemctl show -P MainPID application".split(" ")));
    const before = mainPid();
    const { grade, findings } = testssl(judge, enter("stranger"), { address, authorityFile });
    // Nothing that it tries brings the application down.
    expect(mainPid()).toBe(before);
    const { WARN, MEDIUM, HIGH, CRITICAL } = findings;
    const open = [...WARN, ...MEDIUM, ...HIGH, ...CRITICAL].filter(
      (finding) => WAIVED[finding.split(":")[0] ?? ""] === undefined,
    );
    expect({ grade, open }).toEqual({ grade: "A+", open: [] });
  }, 900_000);

  describe("under 200 requests a second", () => {
    it("a changed release takes over, and no request is lost", async () => {
      const { result, load } = await underLoad(() => deploy(releases.release("1.0.1")));
      second = result;
      expectNothingLost(load);
      expect(await versionShown()).toBe("1.0.1");
    }, 300_000);

    it("a rollback brings back the one before, and no request is lost", async () => {
      const { load } = await underLoad(() => must(run("deploy", "rollback", "--by", BY)));
      done.push({ action: "rollback", release: first.release, result: "done" });
      expectNothingLost(load);
      expect(await versionShown()).toBe("1.0.0");
    }, 300_000);

    it("the same release again is not sent again, and no request is lost", async () => {
      const { result, load } = await underLoad(() => deploy(releases.release("1.0.1")));
      expect(result).toMatchObject({ release: second.release, servers: [{ sent: false }] });
      expectNothingLost(load);
    }, 300_000);

    const waitedFor = [
      ["is not healthy", "/health answered 503", releases.sick.unhealthy],
      ["never listens", "did not answer", releases.sick.deaf],
    ] as const;
    it.each<readonly [string, string, Sickness]>([
      ["crashes at its start", "its process ended", releases.sick.crashing],
      ["cannot be migrated", "the migration of release", releases.sick.stuck],
      // A minute each; test/host/application-deploy.test.ts has them in every run, with less time to start.
      ...(THOROUGH ? waitedFor : []),
    ])(
      "a release that %s is refused, and no request is lost",
      async (_, why, sick) => {
        const { result, load } = await underLoad(() =>
          run("deploy", releases.release("2.0.0", sick), "--by", BY),
        );
        const { current, service, lock, deploys } = status();
        done.push({ action: "deploy", release: deploys[0]?.release ?? "", result: "failed" });
        expect(result.code).toBe(1);
        expect(result.stderr).toContain(why);
        expectNothingLost(load);
        expect(await versionShown()).toBe("1.0.1");
        expect({ current, service, lock }).toEqual({
          ...{ current: second.release, service: "active", lock: null },
        });
      },
      400_000,
    );
  });

  describe("the record", () => {
    it("tells of every deploy who made it, of what, and how it ended", () => {
      const { deploys, releases: kept } = status();
      const wanted = done.map((one) => ({ ...one, by: BY })).reverse();
      const said = deploys.map(({ action, release, result, by }) => ({
        action,
        release,
        result,
        by,
      }));
      expect(said).toEqual(wanted);
      const own = kept.find(({ current }) => current);
      expect(own).toMatchObject({ id: second.release, name: "hello", version: "1.0.1" });
      expect(Date.parse(own?.deployed ?? "")).toBeGreaterThan(Date.now() - 3_600_000);
    });

    it("is in the journal as well, with the whole hash and who was logged in", () => {
      const words = ["journalctl", "-t", "stronghold-application", "-o", "cat", "--no-pager"];
      const journal = must(cloud.run(["console", "app", "--", ...words])).split("\n");
      const lines = journal.filter((line) => line.includes(` by ${BY}, logged in as deployer: `));
      expect(lines).toHaveLength(done.length);
      for (const [index, { action, release, result }] of done.entries()) {
        const sha256 = `${release}[0-9a-f]{48}`;
        const wanted = `^${action} of release ${release} \\(sha256 ${sha256}\\) by .*: ${result}$`;
        expect(lines[index]).toMatch(new RegExp(wanted));
      }
      expect(lines[0]).toContain(first.sha256);
    });

    it("leaves an environment that keeps every promise", () => {
      const { code, stdout } = run("audit", "--json");
      const { servers } = JSON.parse(stdout) as Report;
      const found = servers.flatMap(({ role, findings }) =>
        findings.filter(({ state }) => state !== "kept").map(({ id }) => `${role} ${id}`),
      );
      expect({ code, found }).toEqual({ code: 0, found: [] });
    }, 180_000);
  });
}
