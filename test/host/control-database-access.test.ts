/** Who gets in to a database that the control `database` set up, from where, and what may be done there. */

import { type Answer, ask, type Connection } from "./database-client";
import {
  APP_ID,
  DatabaseServer,
  type Engine,
  ENGINES,
  password,
  TestAuthority,
} from "./database-server";
import { base64, itWithJournal } from "./harness";
import { eventually } from "./test-machines";

const CLOUDS: Record<Engine, string> = { mysql: "db0003", mariadb: "db0004" };
const DENIED = "ER_ACCESS_DENIED_ERROR";
/** What the server says to an address that no account has: the handshake is not even begun. */
const NO_SUCH_HOST = "ER_HOST_NOT_PRIVILEGED";

describe.each(ENGINES)("a database of the control with %s", (engine) => {
  const server = new DatabaseServer(CLOUDS[engine]);
  const it = itWithJournal(server);
  const { cloudId } = server.cloud;
  const application: Connection = {
    host: server.privateIPv4,
    user: "application",
    password: password("app1"),
    ca: server.authority.certificate,
    database: "shop_app",
  };
  const deployment = { ...application, user: "deployment", password: password("deploy1") };
  const asApplication = (...statements: string[]): Answer[] =>
    ask(cloudId, APP_ID, application, ...statements);
  const plain = ({ host, user, password }: Connection): Connection => ({ host, user, password });

  beforeAll(async () => {
    await server.bootWith(engine);
    await server.cloud.boot(server.cloud.spec(2));
  }, 1200_000);

  afterAll(async () => {
    await server.end();
  }, 90_000);

  it("lets a deployment change tables, and the application read and write them", () => {
    const made = [
      "CREATE TABLE todos (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(99) NOT NULL, KEY (text))",
      "ALTER TABLE todos ADD done BOOLEAN NOT NULL DEFAULT FALSE",
      "CREATE TABLE lists (id INT PRIMARY KEY, todo INT, FOREIGN KEY (todo) REFERENCES todos (id))",
      "CREATE VIEW open_todos AS SELECT id, text FROM todos WHERE NOT done",
      "CREATE TRIGGER no_blank BEFORE INSERT ON todos FOR EACH ROW SET NEW.text = TRIM(NEW.text)",
      "CREATE PROCEDURE tidy() DELETE FROM todos WHERE done",
      "CREATE TEMPORARY TABLE t AS SELECT * FROM todos",
      "CALL tidy()",
      "DROP TABLE lists",
    ];
    const answers = ask(cloudId, APP_ID, deployment, ...made);
    expect(answers).toEqual(made.map(() => []));
    const used = asApplication(
      "INSERT INTO todos (text) VALUES ('  write'), ('read')",
      "UPDATE todos SET done = TRUE WHERE text = 'read'",
      "SELECT text FROM open_todos",
      "DELETE FROM todos WHERE done",
      "SELECT COUNT(*) AS count FROM todos",
      "SELECT variable_value AS version FROM performance_schema.session_status WHERE variable_name = 'Ssl_version'",
    );
    expect(used.slice(0, 5)).toEqual([[], [], [{ text: "write" }], [], [{ count: 1 }]]);
    const version = asApplication("SHOW SESSION STATUS LIKE 'Ssl_version'");
    expect(version).toEqual([[{ Variable_name: "Ssl_version", Value: "TLSv1.3" }]]);
  }, 180_000);

  it.each<[string, string]>([
    ["drops no table", "DROP TABLE todos"],
    ["drops no schema", "DROP DATABASE shop_app"],
    ["makes no table", "CREATE TABLE t (id INT)"],
    ["changes no table", "ALTER TABLE todos ADD x INT"],
    ["empties no table", "TRUNCATE TABLE todos"],
    ["makes no index", "CREATE INDEX i ON todos (done)"],
    ["makes no view", "CREATE VIEW v AS SELECT 1"],
    ["makes no trigger", "CREATE TRIGGER t AFTER INSERT ON todos FOR EACH ROW SET @x = 1"],
    ["runs no procedure", "CALL tidy()"],
    ["makes no procedure", "CREATE PROCEDURE p() SELECT 1"],
    ["makes no event", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1"],
    ["makes no account", "CREATE USER eve"],
    ["gives nobody rights", "GRANT SELECT ON shop_app.* TO application@'192.168.129.12'"],
    ["changes no other password", "SET PASSWORD FOR deployment@'192.168.129.12' = 'Op3n-sesame!'"],
    ["sees no passwords", "SELECT * FROM mysql.user"],
    ["sees no schema of a like name", "SELECT * FROM shopXapp.t"],
    ["makes no schema", "CREATE DATABASE eve"],
    ["changes no setting", "SET GLOBAL local_infile = ON"],
    ["writes no file", "SELECT 'x' INTO OUTFILE '/var/lib/mysql-files/x'"],
    ["dumps no file", "SELECT 'x' INTO DUMPFILE '/tmp/x'"],
    ["loads no file of the server", "LOAD DATA INFILE '/etc/passwd' INTO TABLE todos (text)"],
    ["loads no file of the client", "LOAD DATA LOCAL INFILE 'x' INTO TABLE todos (text)"],
    ["loads no plug-in", "INSTALL PLUGIN x SONAME 'x.so'"],
    ["loads no function", "CREATE FUNCTION f RETURNS STRING SONAME 'x.so'"],
    ["ends nothing", "SHUTDOWN"],
    ["reads no binary log", "SHOW BINARY LOGS"],
    ["locks nobody out", "FLUSH TABLES WITH READ LOCK"],
  ])("is one with which the application %s", (_what, statement) => {
    server.sql(
      "CREATE DATABASE IF NOT EXISTS shopXapp; CREATE TABLE IF NOT EXISTS shopXapp.t (id INT)",
    );
    const [answer] = ask(
      cloudId,
      APP_ID,
      { ...application, localFile: "from the client\n" },
      statement,
    );
    expect(answer).toMatch(REFUSALS);
    expect(server.sql("SELECT COUNT(*) FROM shop_app.todos")).toBe("1");
  });

  it("reads no file for the application, also not by the function that answers NULL", () => {
    expect(asApplication("SELECT LOAD_FILE('/etc/passwd') AS text")).toEqual([[{ text: null }]]);
    expect(server.sql("SELECT @@local_infile")).toBe("0");
    const secret = server.sql("SELECT LOAD_FILE('/etc/passwd')");
    expect(secret).toBe("NULL");
  });

  it("refuses rows that do not fit", () => {
    const [wrong, blank] = asApplication(
      "INSERT INTO todos (text) VALUES (REPEAT('x', 100))",
      "INSERT INTO todos () VALUES ()",
    );
    expect(wrong).toBe("ER_DATA_TOO_LONG");
    expect(blank).toMatch(/ER_NO_DEFAULT_FOR_FIELD|ER_BAD_NULL_ERROR/);
  });

  it.each<[string, (good: Connection) => Connection, RegExp]>([
    ["without encryption", plain, /SECURE_TRANSPORT|ACCESS_DENIED/],
    [
      "with another password",
      (good) => ({ ...good, password: "x".repeat(32) }),
      /^ER_ACCESS_DENIED/,
    ],
    ["without a password", (good) => ({ ...good, password: "" }), /^ER_ACCESS_DENIED/],
    ["as root", (good) => ({ ...good, user: "root", password: "" }), /^ER_ACCESS_DENIED/],
    ["as nobody", (good) => ({ ...good, user: "", password: "" }), /^ER_ACCESS_DENIED/],
    [
      "as the server's own user",
      (good) => ({ ...good, user: "mysql", password: "" }),
      /^ER_ACCESS/,
    ],
    ["to a public address", (good) => ({ ...good, host: server.ipv4 }), /ECONNREFUSED/],
    ["over IPv6", (good) => ({ ...good, host: server.ipv6 }), /ECONNREFUSED/],
    [
      "with another's authority",
      (good) => ({ ...good, ca: other.certificate }),
      /UNABLE_TO_VERIFY|SELF_SIGNED|HANDSHAKE/,
    ],
  ])("refuses the application's server %s", (_how, change, refusal) => {
    expect(ask(cloudId, APP_ID, change(application), "SELECT 1")).toEqual([
      expect.stringMatching(refusal),
    ]);
    expect(asApplication("SELECT 1 AS one")).toEqual([[{ one: 1 }]]);
  });

  it("refuses everybody else, even with the right password", () => {
    expect(ask(cloudId, "neighbour", application)).toEqual([NO_SUCH_HOST]);
    expect(ask(cloudId, "neighbour", deployment)).toEqual([NO_SUCH_HOST]);
    for (const place of ["stranger", "operator", "neighbour"] as const) {
      for (const host of [server.ipv4, server.ipv6]) {
        expect(ask(cloudId, place, { ...application, host })).toEqual(["ECONNREFUSED"]);
      }
    }
    // On the server itself, too: there is no account that could come from it but root, over the socket.
    expect(ask(cloudId, 1001, application)).toEqual([NO_SUCH_HOST]);
    const local = { ...application, host: "127.0.0.1" };
    expect(ask(cloudId, 1001, local)).toEqual(["ECONNREFUSED"]);
    const client = `runuser -u deployer -- ${engine} --no-defaults --user`;
    for (const user of ["root", "application", "mysql", "''"]) {
      expect(server.root(`${client} ${user} -e 'SELECT 1'`).stderr).toMatch(
        /Access denied|1045|1698/,
      );
    }
  }, 180_000);

  it("has one port open, on the private network", () => {
    const openPorts = (address: string): string[] => {
      const seen = server.cloud.from("neighbour", "nmap", "-Pn", "-n", "-p-", address).stdout;
      return [...seen.matchAll(/^(\d+)\/tcp +open/gm)].map(([, port = ""]) => port);
    };
    expect(openPorts(server.privateIPv4)).toEqual(["22", "3306"]);
    expect(openPorts(server.ipv4)).toEqual(["22"]);
  }, 360_000);

  it("speaks no old TLS", () => {
    const words = (version: string): string =>
      `openssl s_client -unix /run/mysqld/mysqld.sock -starttls mysql -cipher ALL:@SECLEVEL=0 -${version} </dev/null 2>&1`;
    expect(server.root(words("tls1_1")).stdout).toMatch(
      /alert|no protocols|wrong version|Cipher is \(NONE\)/,
    );
    expect(server.root(words("tls1_2")).stdout).toContain("Protocol: TLSv1.2");
  });

  it("is not blocked by whoever only knocks", () => {
    for (let knock = 0; knock < 150; knock += 1) {
      server.cloud.from(APP_ID, "nc", "-z", "-w", "1", server.privateIPv4, "3306");
    }
    expect(asApplication("SELECT 1 AS one")).toEqual([[{ one: 1 }]]);
  }, 180_000);

  it("logs who was refused, and rotates what it logs", async () => {
    ask(cloudId, APP_ID, { ...application, password: "x".repeat(32) });
    const refused = (): boolean =>
      server.root("grep -q \"Access denied for user 'application'\" /var/log/mysql/error.log")
        .code === 0;
    expect(await eventually(refused)).toBe(true);
    asApplication("SELECT SLEEP(2.1)");
    // The server notes it once it has answered.
    const isSlow = (text: string): boolean =>
      server.must("cat /var/log/mysql/slow.log").includes(text);
    expect(await eventually(() => isSlow("SELECT SLEEP(2.1)"))).toBe(true);
    const before = server.sql("SHOW BINARY LOGS");
    expect(server.root("logrotate --force /etc/logrotate.conf")).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(server.sql("SHOW BINARY LOGS").split("\n")).toHaveLength(before.split("\n").length);
    expect(isSlow("SLEEP")).toBe(false);
    asApplication("SELECT SLEEP(2.2)");
    expect(await eventually(() => isSlow("SELECT SLEEP(2.2)"))).toBe(true);
    const modes = server.must("stat -c '%a %U' /var/log/mysql/*.log");
    expect(new Set(modes.split("\n").map((mode) => mode.replace("660", "640")))).toEqual(
      new Set(["640 mysql"]),
    );
  }, 180_000);

  it("keeps an audit log where the settings ask for one, without passwords", async () => {
    expect(server.control("apply", { AUDIT_LOG: "yes" })).toMatchObject({
      code: 0,
      fails: [],
      stderr: "",
    });
    expect(server.control("apply", { AUDIT_LOG: "yes" })).toMatchObject({ code: 0, changed: 0 });
    ask(cloudId, APP_ID, { ...application, password: "x".repeat(32) });
    asApplication("SELECT 1");
    ask(cloudId, APP_ID, deployment, "CREATE TABLE audited (id INT)");
    server.sql(
      "CREATE USER eve@localhost IDENTIFIED BY 'C4n4ry-in-a-statement'; DROP USER eve@localhost",
    );
    const log = (): string => server.must("cat /var/log/mysql/audit.log");
    for (const said of [
      /eve/,
      /application/,
      /CREATE TABLE audited/,
      /FAILED_CONNECT|Access denied/,
    ]) {
      expect([said, await eventually(() => said.test(log()))]).toEqual([said, true]);
    }
    expect(log()).not.toContain("C4n4ry");
    expect(server.control("audit")).toMatchObject({ code: 1 });
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
    expect(server.control("apply")).toMatchObject({ code: 0, changed: 0 });
  }, 360_000);

  it("takes a new certificate without a restart", () => {
    const started = (): string =>
      server.must(`systemctl show -P ExecMainStartTimestampMonotonic ${engine}`);
    const before = started();
    const { certificate, key } = server.authority.issue(server.privateIPv4);
    const renewed = { CERT_B64: base64(certificate), KEY_B64: base64(key) };
    expect(server.control("apply", renewed)).toMatchObject({ code: 0, fails: [], changed: 2 });
    expect(started()).toBe(before);
    expect(asApplication("SELECT 1 AS one")).toEqual([[{ one: 1 }]]);
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
  }, 180_000);
});

const other = new TestAuthority("somebody else's");
afterAll(() => {
  other.end();
});

/** All the ways in which the engines say no, and none of a statement that is merely wrong. */
const REFUSALS = new RegExp(
  [
    DENIED,
    "ER_DBACCESS_DENIED_ERROR",
    "ER_TABLEACCESS_DENIED_ERROR",
    "ER_SPECIFIC_ACCESS_DENIED_ERROR",
    "ER_PROCACCESS_DENIED_ERROR",
    "ER_OPTION_PREVENTS_STATEMENT",
    "ER_NOT_ALLOWED_COMMAND",
    "ER_CLIENT_LOCAL_FILES_DISABLED",
    "ER_LOAD_INFILE_CAPABILITY_DISABLED",
    // The driver has no name for MariaDB's number.
    "has disabled the local infile capability",
  ].join("|"),
);
