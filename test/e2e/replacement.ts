/**
 * A server made anew on purpose: what it must not lose, and what must be shut again afterwards (G15, G17).
 *
 * It is told to a cloud that is up, whichever engine has made it.
 */
import { spawn } from "node:child_process";

import type { DatabaseAccess, StackOutputs } from "../../components/lib/outputs-contract";
import { isVantage, vantageCommand } from "../../local/machines/vantage";
import { type Access, type Answer, query } from "../mysql-client";
import { ROOT, type Ran, type TestCloud } from "./cloud";

/** An `up` of each of its stages, on a slow machine. */
const LIMIT_MS = 1_200_000;

interface Replaced {
  before: StackOutputs["app"];
  after: StackOutputs["app"];
  backup?: string;
  rows?: number;
}

export function describeReplacement(cloud: TestCloud): void {
  const outputs = (): StackOutputs =>
    cloud.status("--show-secrets").outputs as unknown as StackOutputs;

  /** `npm run replace -- <words>` for this cloud; the test's own work goes on meanwhile. */
  function replace(...words: string[]): Promise<Ran> {
    const args = ["--import", "tsx", "scripts/replace.ts", ...words];
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: cloud.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
    }
    return new Promise((done, fail) => {
      child.on("error", fail);
      child.on("close", (code) => {
        done({ code: code ?? 128, ...said });
      });
    });
  }

  async function replaced(server: "app" | "db"): Promise<Replaced> {
    const { code, stdout, stderr } = await replace(server, "--yes", "--json");
    if (code !== 0) throw new Error(`replace ended with ${code}:\n${stderr}${stdout}`);
    return JSON.parse(stdout.slice(stdout.indexOf("{\n"))) as Replaced;
  }

  function enter(place: string): string[] {
    const id = cloud.status().machines.find(({ label }) => label.endsWith(`-${place}`))?.id ?? 0;
    return vantageCommand(cloud.paths.cloudId, isVantage(place) ? place : id);
  }

  function ask(account: keyof Pick<DatabaseAccess, "application" | "deployment">, sql: string) {
    const { host, schema, ca, ...accounts } = outputs().databaseAccess;
    const access: Access = { host, schema, ca, ...accounts[account] };
    return query(enter("app"), access, [sql]);
  }

  const rows = ({ results }: Answer): unknown => results.at(-1);

  const knocks = (from: string, host: string, port: number): boolean =>
    cloud.from(from, "nc", "-z", "-w", "2", host, String(port)).code === 0;

  /** What the database server's own wall lets through to a port. */
  const sourcesOf = (port: number): string[] => {
    const { stdout } = cloud.run(["console", "db", "--", "iptables", "-S"]);
    const lines = stdout.split("\n").filter((line) => line.includes(`--dport ${port} `));
    return lines.flatMap((line) => / -s (\S+)/.exec(line)?.[1] ?? []);
  };

  it("refuses to begin where nobody can be asked, and what it does not make", async () => {
    expect(await replace("app")).toMatchObject({ code: 64, stdout: "" });
    expect((await replace("app")).stderr).toContain("add --yes if you mean it");
    expect(await replace("backup", "--yes")).toMatchObject({ code: 64 });
    expect(await replace("db", "--yes", "--identity", "/nowhere")).toMatchObject({ code: 64 });
  }, 60_000);

  it(
    "replaces the app server, and shuts behind it what it had to open",
    async () => {
      const { before, after } = await replaced("app");
      for (const address of ["id", "publicIPv4", "publicIPv6", "privateIPv4"] as const) {
        expect(after[address]).not.toBe(before[address]);
      }
      expect(outputs().app).toEqual(after);
      for (const host of ["app", "db", "backup"] as const) expect(cloud.login(host).code).toBe(0);
      expect(sourcesOf(22)).toEqual([`${after.privateIPv4}/32`]);
      expect(sourcesOf(3306)).toEqual([`${after.privateIPv4}/32`]);
      expect(knocks("neighbour", outputs().database.privateIPv4, 22)).toBe(false);
      expect((await ask("application", "SELECT 1 AS one")).results).toEqual([[{ one: 1 }]]);
    },
    LIMIT_MS,
  );

  it(
    "replaces the database server without the loss of a row that was acknowledged",
    async () => {
      await ask("deployment", "CREATE TABLE kept (id INT PRIMARY KEY, text VARCHAR(200))");
      const acknowledged: number[] = [];
      const writer = { isOver: false };
      const writing = (async () => {
        for (let id = 0; !writer.isOver; id += 1) {
          const answer = await ask("application", `INSERT INTO kept VALUES (${id}, 'row ${id} ü')`);
          if (typeof answer.results[0] === "object") acknowledged.push(id);
        }
      })();
      const {
        before,
        after,
        backup,
        rows: moved,
      } = await replaced("db").finally(async () => {
        writer.isOver = true;
        await writing;
      });
      expect(backup).toMatch(/^full-/);
      expect(after.privateIPv4).not.toBe(before.privateIPv4);
      const found = rows(await ask("application", "SELECT id FROM kept ORDER BY id"));
      const ids = (found as { id: number }[]).map(({ id }) => id);
      expect(acknowledged.length).toBeGreaterThan(0);
      expect(ids).toEqual(expect.arrayContaining(acknowledged));
      expect(moved).toBeGreaterThan(0);
      for (const host of ["app", "db", "backup"] as const) expect(cloud.login(host).code).toBe(0);
      expect(sourcesOf(3306)).toEqual([`${outputs().app.privateIPv4}/32`]);
    },
    LIMIT_MS,
  );

  it("leaves a stack that has nothing left to change", () => {
    expect(cloud.up("--engine", "auto")).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  }, 300_000);
}
