/**
 * A day in the life of the backups, in a few minutes: somebody writes all the time, and every run is
 * disturbed at a random moment. Whatever was done to it: no plain text lies on a disk, no good backup is
 * lost, and the last good one comes back with every row that it has to have.
 *
 * STRONGHOLD_CHAOS_ROUNDS   how often; @default four of the disturbances, in a thorough run every one
 * STRONGHOLD_CHAOS_SEED     the same moments again, as far as a machine repeats itself
 * STRONGHOLD_CHAOS_ENGINE   mysql (@default) or mariadb
 */
import { type Disturbance, DISTURBANCES } from "./backups-disturbances";
import { plainOn } from "./backups-cases";
import { BackupPair, CANARY, MAKES, SPOOL } from "./backups-pair";
import { fill, Writer } from "./backups-writer";
import { type Engine, SCHEMA } from "./database-server";
import { DEPLOYER, itWithJournal } from "./harness";
import { Operator } from "./restore-operator";
import { eventually } from "./test-machines";
import { THOROUGH } from "../thorough";

const ENGINE = (process.env["STRONGHOLD_CHAOS_ENGINE"] ?? "mysql") as Engine;
const ROUNDS = Number(
  process.env["STRONGHOLD_CHAOS_ROUNDS"] ?? (THOROUGH ? DISTURBANCES.length : 4),
);
const SEED = Number(process.env["STRONGHOLD_CHAOS_SEED"] ?? Date.now() % 1_000_000);
/** A shipment that hangs gives up after a minute and a half, and there may be two. */
const ROUND_MS = 360_000;
/** Enough for a run to be long enough to be hit in its middle. */
const MEGABYTES = 8;

const pair = new BackupPair("ba0c05");
const it = itWithJournal(pair.server);
const writer = new Writer(pair.server);
const random = randomFrom(SEED);
/** Rows of which the database has said that it has them. */
const taken = new Set<number>();
/** How long an undisturbed run takes, in ms. */
let usual = 0;
let operator: Operator;

const note = (): void => {
  for (const id of writer.taken()) taken.add(id);
};
const idsOf = (schema: string): Set<number> =>
  new Set(pair.server.sql(`SELECT id FROM ${schema}.notes`).split("\n").map(Number));
const lost = (from: Iterable<number>, schema: string): number[] => {
  const there = idsOf(schema);
  return [...from].filter((id) => !there.has(id));
};

beforeAll(async () => {
  await pair.boot(ENGINE);
  pair.installPackages();
  const applied = pair.control("apply");
  expect(applied).toMatchObject({ code: 0, fails: [] });
  pair.stopTimers();
  pair.retryAfter(1);
  pair.server.sql(`CREATE TABLE ${SCHEMA}.todos (id INT AUTO_INCREMENT PRIMARY KEY, title TEXT);
    INSERT INTO ${SCHEMA}.todos (title) VALUES ('${CANARY}')`);
  fill(pair.server, "a_filler", MEGABYTES);
  pair.server.drive("apply", "packages", { PACKAGES: "faketime" });
  writer.prepare();
  await writer.start();
  pair.full();
  const began = Date.now();
  pair.full();
  usual = Date.now() - began;
  const keys = [pair.server, pair.vault].map((server) => server.keyFile(DEPLOYER));
  operator = new Operator(pair.server, pair, keys);
  process.stderr.write(`${ENGINE}: ${ROUNDS} rounds from seed ${SEED}; a run takes ${usual} ms\n`);
}, 1200_000);

afterAll(async () => {
  operator.end();
  await pair.end();
}, 180_000);

/** Each as often as any other, in an order of its own each time. */
function plan(): Disturbance[] {
  const rounds: Disturbance[] = [];
  while (rounds.length < ROUNDS) {
    const rest = [...DISTURBANCES];
    while (rest.length > 0) rounds.push(...rest.splice(Math.floor(random() * rest.length), 1));
  }
  return rounds.slice(0, ROUNDS);
}

describe("a day of backups while somebody writes", () => {
  it.each(plan().map((disturbance, n) => [n + 1, disturbance.name, disturbance] as const))(
    "round %i: %s",
    async (_n, _name, disturbance) => {
      const good = pair.newest();
      const kept = pair.inVault();
      const before = [...taken];
      disturbance.prepare?.(pair, random);
      const run = pair.start(`${disturbance.under ?? ""} stronghold-backup run`);
      const logs = random() < 0.3 ? pair.start("stronghold-backup logs") : undefined;
      await moment(random() * usual);
      note();
      await disturbance.strike(pair);
      const ended = (): boolean => run.ended() && (logs?.ended() ?? true);
      const hasEnded = await eventually(ended, ROUND_MS / 2);
      // In any case: a round that fails must not be the next one's fault.
      await disturbance.repair?.(pair);
      expect(hasEnded).toBe(true);
      if (disturbance.stopsWriter === true) await writer.start();

      // Whatever has become of the run: what was good is there, here and in the vault.
      expect(pair.inVault()).toEqual(expect.arrayContaining(kept));
      expect(pair.ids()).toContain(good);
      expect(pair.tool("verify")).toMatchObject({ code: 0, stderr: "" });
      const newest = pair.inVault().at(-1) ?? "";
      expect(pair.isWhole(newest)).toBe(true);
      if (newest !== good) {
        expect(pair.load(newest, "check_one", "vault")).toEqual(pair.vaultManifest(newest).tables);
        expect(lost(before, "check_one")).toEqual([]);
      }
      // The one after it is as good as any, and has all that was taken.
      note();
      const soFar = [...taken];
      // What a run leaves that is killed just as it keeps its state, which few rounds hit.
      pair.server.must(`touch ${SPOOL}/state/.fresh.{full,logs}.killed`);
      const next = pair.full();
      expect(pair.inVault()).toContain(next);
      // Each kind of run clears away what its own kind has left, and no run waits for the other kind.
      expect(pair.tool("logs")).toMatchObject({ code: 0, stderr: "" });
      expect(pair.unfinished()).toBe("");
      expect(pair.load(next, "check_one", "vault")).toEqual(pair.manifest(next).tables);
      expect(lost(soFar, "check_one")).toEqual([]);
      expect(plainOn(pair)).toEqual([]);
      pair.server.sql("DROP DATABASE check_one");
    },
    ROUND_MS,
  );

  it("lets an operator's run wait for one that is at work, and end well", async () => {
    pair.hold(MAKES, 'bash -c "until [[ -e /run/done ]]; do sleep 0.2; done"');
    const { told, ran } = operator.asked("run");
    const isSentAway = (): boolean => told().includes("another run is at work: waiting for it");
    expect(await eventually(isSentAway)).toBe(true);
    pair.server.must("touch /run/done");
    expect(await ran).toMatchObject({ code: 0 });
  }, 120_000);

  it("can be restored to its last second by the logs", async () => {
    writer.stop();
    note();
    const there = [...taken];
    // What is of the logs' last second may have more after it: their end is the beginning of it.
    const second = (): string => pair.server.must("date +%s");
    const last = second();
    expect(await eventually(() => second() !== last)).toBe(true);
    expect(pair.tool("logs")).toMatchObject({ code: 0, stderr: "" });
    const listed = operator.backup("list", "--json");
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    const { windows } = JSON.parse(listed.stdout) as { windows: { until: string }[] };
    const at = windows.at(-1)?.until ?? "";
    operator.report("restore", "--into", "fresh_last", "--at", at);
    expect(lost(there, "fresh_last")).toEqual([]);
    expect(pair.rows("fresh_last")).toEqual(pair.rows(SCHEMA));
  }, 360_000);

  it("was nobody's wait: the writer got on between all of it", () => {
    expect(taken.size).toBeGreaterThan(ROUNDS * 10);
  });
});

const moment = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
