/**
 * Releases on a booted host: received, tried, exchanged, taken back, and what is left when any of that is killed. While
 * they are exchanged, visitors come without a pause, and none may be turned away. The operator's command is in the
 * unit layer, the whole of it, with a browser and a database, in e2e.
 */
import { gzipSync } from "node:zlib";

import {
  ApplicationServer,
  type Behaviour,
  pack,
  PROGRAM,
  release,
  type Release,
  releaseOf,
  ROOT,
} from "./application-server";
import { itWithJournal } from "./harness";
import { eventually, type Ran } from "./test-machines";

const server = new ApplicationServer("a99103");
const it = itWithJournal(server);

interface Status {
  current: string | null;
  service: string;
  node: string;
  lock: string | null;
  releases: { id: string; version: string; deployed: string | null; current: boolean }[];
  deploys: { by: string; action: string; release: string; result: string }[];
}
const status = (): Status => JSON.parse(server.must(`${PROGRAM} status`)) as Status;
const serves = (made: Release): void => {
  expect(server.must(`readlink ${ROOT}/current`)).toBe(`releases/${made.id}`);
};
/** As the timer does, but now. */
const watch = (): void => void server.must("systemctl start application-watch.service");
const AS_USER = "setpriv --reuid=application --regid=application --clear-groups";

beforeAll(async () => {
  await server.bootWith();
  expect(server.application("apply")).toMatchObject({ code: 0 });
}, 420_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("a first release", () => {
  it("has nothing before it to go back to", () => {
    expect(status()).toMatchObject({ current: null, releases: [], deploys: [], lock: null });
    expect(server.root(`${PROGRAM} rollback ada`)).toMatchObject({
      code: 1,
      stderr: "there is no release from before to go back to; see status\n",
    });
  });

  it("is received, tried and exchanged, and is then told of", async () => {
    const made = release();
    expect(server.root(`${PROGRAM} has ${made.sha}`).code).toBe(1);
    expect(server.receive(made)).toMatchObject({
      code: 0,
      stdout: `STEP\treceiving release ${made.id}\nRESULT\t${made.id}\n`,
      stderr: "",
    });
    expect(server.must(`${PROGRAM} has ${made.sha}`)).toBe(`RESULT\t${made.id}`);
    const deployed = server.deploy(made);
    expect(deployed).toMatchObject({ code: 0, stderr: "" });
    expect(deployed.stdout).toMatch(
      new RegExp(`RESULT\\tsample 1\\.0\\.0 \\(${made.id}\\) serves\\n$`),
    );
    expect(server.visits()).toBe("1.0.0 200");
    expect(status()).toMatchObject({
      current: made.id,
      service: "active",
      lock: null,
      releases: [{ id: made.id, version: "1.0.0", current: true }],
      deploys: [{ by: "ada@laptop", action: "deploy", release: made.id, result: "done" }],
    });
    expect(status().node).toMatch(/^\d+\.\d+\.\d+$/);
    const line = `deploy of release ${made.id} (sha256 ${made.sha}) by ada@laptop, logged in as root: done`;
    const told = (): string =>
      server.must("journalctl -t stronghold-application -o cat | grep '^deploy' | tail -n 1");
    expect(await eventually(() => told() === line)).toBe(true);
  });

  it("is root's, read-only to what runs, and sent once", () => {
    const made = release();
    const writable = `find ${ROOT}/releases ! -user root -o -perm /022 ! -type l | head`;
    expect(server.must(writable)).toBe("");
    expect(server.must(`${AS_USER} cat ${ROOT}/current/server.js >/dev/null && echo read`)).toBe(
      "read",
    );
    expect(server.receive(made).stdout).toContain("is here already");
    expect(server.deploy(made).stdout).toContain("serves already");
  });
});

describe("a release that is no good", () => {
  const GOOD = { "package.json": '{"name":"x","version":"1.0.0","main":"a.js"}', "a.js": "" };
  const rows: [string, () => Release, RegExp][] = [
    [
      "is no tarball",
      () => releaseOf(Buffer.from("no tarball at all")),
      /not compressed with gzip/,
    ],
    ["is no tarball within", () => releaseOf(gzipSync("no tarball")), /cannot be unpacked/],
    [
      "is cut off",
      () => releaseOf(release().tarball.subarray(0, 300)),
      /not compressed with gzip|cannot be unpacked/,
    ],
    [
      "is empty",
      () => releaseOf(Buffer.alloc(0)),
      /not compressed with gzip|there is none|cannot be unpacked/,
    ],
    [
      "unpacks to more than there is room for",
      // A gigabyte in a megabyte: each member of the archive is 16 MB of zeros.
      () => releaseOf(Buffer.concat(Array<Buffer>(65).fill(gzipSync(Buffer.alloc(1 << 24))))),
      /or unpacks to more than 1024 MB: gzip: stdout: Broken pipe/,
    ],
    ["has no package.json", () => pack({ "a.js": "" }), /package\.json: there is none/],
    ["has one that is no JSON", () => pack({ ...GOOD, "package.json": "{" }), /it is no JSON/],
    [
      "has no name",
      () => pack({ ...GOOD, "package.json": '{"version":"1.0.0","main":"a.js"}' }),
      /"name" is missing/,
    ],
    [
      "has a name with a space",
      () => pack({ ...GOOD, "package.json": '{"name":"a b","version":"1.0.0","main":"a.js"}' }),
      /"name" is missing/,
    ],
    [
      "has no version",
      () => pack({ ...GOOD, "package.json": '{"name":"x","main":"a.js"}' }),
      /"version" is missing/,
    ],
    [
      "has nothing to start",
      () => pack({ ...GOOD, "package.json": '{"name":"x","version":"1.0.0"}' }),
      /"main" must name a file/,
    ],
    [
      "starts what is not there",
      () => pack({ ...GOOD, "package.json": '{"name":"x","version":"1.0.0","main":"b.js"}' }),
      /not in the release: b\.js/,
    ],
    [
      "starts what is elsewhere",
      () =>
        pack({
          ...GOOD,
          "package.json": '{"name":"x","version":"1.0.0","main":"../../etc/passwd"}',
        }),
      /"main" must name a file/,
    ],
    [
      "migrates by what is not there",
      () =>
        pack({
          ...GOOD,
          "package.json":
            '{"name":"x","version":"1.0.0","main":"a.js","stronghold":{"migrate":"m.js"}}',
        }),
      /not in the release: m\.js/,
    ],
    [
      "has a link to the outside",
      () => pack(GOOD, "ln -s /etc/shadow secrets"),
      /links that lead out of it: secrets/,
    ],
    [
      "has a link that climbs out",
      () => pack(GOOD, "ln -s ../../config/production.json c"),
      /links that lead out of it: c/,
    ],
    ["has a hard link", () => pack(GOOD, "ln a.js b.js"), /hard links/],
    ["has a pipe", () => pack(GOOD, "mkfifo pipe"), /neither files, folders nor links: pipe/],
    [
      "has a device",
      () => pack(GOOD, "mknod null c 1 3"),
      /neither files, folders nor links: null/,
    ],
    ["has a name with a line's end", () => pack(GOOD, "touch $'a\\nb'"), /control characters/],
  ];

  it.each(rows)("and %s is refused before anything is changed", (_what, make, said) => {
    const before = server.must(`ls -A ${ROOT}/releases`);
    const refused = server.receive(make());
    expect(refused.code).toBe(65);
    expect(refused.stderr).toMatch(/^the release is refused, nothing was changed: /);
    expect(refused.stderr).toMatch(said);
    expect(server.must(`ls -A ${ROOT}/releases`)).toBe(before);
  });

  it("and is not what was said to be sent is refused", () => {
    const made = release({ version: "6.6.6" });
    expect(server.receive(made, release().sha.replace(/^./, "f"))).toMatchObject({ code: 65 });
    expect(server.deploy(made)).toMatchObject({ code: 65 });
  });

  it("never gets more rights in than it may have", () => {
    const made = pack({ ...GOOD, "a.js": "1" }, "chmod 4777 a.js; mkdir -m 2777 d; touch d/x");
    expect(server.receive(made).code).toBe(0);
    const found = server.must(`cd ${ROOT}/releases/${made.id}; stat -c '%n %a %U:%G' a.js d d/x`);
    expect(found.split("\n")).toEqual([
      "a.js 755 root:root",
      "d 755 root:root",
      "d/x 644 root:root",
    ]);
    server.must(
      `rm -rf ${ROOT}/releases/${made.id} /var/lib/stronghold/application/releases/${made.id}.*`,
    );
  });

  it.each<[string, Behaviour, RegExp]>([
    ["ends at once", { first: "process.exit(3)" }, /its process ended|could not be started/],
    ["throws while it starts", { first: "throw new Error('told in the log')" }, /told in the log/],
    ["answers that it is sick", { health: 503 }, /answered 503/],
    ["never listens", { first: "setInterval(() => {}, 1000); return" }, /did not answer/],
    [
      "fails to migrate",
      { migrate: "console.log('no table'); process.exit(1)" },
      /no table[^]*the migration of release/,
    ],
  ])("and %s meets no visitor; what was there serves on", async (_what, behaviour, said) => {
    const before = server.must(`readlink ${ROOT}/current`);
    const pid = server.must("systemctl show -P MainPID application");
    server.must(
      "sed -i s/START_SECONDS=60/START_SECONDS=10/ /usr/local/lib/stronghold-application/exchange.sh",
    );
    const visitors = server.visitors();
    const failed = server.ship(release({ version: "6.6.6", ...behaviour }));
    expect(Object.keys(await visitors.end())).toEqual(["200"]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(said);
    expect(server.must(`readlink ${ROOT}/current`)).toBe(before);
    expect(server.must("systemctl show -P MainPID application")).toBe(pid);
    expect(status().deploys[0]).toMatchObject({ action: "deploy", result: "failed" });
    expect(
      server.must("ls /run/application-trial /run/stronghold-application 2>/dev/null || true"),
    ).not.toMatch(/migrate|[0-9a-f]{16}/);
  });

  it("and is so only where it serves is taken back, and who came meanwhile has waited", async () => {
    // Whose time to start was hastened above.
    expect(server.application("apply")).toMatchObject({ code: 0 });
    const before = server.must(`readlink ${ROOT}/current`);
    // It knows its trial from the real thing.
    const first =
      'if (!process.cwd().includes("/releases/") || process.env.LISTEN_FDNAMES === "https" && require("node:fs").readlinkSync("/usr/local/application/current").endsWith(process.cwd().slice(-16))) process.exit(5)';
    const failed = server.ship(release({ version: "6.6.7", first }));
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toMatch(
      /(its process ended|it did not answer).*the release before serves again/,
    );
    expect(server.must(`readlink ${ROOT}/current`)).toBe(before);
    expect(server.visits()).toBe("1.0.0 200");
    expect(
      await eventually(
        () => server.root("test -e /var/lib/stronghold/application/pending").code !== 0,
      ),
    ).toBe(true);
  });
});

describe("a migration", () => {
  it("gets the account for it on its standard input, and nowhere else, and runs confined", async () => {
    const credentials = '{"database":{"user":"deployment","password":"C4n4ryMigration"}}';
    const migrate = `
      const { readFileSync, readdirSync } = require("node:fs");
      const { database } = JSON.parse(readFileSync(0, "utf8"));
      const elsewhere = JSON.stringify([process.argv, process.env]).includes("C4n4ry");
      let refused = 0;
      for (const path of ["/etc/shadow", "/var/lib/stronghold", "/root"]) try { readdirSync(path); } catch { refused += 1; }
      console.log("migrates as", process.getuid() > 0, database.user, database.password.length, elsewhere, refused);`;
    const made = release({ version: "1.1.0", migrate });
    expect(server.receive(made).code).toBe(0);
    const deployed = server.deploy(made, credentials);
    expect(deployed).toMatchObject({ code: 0, stderr: "" });
    const told = (): string => server.root("journalctl -t application-migrate -o cat").stdout;
    expect(await eventually(() => told().includes("migrates as"))).toBe(true);
    expect(told()).toContain("migrates as true deployment 15 false 3\n");
    serves(made);
    expect(
      server.must("grep -rlF C4n4ryMigration / --exclude-dir={proc,sys,dev} 2>/dev/null || true"),
    ).toBe("");
    expect(server.must("journalctl --no-pager | grep -cF C4n4ryMigration || true")).toBe("0");
  });
});

describe("releases one after the other", () => {
  it("lose no visitor, and the five newest are kept", async () => {
    const visitors = server.visitors();
    const made = ["2.0.0", "2.1.0", "2.2.0", "2.3.0", "2.4.0", "2.5.0"].map((version) =>
      release({ version }),
    );
    for (const one of made) expect(server.ship(one)).toMatchObject({ code: 0, stderr: "" });
    expect(Object.keys(await visitors.end())).toEqual(["200"]);
    expect(
      status()
        .releases.map(({ version }) => version)
        .sort(),
    ).toEqual(["2.1.0", "2.2.0", "2.3.0", "2.4.0", "2.5.0"]);
    expect(server.visits()).toBe("2.5.0 200");
  }, 180_000);

  it("are gone back to, one before the other or by name, without a lost visitor", async () => {
    const visitors = server.visitors();
    expect(server.root(`${PROGRAM} rollback bob`)).toMatchObject({ code: 0, stderr: "" });
    expect(server.visits()).toBe("2.4.0 200");
    const { id } = release({ version: "2.1.0" });
    expect(server.root(`${PROGRAM} rollback bob ${id}`)).toMatchObject({ code: 0 });
    expect(server.visits()).toBe("2.1.0 200");
    expect(Object.keys(await visitors.end())).toEqual(["200"]);
    expect(status().deploys[0]).toMatchObject({
      by: "bob",
      action: "rollback",
      release: id,
      result: "done",
    });
    expect(server.root(`${PROGRAM} rollback bob 0123456789abcdef`)).toMatchObject({ code: 1 });
  });

  it("do not collide: the second is told who is at work", () => {
    const hold = `exec 9>>/run/stronghold-application.lock; flock 9; echo 'bob deploys x' >/run/stronghold-application.lock; `;
    const held = server.root(`${hold} (exec 9>&-; ${PROGRAM} rollback ada)`);
    expect(held).toMatchObject({ code: 75 });
    expect(held.stderr).toMatch(/^another deploy is at work: bob deploys x/);
    expect(server.must(`${hold} (exec 9>&-; ${PROGRAM} status)`)).toContain(
      '"lock": "bob deploys x"',
    );
  });

  it("wait for the watch, which nobody has asked for, and are not turned away by who asks", () => {
    const hold = (name: string, until: string): string =>
      `exec 9>>/run/stronghold-application.lock; flock 9; echo '${name}' >/run/stronghold-application.lock; (${until}) & exec 9>&-; `;
    const { id } = release({ version: "2.1.0" });
    const isTold = "for n in {1..600}; do ! grep -q waiting /run/said || break; sleep 0.1; done";
    const waited = server.root(
      `set -o pipefail; : >/run/said; ${hold("the watch since a moment ago", isTold)} ${PROGRAM} rollback bob ${id} | tee /run/said`,
    );
    expect(waited).toMatchObject({ code: 0, stderr: "" });
    expect(waited.stdout).toMatch(/^STEP\twaiting for the watch/);
    expect(
      server.must(`${hold("the watch since a moment ago", "sleep 3")} ${PROGRAM} status`),
    ).toContain('"lock": null');
    // Its holder is gone: what is left in the file is a name from before.
    expect(
      server.root(`${hold("bob deploys x", "sleep 0.5")} ${PROGRAM} rollback bob ${id}`),
    ).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([
    ["nothing", ""],
    ["a verb that there is not", "explode"],
    ["an id that is none", "deploy ../../etc ada"],
    ["a name with a quote", `deploy 0123456789abcdef "a'b"`],
    ["a sum that is none", "receive 12"],
  ])("are not asked for with %s", (_what, words) => {
    expect(server.root(`${PROGRAM} ${words}`)).toMatchObject({ code: 64, stdout: "" });
  });

  it("are noticed when somebody changes them, and put right by the next deploy of the same", () => {
    const made = release({ version: "2.1.0" });
    serves(made);
    for (const how of [
      `echo >>${ROOT}/current/server.js`,
      `touch ${ROOT}/current/more.js`,
      `chmod 666 ${ROOT}/current/server.js`,
      `rm ${ROOT}/current/server.js`,
      `ln -s / ${ROOT}/current/root`,
    ]) {
      server.must(how);
      expect(server.application("audit")).toMatchObject({ code: 1, fails: ["APPLICATION-08"] });
      expect(server.ship(made)).toMatchObject({ code: 0 });
      expect(server.application("audit")).toMatchObject({ code: 0, fails: [] });
    }
  });
});

describe("an application that hangs", () => {
  it("is started again by the watch, and people are told once of what it cannot mend", async () => {
    const HANGS = `if (request.url === "/hang") { console.log("hangs"); for (;;); }`;
    const sick = `if (request.url === "/sick") globalThis.sick = true; if (globalThis.sick && request.url === "/health") response.statusCode = 503;`;
    expect(server.ship(release({ version: "3.0.0", answers: HANGS + sick }))).toMatchObject({
      code: 0,
    });
    const pid = server.must("systemctl show -P MainPID application");
    const hangs = (): boolean => {
      server.visits("/hang", "--max-time", "1");
      return server.root("journalctl -t application -o cat | grep -qx hangs").code === 0;
    };
    expect(await eventually(hangs)).toBe(true);
    watch();
    expect(server.visits()).toBe("3.0.0 200");
    expect(server.must("systemctl show -P MainPID application")).not.toBe(pid);
    // One that answers that it is sick is left alone.
    const healthy = server.must("systemctl show -P MainPID application");
    server.visits("/sick");
    for (let again = 0; again < 3; again += 1) watch();
    expect(server.must("systemctl show -P MainPID application")).toBe(healthy);
    server.must("systemctl restart application");
    expect(await eventually(() => server.visits().endsWith(" 200"))).toBe(true);
    watch();
    const told = (): string[] =>
      server
        .must(
          "journalctl -o cat | grep -E '^the application (does not work|works again)' | cut -d : -f 1",
        )
        .split("\n")
        .slice(-2);
    expect(await eventually(() => told()[1] === "the application works again")).toBe(true);
    expect(told()).toEqual(["the application does not work", "the application works again"]);
  }, 120_000);
});

describe("a deploy that is killed", () => {
  const POINTS = 20;

  it(`leaves what was deployed last, whichever of ${POINTS} moments it is, and a re-run ends it`, async () => {
    const old = release({ version: "4.0.0" });
    expect(server.ship(old)).toMatchObject({ code: 0 });
    const timed = release({ version: "4.1.0", migrate: "setTimeout(() => {}, 300)" });
    const from = Date.now();
    expect(server.ship(timed)).toMatchObject({ code: 0 });
    const took = Date.now() - from;
    const visitors = server.visitors();
    let before = timed;
    for (let point = 0; point < POINTS; point += 1) {
      const next = release({ version: `5.${point}.0`, migrate: "setTimeout(() => {}, 300)" });
      killed(next, (took * (point + 0.5)) / POINTS);
      watch();
      const { current } = status();
      // Killed after its end it is done; else what was there before serves.
      if (current !== next.id) expect(current).toBe(before.id);
      expect(server.visits()).toMatch(/ 200$/);
      expect(server.ship(next)).toMatchObject({ code: 0 });
      serves(next);
      before = next;
    }
    expect(Object.keys(await visitors.end())).toEqual(["200"]);
    expect(server.application("audit")).toMatchObject({ code: 0, fails: [] });
    expect(server.must(`ls -A ${ROOT}/releases | wc -l`)).toBe("5");
  }, 400_000);
});

function killed({ sha, id, tarball }: Release, afterMs: number): Ran {
  const ship = `${PROGRAM} receive ${sha} </run/tarball && echo '{"database":{"user":"d","password":"p"}}' | ${PROGRAM} deploy ${id} ada`;
  const line = `base64 -d >/run/tarball; setsid bash -c "$SHIP" >/dev/null 2>&1 & victim=$!
    sleep ${(afterMs / 1000).toFixed(3)}; kill -KILL -- -$victim 2>/dev/null; wait; rm -f /run/tarball`;
  return server.root(`export SHIP=${JSON.stringify(ship)}; ${line}`, tarball.toString("base64"));
}
