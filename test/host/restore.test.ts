/**
 * `npm run backup -- list | verify | restore` against real servers: what comes back is what was there, at
 * the time that was asked for.
 *
 * The archives are made by restore-archives.ts. What has to be refused is in restore-refusals.test.ts.
 */
import { Archives, type Json } from "./restore-archives";
import {
  APP_HOST,
  DatabaseServer,
  type Engine,
  ENGINES,
  ENGINES_IN_DEPTH,
  SCHEMA,
} from "./database-server";
import { itWithJournal } from "./harness";
import { Operator, peakMemory } from "./restore-operator";
import { FUNCTION, WORLD } from "./restore-world";

const CLOUDS: Record<Engine, string> = { mysql: "ba0e01", mariadb: "ba0e02" };
const MEGABYTES = Number(process.env["STRONGHOLD_DATABASE_MB"] ?? "64");
/** Of the operator's processes together: it must not grow with the database. */
const MEMORY_MB = 400;

describe.each(ENGINES)("a backup of %s", (engine) => {
  const server = new DatabaseServer(CLOUDS[engine]);
  const it = itWithJournal(server);
  const archives = new Archives(server);
  let operator: Operator;
  let first: string;

  const schemas = (): string[] =>
    server
      .sql("SHOW DATABASES")
      .split("\n")
      .filter((name) => name.startsWith("fresh"))
      .sort();
  /** Nothing of a throw-away engine, nor of an account, is left. */
  const leftovers = (): string =>
    server.must(
      "ls -d /var/lib/private/stronghold-restore /var/lib/stronghold-restore /run/stronghold-restore " +
        "/var/lib/stronghold/restore/unfinished 2>/dev/null; systemctl list-units --plain --no-legend --all 'stronghold-restore*'; " +
        "pgrep -fa '[s]tronghold-restore/data'; true",
    ) + server.sql("SELECT User FROM mysql.user WHERE User LIKE 'stronghold%'");

  beforeAll(async () => {
    await server.bootWith(engine);
    archives.install();
    operator = new Operator(server, archives);
    server.sql(FUNCTION);
    server.sql(WORLD);
    first = archives.full();
  }, 1200_000);

  afterAll(async () => {
    operator.end();
    await server.end();
    archives.end();
  }, 180_000);

  it("is listed without the private key", () => {
    const ran = operator.backup("list", "--json");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const { archives: rows } = JSON.parse(ran.stdout) as { archives: Json[] };
    expect(rows).toEqual([
      expect.objectContaining({
        id: first,
        kind: "full",
        rows: 8,
        signature: "valid",
        complete: true,
      }),
    ]);
    expect(operator.backup("list").stdout).toContain(first);
  });

  it("is rehearsed without a trace", () => {
    const report = operator.report("verify");
    expect(report).toMatchObject({ id: first, where: "database", tables: { todos: 3, parts: 3 } });
    expect(leftovers()).toBe("");
    expect(schemas()).toEqual([]);
  }, 180_000);

  it("comes back into a fresh schema with equal checksums and all definitions", () => {
    const before = server.sql("SHOW BINARY LOGS");
    const grants = server.sql(`SHOW GRANTS FOR deployment@'${APP_HOST}'`);
    const { notes } = operator.report("restore", "--into", "fresh_one");
    expect(archives.checksums("fresh_one")).toEqual(archives.checksums());
    expect(Object.keys(archives.checksums("fresh_one"))).toHaveLength(5);
    for (const what of [
      "TRIGGERS FROM",
      "FUNCTION STATUS WHERE Db =",
      "PROCEDURE STATUS WHERE Db =",
    ]) {
      const shown = (schema: string): string =>
        server
          .sql(`SHOW ${what} ${what.endsWith("=") ? `'${schema}'` : schema}`)
          .replaceAll(/\d{4}-\d\d-\d\d [\d:.]+|fresh_one/g, "")
          .replaceAll(SCHEMA, "");
      expect(shown("fresh_one")).toBe(shown(SCHEMA));
      expect(shown(SCHEMA)).not.toBe("");
    }
    const [child = ""] = server.sql("SHOW CREATE TABLE fresh_one.parts").split("\t").slice(1);
    expect(child).toContain("REFERENCES `todos` (`id`) ON DELETE CASCADE");
    // An event of the past must not run by itself in the copy.
    expect(server.sql("SHOW EVENTS FROM fresh_one")).toMatch(/\bDISABLED\b/);
    expect(server.sql(`SHOW EVENTS FROM ${SCHEMA}`)).toMatch(/\bENABLED\b/);
    expect(leftovers()).toBe("");
    // What was lent for the views has been taken back.
    expect(server.sql(`SHOW GRANTS FOR deployment@'${APP_HOST}'`)).toBe(grants);
    // The live server's log has nothing of the copy.
    expect(server.sql("SHOW BINARY LOGS").split("\n").length).toBe(before.split("\n").length);
    // Its views run with rights that no restore gives by itself, but it says which.
    expect(notes).toEqual([expect.stringContaining(`GRANT `)]);
    server.sql(/GRANT .*;$/.exec(String(notes))?.[0] ?? "");
    const shown = (schema: string): string[] =>
      server.sql(`SELECT id2 FROM ${schema}.a_view`).split("\n").sort();
    expect(shown("fresh_one")).toEqual(shown(SCHEMA));
    // Those that the account has on the live schema, and no more.
    const given = server.sql(`SHOW GRANTS FOR deployment@'${APP_HOST}'`).split("\n");
    expect(given).toHaveLength(3);
    const [live = "", fresh = ""] = given.slice(1).sort((one) => (one.includes("fresh") ? 1 : -1));
    expect(fresh.replace("fresh\\_one", SCHEMA.replace("_", "\\_"))).toBe(live);
  }, 180_000);

  it("comes back into a schema that is there and empty, with the character set that it has", () => {
    server.sql("CREATE DATABASE fresh_two CHARACTER SET latin1");
    operator.report("restore", first, "--into", "fresh_two");
    expect(archives.checksums("fresh_two")).toEqual(archives.checksums());
    expect(server.sql("SHOW CREATE DATABASE fresh_two")).toContain("latin1");
  }, 180_000);

  it("comes back while nobody else may write, as into a server that is being moved into", () => {
    server.sql("SET GLOBAL read_only = ON");
    try {
      operator.report("restore", first, "--into", "fresh_alone");
    } finally {
      server.sql("SET GLOBAL read_only = OFF");
    }
    expect(archives.checksums("fresh_alone")).toEqual(archives.checksums());
    expect(leftovers()).toBe("");
  }, 180_000);

  it("comes back as it was at a second, from the logs", async () => {
    // There before the archive, and so not in the throw-away engine.
    server.sql("CREATE DATABASE other; CREATE TABLE other.things (id INT)");
    const note = (text: string): string =>
      server.sql(`INSERT INTO ${SCHEMA}.empty_one VALUES (${text})`);
    const base = archives.full();
    const nextSecond = async (): Promise<string> => {
      const now = archives.now();
      while (archives.now() === now) await new Promise((done) => setTimeout(done, 50));
      return archives.now();
    };
    await nextSecond();
    note("1");
    archives.log();
    note("2");
    server.sql(`ALTER TABLE ${SCHEMA}.parts ADD COLUMN note VARCHAR(20) DEFAULT 'new'`);
    server.sql(
      `USE ${SCHEMA}; DELETE FROM parts WHERE id = 3; UPDATE todos SET raw = REPEAT(UNHEX('00FF0A'), 9) WHERE id = 2`,
    );
    // What is about the schema counts, whichever the session's own one is; what is about another does not.
    server.sql(`USE other; ALTER TABLE ${SCHEMA}.parts ADD COLUMN far INT DEFAULT 7, ADD KEY (far);
      INSERT INTO things VALUES (1); ALTER TABLE things ADD COLUMN more INT; DROP TABLE things`);
    server.sql("CREATE TABLE other.gone SELECT 1 AS id");
    server.sql(`USE ${SCHEMA}; CREATE USER reporter@localhost; GRANT SELECT ON parts TO reporter@localhost;
      UPDATE parts SET far = 8 WHERE id = 1`);
    // A session may say that it is another time; the server knows when it has committed.
    if (engine === "mysql")
      server.sql(`SET TIMESTAMP = 2000000000; INSERT INTO ${SCHEMA}.empty_one VALUES (20)`);
    const wanted = archives.checksums();
    const at = await nextSecond();
    note("3");
    server.sql(`DROP TABLE ${SCHEMA}.a_child_first`);
    archives.log();
    await nextSecond();
    note("4");
    await nextSecond();
    const { last } = archives.log();

    const listed = JSON.parse(operator.backup("list", "--json").stdout) as { windows: Json[] };
    expect(listed.windows.at(-1)).toMatchObject({ full: base, until: last, logs: 3 });

    operator.report("restore", "--into", "fresh_at", "--at", at);
    expect(archives.checksums("fresh_at")).toEqual(wanted);
    const ids = (schema: string): string =>
      server.sql(`SELECT GROUP_CONCAT(id ORDER BY id) FROM ${schema}.empty_one WHERE id < 10`);
    expect(ids("fresh_at")).toBe("1,2");
    operator.report("restore", "--into", "fresh_last", "--at", last);
    expect(ids("fresh_last")).toBe("1,2,3,4");
    expect(archives.checksums("fresh_last")).toEqual(archives.checksums());
  }, 360_000);

  if (!ENGINES_IN_DEPTH.includes(engine)) return;

  it("refuses a second that cannot be rebuilt", () => {
    const listed = JSON.parse(operator.backup("list", "--json").stdout) as { windows: Json[] };
    const { from, until } = listed.windows.at(-1) as { from: string; until: string };
    const restore = (at: string): string => {
      const words = ["restore", "--into", "fresh_never", "--at", at, ...operator.identity()];
      const ran = operator.backup(...words);
      return `${ran.code}: ${ran.stderr}`;
    };
    const later = new Date(Date.parse(until) + 1000).toISOString().replace(".000", "");
    expect(restore(later)).toMatch(/^1: [^]*no later log has been shipped/);
    expect(restore("2025-01-01T00:00:00Z")).toMatch(/^1: [^]*before what there is/);
    expect(restore("2025-01-01")).toMatch(/^64: [^]*is not a second/);
    expect(restore(until.replace("Z", ""))).toMatch(/^64: [^]*is not a second/);
    const [middle = ""] = server
      .must("cd /srv/stronghold-vault/files && ls log-*.age | sed -n 2p")
      .split(".");
    server.must(`cd /srv/stronghold-vault/files && mkdir ../aside && mv ${middle}.* ../aside`);
    expect(restore(until)).toMatch(/^1: [^]*is missing, though later ones are there/);
    expect(operator.backup("list")).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("is missing") as string,
    });
    // What lies before the gap is as good as ever.
    expect(from < until).toBe(true);
    server.must("cd /srv/stronghold-vault/files && mv ../aside/* . && rmdir ../aside");
    expect(schemas()).not.toContain("fresh_never");
  }, 180_000);

  it("refuses a log that is not what its manifest promises", () => {
    const id = server
      .must("cd /srv/stronghold-vault/files && ls log-*.manifest | tail -n 1")
      .replace(".manifest", "");
    const manifest = archives.manifest(id);
    const { log } = manifest as { log: Json };
    const at = String(log["last"]);
    archives.sign({ ...manifest, log: { ...log, sha256: "0".repeat(64) } });
    const ran = operator.backup(
      "restore",
      "--into",
      "fresh_never",
      "--at",
      at,
      ...operator.identity(),
    );
    archives.sign(manifest);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/log 3 is not what its manifest promises/);
    expect(schemas()).not.toContain("fresh_never");
    expect(leftovers()).toBe("");
  }, 180_000);

  it(`comes back with memory to spare when it has ${MEGABYTES} MB`, async () => {
    archives.clear();
    server.sql(`USE ${SCHEMA};
      CREATE TABLE filler (id INT AUTO_INCREMENT PRIMARY KEY, half VARCHAR(900), noise VARBINARY(400), n INT, KEY (n));
      INSERT INTO filler (half, noise, n) VALUES (REPEAT('lorem ipsum ', 50), RANDOM_BYTES(400), 1);`);
    // Doubles until it is there; half of it can be compressed.
    for (let rows = 1; rows * 1000 < MEGABYTES * 1_000_000; rows *= 2) {
      server.sql(`INSERT INTO ${SCHEMA}.filler (half, noise, n)
        SELECT REPEAT(CONCAT(n, ' lorem ipsum '), 40), RANDOM_BYTES(400), FLOOR(RAND() * 100000) FROM ${SCHEMA}.filler`);
    }
    archives.full();
    const started = Date.now();
    const child = operator.start("restore", "--into", "fresh_big");
    const peaks = await peakMemory(child);
    const took = (Date.now() - started) / 1000;
    process.stderr.write(
      `${engine}, ${MEGABYTES} MB: ${took} s; memory in MB: ${JSON.stringify(peaks)}\n`,
    );
    expect(child.exitCode).toBe(0);
    expect(archives.checksums("fresh_big")).toEqual(archives.checksums());
    expect(Object.values(peaks).reduce((sum, peak) => sum + peak, 0)).toBeLessThan(MEMORY_MB);
    server.sql("DROP DATABASE fresh_big");
  }, 3_600_000);
});
