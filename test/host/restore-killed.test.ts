/**
 * A restore whose processes are killed outright: nothing half done stays, and the next one succeeds.
 *
 * A power failure is not in it: that kills the live engine as well, whose own recovery comes first. What
 * the next run finds then is what it finds after the last case here, where the sweep was killed, too.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { APP_HOST, DatabaseServer, SCHEMA } from "./database-server";
import { itWithJournal } from "./harness";
import { Archives } from "./restore-archives";
import { Operator } from "./restore-operator";
import { eventually, run } from "./test-machines";

const server = new DatabaseServer("b20002");
const it = itWithJournal(server);
const archives = new Archives(server);
const CANARY = `canary${randomBytes(8).toString("hex")}`;
const INTO = "again";
/** For an engine to be shut down and all of its traces to be removed. */
const SWEEP_MS = 120_000;
let operator: Operator;
let before: string;

/** How far a restore has come, as the server's own disk shows it. */
const MOMENTS = {
  starting: "systemctl --quiet is-active stronghold-restore.service",
  loading: `[[ -d /var/lib/private/stronghold-restore/data/${SCHEMA} ]]`,
  copying: `[[ $(stat -c %s /var/lib/mysql/${INTO}/filler.ibd 2>/dev/null) -gt 1000000 ]]`,
  lent: "grep -qs REVOKE /var/lib/stronghold/restore/unfinished",
} as const;
type Moment = keyof typeof MOMENTS;

/** An engine has to start and to load before, which takes a busy machine minutes. */
const reached = (moment: Moment): string =>
  `for ((n = 0; n < 12000; n++)); do ! { ${MOMENTS[moment]}; } || break; sleep 0.02; done; ${MOMENTS[moment]}`;
const main = (unit: string): string => `kill -KILL "$(systemctl show -P MainPID ${unit}.service)"`;

/** Accounts, rights and schemas of the live engine. */
const state = (): string =>
  server.sql(`SHOW DATABASES; SELECT * FROM mysql.user; SELECT * FROM mysql.db;
    SELECT * FROM mysql.global_grants; SHOW GRANTS FOR deployment@'${APP_HOST}'`);

const leftovers = (): string =>
  server.must(
    `ls -d /var/lib/private/stronghold-restore /var/lib/stronghold-restore /run/stronghold-restore \
       /var/lib/stronghold/restore/unfinished 2>/dev/null
     systemctl list-units --plain --no-legend --all 'stronghold-restore*'
     pgrep -fa '[s]tronghold-restore/data'; true`,
  );

/** Files below the server's disk with the row's text in them, but for those of the live engine. */
function plain(): string[] {
  const disk = join(server.cloud.stateDir, "machines/1001/upper");
  const line = `cd '${disk}' && find . -path ./var/lib/mysql -prune -o -type f -print0 | xargs -0r grep -laF '${CANARY}'`;
  return run(["bash", "-c", line]).stdout.split("\n").filter(Boolean);
}

/** Folders of killed runs of this test at the operator's place. */
const folders = (): string[] =>
  readdirSync("/var/tmp").filter((name) => {
    if (!name.startsWith("stronghold-backup-")) return false;
    try {
      const allowed = readFileSync(join("/var/tmp", name, "allowed_signers"), "utf8");
      return allowed.includes(archives.publicKey("signer"));
    } catch {
      return false;
    }
  });

const ended = (child: ChildProcess): Promise<boolean> =>
  eventually(() => child.exitCode !== null || child.signalCode !== null, SWEEP_MS);

/** The connection over which that process talks to the server. */
function sshOf({ pid = 0 }: ChildProcess): number {
  const words = ["-C", "ssh", "-o", "pid=", "-o", "ppid="];
  const lines = execFileSync("ps", words, { encoding: "utf8" }).trim().split("\n");
  const own = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const [ssh = 0] = own.find(([, parent]) => parent === pid) ?? [];
  if (ssh === 0) throw new Error(`${pid} has no connection`);
  return ssh;
}

async function expectNothing(): Promise<void> {
  await eventually(() => leftovers() === "", SWEEP_MS);
  expect(leftovers()).toBe("");
  expect(state()).toBe(before);
  expect(plain()).toEqual([]);
}

beforeAll(async () => {
  await server.bootWith("mysql");
  archives.install();
  operator = new Operator(server, archives);
  server.sql(`USE ${SCHEMA}; CREATE TABLE todos (id INT PRIMARY KEY, title TEXT);
    INSERT INTO todos VALUES (1, '${CANARY}');
    CREATE DEFINER = deployment@'${APP_HOST}' VIEW shown AS SELECT id FROM todos;
    CREATE TABLE filler (id INT AUTO_INCREMENT PRIMARY KEY, noise VARBINARY(1000));
    SET SESSION cte_max_recursion_depth = 100000;
    INSERT INTO filler (noise) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 24000)
      SELECT RANDOM_BYTES(900) FROM n`);
  archives.full();
  server.must("rm /root/sql");
  before = state();
}, 1200_000);

afterAll(async () => {
  operator.end();
  await server.end();
  archives.end();
}, 180_000);

describe("a restore", () => {
  it.each<[string, Moment]>([
    ["the restorer", "starting"],
    ["the restorer", "copying"],
    ["the restorer", "lent"],
    ["the throw-away engine", "loading"],
  ])(
    "of which %s is killed while it is %s leaves nothing, and says that it failed",
    async (who, moment) => {
      const child = operator.start("restore", "--into", INTO);
      let said = "";
      child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
      const unit = who === "the restorer" ? "stronghold-restore" : "stronghold-restore-engine";
      server.must(`${reached(moment)} && ${main(unit)}`);
      expect(await ended(child)).toBe(true);
      expect(said).toMatch(/Nothing was changed\./);
      expect(child.exitCode).toBe(1);
      await expectNothing();
      expect(folders()).toEqual([]);
    },
    180_000,
  );

  it.each<[string, Moment]>([
    ["the connection", "loading"],
    ["the operator's process", "loading"],
    ["the operator's process", "copying"],
  ])(
    "of which %s is killed while it is %s leaves nothing",
    async (who, moment) => {
      const child = operator.start("restore", "--into", INTO);
      server.must(reached(moment));
      if (who === "the connection") process.kill(sshOf(child), "SIGKILL");
      else child.kill("SIGKILL");
      expect(await ended(child)).toBe(true);
      expect(child.exitCode).not.toBe(0);
      await expectNothing();
    },
    180_000,
  );

  it("cleans up after one whose sweep was killed, too, says so, and succeeds", async () => {
    // What was killed above has left its archive here, unless a command of another suite has tidied up since.
    const left = mkdtempSync("/var/tmp/stronghold-backup-1-1-");
    writeFileSync(join(left, "allowed_signers"), archives.publicKey("signer"));
    expect(folders()).toContain(basename(left));
    const child = operator.start("restore", "--into", INTO);
    // The sweep waits for this lock: there is time to kill it.
    server.must(`${reached("copying")}
      systemd-run --quiet --unit=test-lock mysql --no-defaults --user=root -e 'LOCK INSTANCE FOR BACKUP; SELECT SLEEP(300)'
      until mysql --no-defaults --user=root -Ne "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'" | grep -q 1; do :; done
      ${main("stronghold-restore")}
      until sweep=$(systemctl show -P ControlPID stronghold-restore.service) && ((sweep > 0)) && [[ ! -e /var/lib/private/stronghold-restore ]]; do sleep 0.02; done
      systemctl kill --signal=KILL stronghold-restore.service`);
    expect(await ended(child)).toBe(true);
    expect(child.exitCode).toBe(1);
    server.must("systemctl stop test-lock.service");
    expect(leftovers()).toContain("unfinished");
    expect(state()).not.toBe(before);

    const ran = operator.backup("restore", "--into", INTO, ...operator.identity());
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toMatch(/removing what a killed run has left/);
    expect(archives.checksums(INTO)).toEqual(archives.checksums());
    expect(folders()).toEqual([]);
    server.sql(`DROP DATABASE ${INTO}`);
    await expectNothing();
  }, 360_000);
});
