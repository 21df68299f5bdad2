/**
 * The control `backups` with both engines: what it sets up, notices and mends.
 */
import { type Engine, ENGINES, ENGINES_IN_DEPTH, SCHEMA } from "./database-server";
import { describeBackup } from "./backups-cases";
import { BackupPair, CANARY, SHIPS, SPOOL, STATE } from "./backups-pair";
import { describeTrouble } from "./backups-trouble";
import { itWithJournal } from "./harness";
import { grouped } from "./tampers";
import { eventually } from "./test-machines";

const CLOUDS: Record<Engine, string> = { mysql: "ba0c01", mariadb: "ba0c02" };
const ids = (...numbers: string[]): string[] => numbers.map((number) => `BACKUPS-${number}`);
const LIBRARY = "/usr/local/lib/stronghold-backup";
const CONFIG = "/etc/stronghold/backups";
const UNITS = "/etc/systemd/system";
const NEWEST = `newest=$(tail -n 1 ${STATE}/order)`;

const TAMPERS: [string, string, string[], "alone"?][] = [
  ["another program", "echo : >>/usr/local/sbin/stronghold-backup", ["01"]],
  ["a program that others can run", "chmod 755 /usr/local/sbin/stronghold-backup", ["01"]],
  ["another program beside it", `touch ${LIBRARY}/zz.sh`, ["01"]],
  [
    "an addition to a unit",
    `mkdir ${UNITS}/stronghold-backup.service.d; printf '[Service]\\nNice=0\\n' >${UNITS}/stronghold-backup.service.d/a.conf; systemctl daemon-reload`,
    ["01", "03"],
  ],
  [
    "an addition to a unit until the next boot",
    "mkdir -p /run/systemd/system/stronghold-backup.timer.d; printf '[Timer]\\nPersistent=no\\n' >/run/systemd/system/stronghold-backup.timer.d/a.conf; systemctl daemon-reload",
    ["01", "03"],
  ],
  ["a key that others can read", `chmod 644 ${CONFIG}/push-key`, ["02"]],
  ["backups that others can reach", `chmod 755 ${SPOOL}`, ["02"]],
  ["another number to keep", `sed -i s/keep=.*/keep=9/ ${CONFIG}/settings`, ["02"]],
  ["a recipient more", `tail -n 1 ${CONFIG}/recipients >>${CONFIG}/recipients`, ["02", "04"]],
  ["a timer that is stopped", "systemctl -q stop stronghold-backup.timer", ["03"]],
  ["logs that are not due", "systemctl -q stop stronghold-backup-logs.timer", ["03"]],
  [
    "a timer that is not there after a boot",
    "systemctl -q disable stronghold-backup.timer 2>&1",
    ["03"],
  ],
  [
    "another hour",
    `sed -i s/00:01/03:03/ ${UNITS}/stronghold-backup.timer; systemctl daemon-reload; systemctl restart stronghold-backup.timer`,
    ["01", "03"],
  ],
  [
    "a newest backup with one byte changed",
    // Another than it was, whatever it was.
    `${NEWEST}; cd ${SPOOL}; was=$(od -An -tu1 -j300 -N1 $newest.age); printf "\\x$(printf %x $((was ^ 1)))" | dd of=$newest.age bs=1 seek=300 conv=notrunc status=none`,
    ["04"],
  ],
  ["a newest backup that is cut", `${NEWEST}; truncate -s -1 ${SPOOL}/$newest.age`, ["04"]],
  [
    "a manifest that somebody has rewritten",
    `${NEWEST}; sed -i s/shop-test/shop-best/ ${SPOOL}/$newest.manifest`,
    ["04"],
  ],
  ["no backup at all", `rm ${SPOOL}/full-*`, ["04", "05"]],
  [
    "a newest backup of the day before",
    `touch -d '27 hours ago' ${SPOOL}/full-*.manifest`,
    ["04", "09"],
  ],
  // One that is broken as well would never be taken by the vault, which has the whole one.
  ["a backup that has not been shipped", `${NEWEST}; rm ${STATE}/shipped/$newest`, ["05"], "alone"],
  ["logs that stay away", `touch -d '2 hours ago' ${STATE}/logs`, ["07", "09"]],
  [
    "more backups than are kept",
    `${NEWEST}; cd ${SPOOL}; for n in 0 1 2 3 4 5 6 7; do ` +
      `old=full-20200101T000000Z-0000000$n; cp -p $newest.age $old.age; cp -p $newest.manifest $old.manifest; touch state/shipped/$old; done`,
    ["08"],
    "alone",
  ],
  ["a backup that failed", `echo 'wrong of a reason' >${STATE}/alert-backup-failed`, ["09"]],
];

/** Those in which the engine has a say; the others are the same with any. */
const OF_BOTH = ["no backup at all", "logs that stay away"];

/** What apply leaves to a person. */
const NAMED: [string, string, string, string[]][] = [
  [
    "a dump in plain text",
    `install -m 600 /dev/null ${SPOOL}/dump.sql`,
    `rm ${SPOOL}/dump.sql`,
    ["06"],
  ],
  [
    "an archive in plain text",
    `install -m 600 /etc/passwd ${SPOOL}/.partial-full-20260101T000000Z-00000000.age`,
    `rm ${SPOOL}/.partial-*`,
    ["06"],
  ],
  [
    "a private key of age",
    `printf 'AGE-SECRET-KEY-1%058d\\n' 0 >/root/key`,
    "rm /root/key",
    ["06"],
  ],
];

describe.each(ENGINES)("the control backups with %s", (engine) => {
  const pair = new BackupPair(CLOUDS[engine]);
  const { server } = pair;
  const it = itWithJournal(server);
  const drive = pair.control.bind(pair);

  beforeAll(async () => {
    await pair.boot(engine);
    expect(drive("audit")).toMatchObject({ code: 1, fails: ids("00") });
    pair.installPackages();
    server.sql(`CREATE TABLE ${SCHEMA}.todos (id INT AUTO_INCREMENT PRIMARY KEY, title TEXT);
      INSERT INTO ${SCHEMA}.todos (title) VALUES ('${CANARY}'), ('two'), ('three')`);
  }, 1200_000);

  afterAll(async () => {
    await pair.end();
  }, 180_000);

  it("sets all of it up, makes and ships a backup, and then has nothing to do", () => {
    const fails = ids("01", "02", "03", "04", "05", "07", "08", "09");
    expect(drive("audit")).toMatchObject({ code: 1, fails, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(pair.ids()).toHaveLength(1);
    expect(pair.inVault()).toEqual(pair.ids());
    expect(pair.manifest(pair.newest()).tables).toEqual({ todos: 3 });
  }, 360_000);

  it.each(grouped(TAMPERS.filter(([what]) => engine === "mysql" || OF_BOTH.includes(what))))(
    "notices and mends: %s",
    (_what, { rows, numbers }) => {
      // The next run of the logs, which would make good some of it by itself, is a minute off then.
      server.must(
        "systemctl start stronghold-backup-logs.service; systemctl restart stronghold-backup-logs.timer",
      );
      for (const [, tamper] of rows) server.must(tamper);
      expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
      expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    },
    180_000,
  );

  it("finds nothing wrong while the night's backup is made, and systemd reads its units anew", async () => {
    // The next full minute but three quarters of one away at least: by then the control is done.
    const night = { TIME: server.must("date -d '+105 seconds' +%H:%M") };
    expect(drive("apply", night)).toMatchObject({ code: 0, fails: [] });
    const isOn = (): boolean =>
      server.must("systemctl show -P ActiveState stronghold-backup.service") === "activating";
    // The backup waits for an answer meanwhile.
    server.must("pkill -STOP -x 'mysqld|mariadbd'");
    try {
      expect(await eventually(isOn, 150_000)).toBe(true);
      server.must("systemctl daemon-reload");
      expect(drive("audit", night)).toMatchObject({ code: 0, fails: [] });
    } finally {
      server.must("pkill -CONT -x 'mysqld|mariadbd'");
    }
    expect(await eventually(() => !isOn(), 180_000)).toBe(true);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
  }, 240_000);

  it("takes a backup that is on its way for one that has not arrived only if it stays there", () => {
    server.must(`${NEWEST}; rm ${STATE}/shipped/$newest`);
    const ship = (): void => {
      pair.hold(SHIPS, "sleep 240");
    };
    const end = (): void =>
      void server.must(`pkill -xf 'sleep 240'; until flock -n ${SHIPS} true; do sleep 0.05; done`);
    ship();
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    server.must(`${NEWEST}; touch -d '61 minutes ago' ${SPOOL}/$newest.manifest`);
    expect(drive("audit").fails).toContain("BACKUPS-05");
    end();
    expect(drive("audit").fails).toContain("BACKUPS-05");
    // Where there is none at all, none is on its way.
    server.must(`rm ${SPOOL}/full-*`);
    ship();
    expect(drive("audit").fails).toContain("BACKUPS-05");
    end();
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
  }, 180_000);

  it.each(engine === "mysql" ? NAMED : NAMED.slice(0, 1))(
    "names %s, which is a person's to mend",
    (_what, tamper, mend, numbers) => {
      server.must(tamper);
      expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
      expect(drive("apply")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
      server.must(mend);
      expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    },
    180_000,
  );

  describe("a backup", () => {
    beforeAll(() => {
      pair.stopTimers();
    }, 180_000);
    describeBackup(pair, it);
  });

  if (!ENGINES_IN_DEPTH.includes(engine)) return;

  describe("the backups in trouble", () => {
    describeTrouble(pair, it);
  });
});
