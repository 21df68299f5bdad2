/**
 * Passwords of a database that the control `database` set up: changed while the application runs, wherever
 * a run is killed, and nowhere to be read.
 */
import { spawn } from "node:child_process";

import { ask, askEach, type Connection, load } from "./database-client";
import {
  APP_HOST,
  APP_ID,
  DatabaseServer,
  type Engine,
  ENGINES_IN_DEPTH,
  password,
} from "./database-server";
import { base64, itWithJournal, type Parameters, type Report } from "./harness";
import type { Ran } from "./test-machines";

const CLOUDS: Record<Engine, string> = { mysql: "db0005", mariadb: "db0006" };

/** A database, and the passwords it is told: what is `null` is retired. */
type Told = [current: string, previous: string | null];

describe.each(ENGINES_IN_DEPTH)("passwords of the control database with %s", (engine) => {
  const server = new DatabaseServer(CLOUDS[engine]);
  const it = itWithJournal(server);
  const { cloudId } = server.cloud;
  const passwords = ([current, previous]: Told): Parameters => ({
    APP_PASSWORD_B64: base64(password(current)),
    APP_PREVIOUS_B64: previous === null ? "" : base64(password(previous)),
  });
  const apply = (told: Told): Report => server.control("apply", passwords(told));
  const client = (name: string, user = "application"): Connection => ({
    host: server.privateIPv4,
    user,
    password: password(name),
    ca: server.authority.certificate,
    database: "shop_app",
  });
  /** Which of the passwords open the door. */
  const good = (...names: string[]): string[] => {
    const clients = names.map((name) => client(name));
    const answers = askEach(cloudId, APP_ID, clients, "SELECT 1").map(([answer]) => answer);
    const [fault] = answers.filter(
      (answer) => typeof answer === "string" && answer !== "ER_ACCESS_DENIED_ERROR",
    );
    if (fault !== undefined) throw new Error(JSON.stringify(fault));
    return names.filter((_name, n) => typeof answers[n] !== "string");
  };

  beforeAll(async () => {
    await server.bootWith(engine);
    await server.cloud.boot(server.cloud.spec(2));

    server.sql("CREATE TABLE shop_app.hits (id INT AUTO_INCREMENT PRIMARY KEY)");
  }, 1200_000);

  afterAll(async () => {
    await server.end();
  }, 90_000);

  it("change while the application runs, which is refused at no moment", async () => {
    // The application is told after the database, and then the old password is retired.
    const old = await load(cloudId, APP_ID, client("app1"));
    expect(apply(["app2", "app1"])).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
    const fresh = await load(cloudId, APP_ID, client("app2"));
    expect(apply(["app2", "app1"])).toMatchObject({ code: 0, changed: 0, stderr: "" });
    const before = await old.end();
    expect(before.faults).toEqual([]);
    expect(before.count).toBeGreaterThan(20);
    expect(apply(["app2", null])).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
    expect(apply(["app2", null])).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(good("app1", "app2")).toEqual(["app2"]);
    expect(apply(["app3", "app2"])).toMatchObject({ code: 0, fails: [] });
    const after = await fresh.end();
    expect(after.faults).toEqual([]);
    expect(after.count).toBeGreaterThan(20);
    expect(good("app1", "app2", "app3")).toEqual(["app2", "app3"]);
    expect(apply(["app3", null])).toMatchObject({ code: 0, fails: [] });
    expect(good("app1", "app2", "app3")).toEqual(["app3"]);
  }, 360_000);

  it("let a session that is open go on after its password was retired", async () => {
    expect(apply(["app4", "app3"])).toMatchObject({ code: 0 });
    const open = await load(cloudId, APP_ID, client("app3"));
    expect(apply(["app4", null])).toMatchObject({ code: 0 });
    const { faults } = await open.end();
    // New connections alone are refused; the lasting one is not among the faults.
    expect(new Set(faults)).toEqual(new Set(["fault ER_ACCESS_DENIED_ERROR"]));
  }, 180_000);

  /** From what the server may have, to what it is told; what both name must be good throughout. */
  it.each<[Told, Told]>([
    [
      ["p1", null],
      ["p2", "p1"],
    ],
    [
      ["p2", "p1"],
      ["p3", "p2"],
    ],
    [
      ["p3", "p2"],
      ["p2", "p3"],
    ],
    [
      ["p2", "p3"],
      ["p2", "p1"],
    ],
    [
      ["p2", "p1"],
      ["p1", null],
    ],
    [
      ["p1", null],
      ["p3", "p2"],
    ],
    [
      ["p3", "p2"],
      ["p1", "p3"],
    ],
    [
      ["p1", "p3"],
      ["p3", "p2"],
    ],
  ])(
    "go from %j to %j without a moment of refusal",
    async (from, to) => {
      expect(apply(from)).toMatchObject({ code: 0, fails: [] });
      const lasting = from.filter((name) => name !== null && to.includes(name)) as string[];
      const loads = await Promise.all(lasting.map((name) => load(cloudId, APP_ID, client(name))));
      expect(apply(to)).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
      for (const { faults } of await Promise.all(loads.map(({ end }) => end()))) {
        expect(faults).toEqual([]);
      }
      expect(good("p1", "p2", "p3")).toEqual(
        [...new Set(to)].filter((name) => name !== null).sort(),
      );
    },
    180_000,
  );

  /** What somebody does by hand, and what is mended by a run that knows no password. */
  const who = `application@'${APP_HOST}'`;
  const thief = `ALTER USER ${who} IDENTIFIED BY '${password("thief")}'`;
  it.each<[string, Told, string]>([
    ["a password of somebody else's", ["p1", null], thief],
    ["one in the place of two", ["p2", "p1"], thief],
    ["an account that is gone", ["p2", "p1"], `DROP USER ${who}`],
    ...(engine === "mysql"
      ? ([
          ["a second one that is gone", ["p2", "p1"], `ALTER USER ${who} DISCARD OLD PASSWORD`],
        ] as [[string, Told, string]])
      : []),
  ])("are known and given back from memory: %s", (_what, told, statement) => {
    expect(apply(told)).toMatchObject({ code: 0, fails: [] });
    const driver = (verb: string): Ran =>
      server.root(`exec bash /home/deployer/host/driver --remembered ${verb} database`);
    expect(driver("audit")).toMatchObject({ code: 0, stderr: "" });
    // Not by way of the log, in which nothing of accounts shall be found.
    server.sql(`SET sql_log_bin = 0; ${statement}`);
    expect(driver("audit")).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("FAIL\tDATABASE-10") as string,
    });
    expect(driver("apply")).toMatchObject({ code: 0, stderr: "" });
    expect(good("p1", "p2", "thief")).toEqual(told.filter((name) => name !== null).sort());
    // Who knows the passwords finds nothing to do.
    expect(apply(told)).toMatchObject({ code: 0, fails: [], changed: 0 });
  });

  it("are right after the next run, wherever one was killed, and good all along", async () => {
    let current = "k0";
    const began = Date.now();
    expect(apply([current, null])).toMatchObject({ code: 0 });
    const usual = Date.now() - began;
    for (const [n, part] of [0.1, 0.3, 0.5, 0.7, 0.9].entries()) {
      const delay = part * usual;
      const next = `k${n + 1}`;
      const old = await load(cloudId, APP_ID, client(current));
      const told = { ...server.parameters, ...passwords([next, current]) };
      server.killDriverAfter(delay, "apply", "database", told);
      expect(apply([next, current])).toMatchObject({ code: 0, fails: [], stderr: "" });
      expect(await old.end()).toMatchObject({ faults: [] });
      expect(good(current, next)).toEqual([current, next]);
      server.killDriverAfter(delay, "apply", "database", {
        ...server.parameters,
        ...passwords([next, null]),
      });
      expect(good(next)).toEqual([next]);
      expect(apply([next, null])).toMatchObject({ code: 0, fails: [] });
      expect(apply([next, null])).toMatchObject({ code: 0, changed: 0 });
      expect(good(current, next)).toEqual([next]);
      current = next;
    }
  }, 720_000);

  it("of deployments change as well", () => {
    const told = {
      DEPLOY_PASSWORD_B64: base64(password("deploy2")),
      DEPLOY_PREVIOUS_B64: base64(password("deploy1")),
    };
    expect(server.control("apply", told)).toMatchObject({ code: 0, fails: [] });
    for (const name of ["deploy1", "deploy2"]) {
      const [answer] = ask(cloudId, APP_ID, client(name, "deployment"), "SELECT 1 AS one");
      expect(answer).toEqual([{ one: 1 }]);
    }
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
  }, 180_000);

  it("are in nobody's words, logs or files", async () => {
    // Everything that may log does.
    server.sql("SET GLOBAL general_log = ON; SET GLOBAL long_query_time = 0; FLUSH BINARY LOGS");
    // In a file, or the one who looks would be what is seen.
    server.must("cat >/run/sought", "C4n4ry");
    const watch =
      "while [[ ! -e /run/watched ]]; do cat /proc/[0-9]*/{cmdline,environ} 2>/dev/null | tr '\\0' '\\n' | grep -aFf /run/sought; done";
    const words = server.cloud.machines.consoleCommand(1001, ["bash", "-c", watch]);
    const watcher = spawn(words[0] ?? "", words.slice(1), { stdio: ["ignore", "pipe", "ignore"] });
    let seen = "";
    watcher.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    const ended = new Promise((resolve) => watcher.once("close", resolve));
    // This one is the test's own.
    server.sql("SET sql_log_bin = 0; DROP USER application@'192.168.129.12'");
    for (const told of [
      ["c1", null],
      ["c2", "c1"],
      ["c3", "c2"],
      ["c3", null],
    ] as Told[]) {
      const report = apply(told);
      expect(report).toMatchObject({ code: 0, fails: [], stderr: "" });
      expect(report.stdout + report.stderr).not.toContain("C4n4ry");
    }
    server.must("rm /run/sought; touch /run/watched");
    await ended;
    expect(seen).toBe("");
    server.sql("FLUSH BINARY LOGS");
    const places = "/var/lib/mysql /var/log /etc /run /tmp /root /var/tmp /var/lib/stronghold";
    expect(server.root(`grep -ral C4n4ryC4n ${places}`).stdout).toBe("");
    expect(server.root("journalctl --no-pager | grep -c C4n4ry").stdout).toBe("0\n");
    const replayed = engine === "mysql" ? "mysqlbinlog" : "mariadb-binlog";
    server.must(`cd /var/lib/mysql; ${replayed} -v binlog.0*[0-9] >/run/replayed`);
    expect(server.must("grep -c hits /run/replayed")).not.toBe("0");
    // Not even hashes: accounts are no part of what a backup brings back.
    expect(server.root("grep -aE 'C4n4ry|application' /run/replayed")).toMatchObject({
      code: 1,
      stdout: "",
    });
    expect(server.control("apply")).toMatchObject({ code: 0 });
  }, 360_000);
});
