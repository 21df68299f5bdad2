/**
 * Archives that must not come back: each is refused with its reason, and leaves everything as it was.
 *
 * Each has one flaw (restore-flaws.ts); one without any comes back, so that it is the flaw that counts.
 * MySQL alone: the engines differ in what a dump says, not in what is believed of it.
 */
import { copyFileSync, chmodSync, writeFileSync } from "node:fs";

import { DatabaseServer, SCHEMA } from "./database-server";
import { itWithJournal } from "./harness";
import { Archives } from "./restore-archives";
import { type Bad, REFUSED_HERE } from "./restore-flaws";
import { REFUSED_THERE } from "./restore-flaws-within";
import { Forger } from "./restore-forgeries";
import { Operator } from "./restore-operator";
import type { Ran } from "./test-machines";

const server = new DatabaseServer("b20001");
const it = itWithJournal(server);
const archives = new Archives(server);
const ids = new Map<Bad, string>();
let answers: Promise<[Ran, Ran][]>;
let operator: Operator;
let forger: Forger;

/** Files that change by themselves: logs, the engine's own, and what systemd remembers of its timers. */
const BUSY = ["/var/log", "/var/lib/mysql", "/var/lib/systemd", "/var/cache", "/tmp", "/run"];
const TABLES = ["user", "db", "global_grants", "tables_priv", "columns_priv", "procs_priv"];
/** Statements that change something, by how often the live engine was given one. */
const CHANGES = "^Com_(create|drop|alter|rename|grant|revoke|set_password|insert|update|delete)";

/** All that a restore could change, or leave behind. */
function state(): string {
  const rows = TABLES.map((name) => `SELECT '${name}', t.* FROM mysql.${name} t;`).join("\n");
  const live = server.sql(`SHOW DATABASES; ${rows} CHECKSUM TABLE ${SCHEMA}.todos;
    SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES;
    SHOW GLOBAL STATUS WHERE Variable_name RLIKE '${CHANGES}'; SHOW BINARY LOG STATUS`);
  const pruned = BUSY.map((path) => `-path ${path} -prune -o`).join(" ");
  // Compared over there: it is a long list.
  const files = server.must(
    `find / -xdev ${pruned} ! -type d -printf '%p %m %U %s %T@ %C@\\n' -o -type d -printf '%p %m %U\\n' | sort >/run/test-files
     [[ -e /run/test-files-before ]] || cp /run/test-files /run/test-files-before
     diff /run/test-files-before /run/test-files
     ls -A /tmp /var/tmp /var/lib/mysql | grep -vE '^(#|binlog)'; ls /run | grep stronghold
     systemctl list-units --plain --no-legend --all 'stronghold-restore*'`,
  );
  return `${live}\n${files}`;
}

/** What is in one and not in the other: a whole listing would say nothing to anybody. */
function differences(before: string, after: string): string[] {
  const [old, now] = [new Set(before.split("\n")), new Set(after.split("\n"))];
  const gone = [...old].filter((line) => !now.has(line)).map((line) => `- ${line}`);
  return [...gone, ...[...now].filter((line) => !old.has(line)).map((line) => `+ ${line}`)];
}

/** A schema of its own for each, so that a trace of it would be seen. */
const into = (row: Bad): string => `here_${REFUSED_HERE.indexOf(row)}`;

const idOf = (row: Bad): string => ids.get(row) ?? "";

function expectRefusal(ran: Ran, { says, code = 1 }: Pick<Bad, "says" | "code">): void {
  expect(ran.stderr).toMatch(says);
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: "" });
  expect(ran.stderr).not.toMatch(/fault of stronghold's own|AGE-SECRET-KEY/);
}

beforeAll(async () => {
  await server.bootWith("mysql");
  archives.install();
  // What they start at a random hour leaves traces of its own.
  server.must("systemctl stop '*.timer'");
  operator = new Operator(server, archives);
  copyFileSync(archives.file("identity"), archives.file("loose"));
  chmodSync(archives.file("loose"), 0o644);
  writeFileSync(archives.file("junk"), "not a key\n", { mode: 0o600 });
  server.sql(`CREATE TABLE ${SCHEMA}.todos (id INT PRIMARY KEY, title TEXT);
    INSERT INTO ${SCHEMA}.todos VALUES (1, 'one'), (2, 'two'), (3, 'three');
    CREATE DATABASE taken; CREATE FUNCTION taken.one() RETURNS INT DETERMINISTIC RETURN 1`);
  forger = new Forger(archives, server);
  for (const row of [...REFUSED_HERE, ...REFUSED_THERE]) {
    ids.set(row, row.forge(forger));
  }
  forger.deliver();
  // They disturb nobody, so that they are at work while the others wait for the server.
  answers = operator.askEach(
    REFUSED_HERE.map((row) => {
      const { identity } = row;
      return { id: idOf(row), into: into(row), ...(identity !== undefined && { identity }) };
    }),
  );
  answers.catch(() => undefined);
}, 1200_000);

afterAll(async () => {
  operator.end();
  await server.end();
  archives.end();
}, 180_000);

describe("an archive without a flaw", () => {
  it("comes back", () => {
    const id = forger.forge();
    forger.deliver();
    const { tables } = operator.report("restore", id, "--into", "good");
    expect(tables).toEqual({ todos: 3 });
    expect(archives.checksums("good")).toEqual(archives.checksums());
    server.sql("DROP DATABASE good");
  }, 180_000);
});

describe("an archive that the throw-away engine has to judge", () => {
  it.each(REFUSED_THERE.map((row) => [row.what, row] as const))(
    "is refused if it %s",
    async (_what: string, row: Bad) => {
      const before = state();
      const words = row.verify ? ["verify", idOf(row)] : ["restore", idOf(row), "--into", "bad"];
      expectRefusal(await operator.ask(...words, ...operator.identity()), row);
      expect(differences(before, state())).toEqual([]);
    },
    180_000,
  );
});

describe("a place", () => {
  it.each([
    ["the live schema", SCHEMA, /Refused: the schema shop_app is not empty/, 1],
    ["the engine's own", "mysql", /Refused: the schema mysql is not empty/, 1],
    ["its views", "sys", /Refused: the schema sys is not empty/, 1],
    ["one with nothing but a function", "taken", /Refused: the schema taken is not empty/, 1],
    ["a command", "x;reboot", /--into x;reboot is no name for a schema here/, 64],
    ["an option", "--local", /argument missing|no name for a schema/, 64],
  ])("that is %s is refused", async (_what: string, name: string, says: RegExp, code: number) => {
    const before = state();
    const words = ["restore", forger.honest, "--into", name, ...operator.identity()];
    expectRefusal(await operator.ask(...words), { says, code });
    expect(differences(before, state())).toEqual([]);
  });
});

describe("an archive that the operator's machine has to judge", () => {
  it.each(REFUSED_HERE.map((row) => [row.what, row] as const))(
    "is refused if it %s",
    async (_what: string, row: Bad) => {
      const [restored, verified] = (await answers)[REFUSED_HERE.indexOf(row)] ?? [];
      if (!restored || !verified) throw new Error("it has not been asked for");
      expectRefusal(restored, row);
      expectRefusal(verified, row);
      // The database server was never told of it.
      const told = `journalctl -q --no-pager | grep -F -- '--into ${into(row)}'`;
      expect(server.root(told)).toMatchObject({ code: 1, stdout: "", stderr: "" });
    },
    180_000,
  );
});

describe("a vault", () => {
  it.each([
    ["that is empty", "cd /srv/stronghold-vault && mv files away && mkdir files", /There is no/],
    [
      "that is gone",
      "mv /srv/stronghold-vault/files /srv/stronghold-vault/away",
      /failed on the server "backup"/,
    ],
  ])("%s is refused", async (_what: string, take: string, says: RegExp) => {
    await answers;
    server.must(take);
    try {
      const before = state();
      for (const words of [["restore", "--into", "bad"], ["verify"]]) {
        expectRefusal(await operator.ask(...words, ...operator.identity()), { says });
      }
      expect(differences(before, state())).toEqual([]);
    } finally {
      server.must("cd /srv/stronghold-vault && rm -rf files && mv away files");
    }
  });
});
