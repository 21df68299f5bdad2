/**
 * The data of a whole stack: who gets to the database, and whether what was backed up comes back.
 *
 * Proves A07 and G13 to G16 from the app server's side and the operator's. What the controls do on their
 * own, and what survives a crash, is the host layer's.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { DatabaseAccess } from "../../components/lib/outputs-contract";
import { isVantage, vantageCommand } from "../../local/machines/vantage";
import { Loop, query, type Access, type Answer } from "../mysql-client";
import { LIMIT_MS, ROOT, type TestCloud, type Ran } from "./cloud";
import { settingsFile } from "./settings";

interface Outputs {
  databaseAccess: DatabaseAccess;
  database: { publicIPv4: string; privateIPv4: string };
}

export function describeData(cloud: TestCloud): void {
  let access: DatabaseAccess;
  let ids: Record<string, number>;

  beforeAll(() => {
    access = outputs().databaseAccess;
    const { machines } = cloud.status();
    ids = Object.fromEntries(machines.map(({ label, id }) => [label.replace(/.*-/, ""), id]));
  });

  const outputs = (): Outputs => cloud.status("--show-secrets").outputs as unknown as Outputs;

  /** Words that lead to a vantage point or a server. */
  function enter(place: string): string[] {
    return vantageCommand(cloud.paths.cloudId, isVantage(place) ? place : (ids[place] ?? 0));
  }

  function as(account: "application" | "deployment", over: Partial<Access> = {}): Access {
    const { host, schema, ca } = access;
    return { host, schema, ca, ...access[account], ...over };
  }

  function ask(from: string, who: Access, ...statements: string[]): Promise<Answer> {
    return query(enter(from), who, statements);
  }

  /** `in`, or what keeps that account out. */
  async function login(from: string, who: Access): Promise<string> {
    return (await ask(from, who)).login;
  }

  /** `npm run backup -- <words>` for this cloud. */
  function backup(...words: string[]): Ran {
    const args = ["--import", "tsx", "scripts/backup.ts", ...words];
    const ran = spawnSync(process.execPath, args, {
      cwd: ROOT,
      env: cloud.env,
      encoding: "utf8",
      timeout: LIMIT_MS,
    });
    return { code: ran.status ?? 128, stdout: ran.stdout, stderr: ran.stderr };
  }

  function must(ran: Ran): string {
    if (ran.code !== 0) throw new Error(`ended with ${ran.code}: ${ran.stderr}${ran.stdout}`);
    return ran.stdout;
  }

  const rows = ({ results }: Answer): unknown => results.at(-1);

  describe("the database", () => {
    it("lets deployments change the schema, and the application read and write rows", async () => {
      const create = "CREATE TABLE todos (id INT PRIMARY KEY AUTO_INCREMENT, title VARCHAR(80))";
      const made = await ask("app", as("deployment"), create);
      expect(made.results).toEqual([expect.any(Object)]);
      const answer = await ask(
        "app",
        as("application"),
        "INSERT INTO todos (title) VALUES ('canary-in-a-row'), ('second')",
        "UPDATE todos SET title = 'changed' WHERE id = 2",
        "DELETE FROM todos WHERE id = 2",
        "SELECT title FROM todos",
      );
      expect(answer.login).toBe("in");
      expect(rows(answer)).toEqual([{ title: "canary-in-a-row" }]);
    });

    it.each([
      ["DROP TABLE todos"],
      ["TRUNCATE todos"],
      ["CREATE TABLE others (id INT)"],
      ["ALTER TABLE todos ADD more INT"],
      ["CREATE DATABASE other"],
      ["SELECT * FROM mysql.user"],
      ["GRANT ALL ON *.* TO CURRENT_USER()"],
      ["SELECT 1 INTO OUTFILE '/tmp/out'"],
      ["SELECT LOAD_FILE('/etc/passwd') AS text"],
      ["SET GLOBAL local_infile = 1"],
    ])("does not let the application %s", async (statement) => {
      const {
        results: [result],
      } = await ask("app", as("application"), statement);
      // A file that may not be read is no error, but nothing.
      if (statement.includes("LOAD_FILE")) expect(result).toEqual([{ text: null }]);
      else expect(result).toMatch(/^ER_|denied/);
    });

    it("refuses a connection that is not encrypted, a wrong password, and a server that nobody vouches for", async () => {
      const plain: Access = { ...as("application") };
      delete plain.ca;
      expect(await login("app", plain)).toMatch(/^ER_/);
      expect(await login("app", as("application", { password: "wrong" }))).toMatch(
        /^ER_ACCESS_DENIED/,
      );
      expect(await login("app", as("application", { user: "root", password: "" }))).toMatch(/^ER_/);
      const foreign = readFileSync("/etc/ssl/certs/ca-certificates.crt", "utf8").split("\n\n")[0];
      expect(await login("app", as("application", { ca: foreign ?? "" }))).not.toBe("in");
    });

    it("answers no operator, stranger, neighbour or backup server", async () => {
      const { publicIPv4, privateIPv4 } = outputs().database;
      const places = ["operator", "stranger", "neighbour", "backup"];
      const logins = places.flatMap((place) =>
        [publicIPv4, privateIPv4].map((host) => login(place, as("application", { host }))),
      );
      for (const said of await Promise.all(logins)) {
        expect(said).toMatch(/TIMEDOUT|UNREACH|REFUSED/);
      }
    }, 180_000);

    it("is not there on the database server's public address, nor anywhere but for the app server", async () => {
      const { publicIPv4, privateIPv4 } = outputs().database;
      expect(await login("app", as("application", { host: publicIPv4 }))).not.toBe("in");
      // Even from the database server itself: the accounts are the app server's.
      expect(await login("db", as("application", { host: privateIPv4 }))).not.toBe("in");
    }, 90_000);
  });

  describe("a change of the passwords", () => {
    const passwords = (issue: number, previous: string): string =>
      settingsFile((config) => {
        const own = config["stronghold:database"] as Record<string, unknown>;
        config["stronghold:database"] = { ...own, passwords: { issue, previous } };
      });

    let first: DatabaseAccess;

    it("reaches server, application and outputs in one up, and refuses the running application at no time", async () => {
      first = access;
      const loop = new Loop(enter("app"), as("application"));
      cloud.up("--settings", passwords(2, "keep"));
      const logins = await loop.stop();
      expect(logins.length).toBeGreaterThan(20);
      expect(logins.filter((login) => login !== "in")).toEqual([]);
      access = outputs().databaseAccess;
      expect(access.application.password).not.toBe(first.application.password);
      expect(await login("app", as("application"))).toBe("in");
      expect(await login("app", as("application", first.application))).toBe("in");
      const words = ["console", "app", "--", "cat", "/etc/stronghold/database/application.json"];
      expect(cloud.run(words).stdout).toContain(access.application.password);
    }, 720_000);

    it("ends with the old password refused", async () => {
      cloud.up("--settings", passwords(2, "retire"));
      expect(await login("app", as("application"))).toBe("in");
      expect(await login("app", as("application", first.application))).toMatch(/^ER_ACCESS_DENIED/);
    }, 720_000);
  });

  describe("a backup", () => {
    /** A schema's titles, as root on the database server sees them. */
    function titlesIn(schema: string): string[] {
      const sql = `SELECT title FROM ${schema}.todos ORDER BY id`;
      return must(cloud.run(["console", "db", "--", "mysql", "-N", "-e", sql]))
        .trim()
        .split("\n");
    }

    it("is made, listed, rehearsed, and comes back into a fresh schema", () => {
      must(backup("run"));
      expect(must(backup("list"))).toContain("full-");
      must(backup("verify"));
      must(backup("restore", "--into", "app_restored"));
      expect(titlesIn("app_restored")).toEqual(["canary-in-a-row"]);
    }, 720_000);

    it("comes back as of a given second", async () => {
      const insert = (title: string): Promise<Answer> =>
        ask("app", as("application"), `INSERT INTO todos (title) VALUES ('${title}')`);
      const now = async (): Promise<string> => {
        const sql = "SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ') AS now";
        return (rows(await ask("app", as("application"), sql)) as { now: string }[])[0]?.now ?? "";
      };
      await insert("before the second");
      const written = await now();
      let second = written;
      while (second === written) second = await now();
      // The second itself is the first that is left out.
      let later = second;
      while (later === second) later = await now();
      await insert("after the second");
      must(backup("run"));
      must(backup("restore", "--into", "app_then", "--at", later));
      expect(titlesIn("app_then")).toEqual(["canary-in-a-row", "before the second"]);
      expect(titlesIn("app")).toHaveLength(3);
    }, 720_000);

    it("lies on the backup server as nothing but ciphertext, and the private key on no server", () => {
      const identity = readFileSync(join(cloud.paths.operatorDir, "backup-identity.txt"), "utf8");
      const [, secret = ""] = /(AGE-SECRET-KEY-\w+)/.exec(identity) ?? [];
      expect(secret).not.toBe("");
      for (const [host, folder] of [
        ["backup", "/srv"],
        ["db", "/var/backups /etc /root /tmp /var/tmp /home"],
      ] as const) {
        const grep = (text: string): string =>
          cloud.run(["console", host, "--", "bash", "-c", `grep -rlF -- '${text}' ${folder}`])
            .stdout;
        expect([grep("canary-in-a-row"), grep(secret)]).toEqual(["", ""]);
      }
    });
  });
}
