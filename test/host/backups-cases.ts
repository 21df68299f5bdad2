/** What a backup is, and what making one costs those who use the database. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";

import { type BackupPair, CANARY, SPOOL } from "./backups-pair";
import { fill, Writer } from "./backups-writer";
import { SCHEMA } from "./database-server";
import { eventually, run } from "./test-machines";

/** Longest time that a writer may wait while a full backup is made. */
const WAIT_MS = 1000;
/** A busy machine only ever adds to it: the best of so many counts. */
const WAIT_TRIES = 8;

/**
 * Runs the nightly unit, and sees which secrets its processes show, and which files they write to. On a busy
 * machine a whole run may pass between two looks: so it is run again until there was something to see.
 */
const WATCH = `
  patterns=$(cat)
  for round in {1..8}; do
    # It may not be started as often as that in so short a time, which is for one that is killed.
    systemctl reset-failed stronghold-backup.service
    systemctl start --no-block stronghold-backup.service
    while [[ $(systemctl show -P ActiveState stronghold-backup.service) == activating ]]; do
      group=$(systemctl show -P ControlGroup stronghold-backup.service)
      for pid in $(cat "/sys/fs/cgroup$group/cgroup.procs" "/sys/fs/cgroup/systemd$group/cgroup.procs" 2>/dev/null); do
        { tr '\\0' '\\n' <"/proc/$pid/cmdline"; tr '\\0' '\\n' <"/proc/$pid/environ"; } 2>/dev/null
        # One that closes between the look and the reading of its name has none.
        find "/proc/$pid/fd" -type l -lname '/*' -printf 'open %l\\n' 2>/dev/null | grep '^open /'
      done
      cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -F -f <(printf '%s\\n' "$patterns")
    done >>/run/test-watch
    [[ $(systemctl show -P Result stronghold-backup.service) == success ]] || break
    grep -qxF -e --recipients-file /run/test-watch && grep -q '^open .*/\\.partial-full-.*\\.age$' /run/test-watch && break
  done
  echo "result $(systemctl show -P Result stronghold-backup.service)"
  echo "secrets $(grep -cF -f <(printf '%s\\n' "$patterns") /run/test-watch)"
  grep -xF -e --recipients-file /run/test-watch | head -n 1
  sed -n 's/^open //p' /run/test-watch | grep -vE '^/(proc|run|dev|usr|etc|sys)/' | sed -E 's/-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}/-ID/' | sort -u
  rm -f /run/test-watch`;

export function describeBackup(pair: BackupPair, it: jest.It): void {
  const { server } = pair;
  /** Waits over there until it holds, since from here it may have come and gone between two looks. */
  const catches = (condition: string): void =>
    void server.must(`for n in {1..3000}; do ! ${condition} || exit 0; sleep 0.02; done; exit 1`);
  const writer = new Writer(server);

  it("is what its manifest says, signed, here and in the vault", () => {
    const previous = pair.newest();
    const id = pair.full();
    const manifest = pair.manifest(id);
    expect(manifest).toMatchObject({ kind: "full", id, schema: SCHEMA, previous });
    expect(manifest.tables).toEqual(pair.rows());
    expect(pair.isSigned(id)).toBe(true);
    for (const where of ["server", "vault"] as const) {
      const { sha256, bytes } = pair.open(id, where);
      expect({ sha256, bytes }).toEqual(manifest.sql);
      const host = where === "server" ? server : pair.vault;
      const show = where === "server" ? "stronghold-backup" : "stronghold-vault";
      expect(host.must(`${show} show ${id}.age | sha256sum`)).toBe(`${manifest.archive.sha256}  -`);
    }
    expect(pair.load(id, "check_one", "vault")).toEqual(manifest.tables);
    expect(server.sql(`SELECT title FROM check_one.todos WHERE id = 1`)).toBe(CANARY);
    expect(pair.tool("verify")).toMatchObject({ code: 0, stdout: `${id}\n`, stderr: "" });
  }, 180_000);

  it("is listed and shown, and nothing else is", () => {
    const list = pair.tool("list").stdout.trimEnd().split("\n");
    const id = pair.newest();
    const { bytes } = pair.manifest(id).archive;
    expect(list).toContainEqual(
      expect.stringMatching(
        new RegExp(`^${id}\\.age\t${bytes}\t2\\d{3}-\\d\\d-\\d\\dT[\\d:]{8}Z$`),
      ),
    );
    for (const name of ["../state/order", "/etc/shadow", "", "state", "-n"]) {
      expect(pair.tool(`show '${name}'`)).toMatchObject({ code: 64, stdout: "" });
    }
    expect(pair.tool("show full-20200101T000000Z-01234567.age")).toMatchObject({ code: 1 });
    for (const words of ["", "destroy", "run now", "list x", "check loud"]) {
      expect(pair.tool(words)).toMatchObject({ code: 64, stdout: "" });
    }
  });

  it("is followed by the binary logs, byte for byte and without a gap", () => {
    const before = pair.ids("log").length;
    for (const title of ["first", "second"]) {
      server.sql(`INSERT INTO ${SCHEMA}.todos (title) VALUES ('${title}')`);
      expect(pair.tool("logs")).toMatchObject({ code: 0, stderr: "" });
    }
    // Nothing has happened: nothing is to be archived.
    expect(pair.tool("logs")).toMatchObject({ code: 0, stdout: "" });
    const logs = pair.ids("log");
    expect(logs.length).toBeGreaterThanOrEqual(before + 2);
    expect(pair.inVault("log")).toEqual(expect.arrayContaining(logs));
    const [one = "", two = ""] = logs.slice(-2);
    expect(pair.manifest(two).previous).toBe(one);
    const folder = server.sql("SELECT @@log_bin_basename").replace(/[^/]*$/, "");
    for (const id of [one, two]) {
      const { log } = pair.manifest(id);
      const { sha256, bytes } = pair.open(id, "vault");
      expect({ sha256, bytes }).toEqual({ sha256: log.sha256, bytes: log.bytes });
      expect(server.must(`sha256sum <${folder}${log.file}`)).toBe(`${sha256}  -`);
      expect(pair.isSigned(id)).toBe(true);
    }
    expect(pair.manifest(pair.newest()).log.server).toBe(pair.manifest(two).log.server);
  }, 180_000);

  it(`keeps no writer waiting for ${WAIT_MS} ms, whatever the size`, async () => {
    fill(server, "a_filler", 16);
    writer.prepare();
    await writer.start();
    let best = Infinity;
    for (let tries = 0; tries < WAIT_TRIES && best >= WAIT_MS; tries += 1) {
      writer.longest();
      pair.full();
      best = Math.min(best, writer.longest());
    }
    writer.stop();
    expect(best).toBeGreaterThan(0);
    expect(best).toBeLessThan(WAIT_MS);
    const { tables } = pair.manifest(pair.newest());
    expect(pair.load(pair.newest(), "check_one")).toEqual(tables);
    expect(tables["notes"]).toBeGreaterThan(0);
  }, 360_000);

  it("leaves no plain text on a disk, in the journal, in arguments or in the environment", () => {
    const keys = ["signer", "push"].map((name) => {
      const lines = readFileSync(server.keyFile(name), "utf8").split("\n");
      return lines[2] ?? "";
    });
    const patterns = [CANARY, ...keys].join("\n");
    const [result, secrets, seen, ...files] = server.must(WATCH, patterns).split("\n");
    expect([result, secrets]).toEqual(["result success", "secrets 0"]);
    // It has looked while there was something to see.
    expect(seen).toBe("--recipients-file");
    expect(files).toContain(`${SPOOL}/.partial-full-ID.age`);
    const own = new RegExp(`^(${SPOOL}/|/var/lib/mysql/|/$)`);
    expect(files.filter((file) => !own.test(file))).toEqual([]);
    expect(plainOn(pair)).toEqual([]);
    expect(server.must(`journalctl -q --no-pager | grep -c ${CANARY} || true`)).toBe("0");
  }, 540_000);

  it("keeps nobody from altering a table while it reads another one", async () => {
    server.sql(`USE ${SCHEMA}; DROP TABLE IF EXISTS z_late;
      CREATE TABLE z_late (id INT PRIMARY KEY); INSERT INTO z_late VALUES (1), (2)`);
    const child = start(pair);
    // The dump can go no further than what pipes hold, and that is less than the table before.
    catches("pkill -STOP -x age");
    const counted = "grep -q z_late /run/stronghold-backup/full.??????/counts";
    try {
      expect(await eventually(() => server.root(counted).code === 0)).toBe(true);
      server.sql(`SET lock_wait_timeout = 10; ALTER TABLE ${SCHEMA}.z_late ADD COLUMN more INT`);
    } finally {
      server.must("pkill -CONT -x age");
    }
    expect(await eventually(() => child.exitCode !== null, 60_000)).toBe(true);
    expect(child.exitCode).toBe(0);
    const { tables } = pair.manifest(pair.newest());
    expect(tables).toEqual(pair.rows());
    expect(pair.load(pair.newest(), "check_one")).toEqual(tables);
  }, 180_000);

  it.each<[string, string]>([
    ["altered", "ALTER TABLE z_late ADD COLUMN more INT DEFAULT 7"],
    ["emptied", "TRUNCATE z_late"],
    ["dropped", "DROP TABLE z_late"],
  ])(
    "is right when a table is %s while it is made",
    async (_what, statement) => {
      server.sql(`USE ${SCHEMA}; DROP TABLE IF EXISTS z_late;
        CREATE TABLE z_late (id INT PRIMARY KEY); INSERT INTO z_late VALUES (1), (2)`);
      const child = start(pair);
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const started = `find ${SPOOL} -name '.partial-full-*.age' -size +0 2>/dev/null | grep -q .`;
      catches(started);
      server.sql(`USE ${SCHEMA}; ${statement}`);
      expect(await eventually(() => child.exitCode !== null, 60_000)).toBe(true);
      expect({ code: child.exitCode, said }).toMatchObject({ code: 0 });
      const id = pair.newest();
      expect(said).toContain(`made ${id}`);
      const { tables } = pair.manifest(id);
      expect(pair.load(id, "check_one")).toEqual(tables);
    },
    360_000,
  );
}

/** A full backup beside the test. */
function start({ server }: BackupPair): ChildProcessByStdio<null, Readable, null> {
  const words = server.cloud.machines.consoleCommand(1001, ["stronghold-backup", "run"]);
  const [command = "", ...args] = words;
  return spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
}

/** Files of the database server's disk with the row's text in it or compressed plainly, as seen from below. */
export function plainOn(pair: BackupPair): string[] {
  const line = `cd '${pair.disk}' && find . -path ./var/lib/mysql -prune -o -type f -size +0 -print0 >/dev/null
    find . -path ./var/lib/mysql -prune -o -type f -print0 | xargs -0r grep -laF -- '${CANARY}'
    find ./var/backups ./tmp ./var/tmp ./root ./var/log -type f -print0 2>/dev/null |
      xargs -0r grep -laP '\\A\\x28\\xb5\\x2f\\xfd'
    true`;
  return run(["bash", "-c", line]).stdout.split("\n").filter(Boolean);
}
