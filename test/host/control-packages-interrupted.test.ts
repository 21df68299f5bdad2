/**
 * The control `packages` after an install of a database that was killed in the middle: the next run ends
 * it, and never at the cost of data that is somebody's.
 */
import { packagesOf } from "../../components/lib/bundle";
import { ENGINES_IN_DEPTH } from "./database-server";
import { BUNDLE, itWithJournal, type Report, stdinOf, TestServer } from "./harness";
import { MYSQL_SOURCE, type Ran } from "./test-machines";

const CLOUDS = { mysql: "b10002", mariadb: "b10003" };
const SOURCES = {
  mysql: MYSQL_SOURCE,
  mariadb: { DATABASE_SOURCE: "archive" },
};
const DRIVER = "/home/deployer/host/driver";
const BROKEN = "/etc/mysql/mysql.conf.d/zzz-broken.cnf";
/** Where an install is when its database's package is being set up. */
const MAKING = {
  mysql: "test -e /var/lib/mysql/mysql.ibd",
  mariadb: "test -e /var/lib/mysql/ibdata1",
};
const EVERYTHING =
  "pgrep -f '/[v]ar/lib/dpkg/info|[a]pt-get|[m]ysqld --init|[m]ariadb-install-db|--[b]ootstrap'; pgrep -x dpkg; echo -$driver";

describe.each(ENGINES_IN_DEPTH)("an install of %s", (engine) => {
  const server = new TestServer(CLOUDS[engine]);
  const it = itWithJournal(server);
  const PACKAGES = [...packagesOf(["database"], BUNDLE), `${engine}-server ${engine}-client`];
  const parameters = { PACKAGES: PACKAGES.join(" "), ...SOURCES[engine] };
  const drive = (verb: string): Report => server.drive(verb, "packages", parameters);
  const sql = (text: string): string =>
    server.must(`${engine} --no-defaults --user=root --batch --skip-column-names`, text);

  /** Runs the control, and kills once that line of bash names processes to kill, or holds. */
  const interrupted = (when: string, victims: string): Ran =>
    server.root(
      `cat >/run/in; setsid bash ${DRIVER} apply packages </run/in & driver=$!
       while kill -0 $driver 2>/dev/null; do if ${when} >/dev/null; then break; fi; sleep 0.02; done
       kill -KILL -- $(${victims}); wait $driver`,
      stdinOf(parameters),
    );
  const forget = (): void => {
    server.must(
      `dpkg --purge --force-depends ${engine}-server; rm -rf /var/lib/mysql* /var/log/mysql`,
    );
  };
  const heals = (least: number): void => {
    expect(drive("audit")).toMatchObject({ code: 1, stderr: "" });
    const { changed, ...healed } = drive("apply");
    expect(healed).toMatchObject({ code: 0, fails: [], stderr: "" });
    // One more where the machine is so busy that the server gives up its first start, see below.
    expect([least, least + 1]).toContain(changed);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(server.must(`systemctl is-active ${engine}`)).toBe("active");
    expect(sql("SELECT COUNT(*) > 0 FROM mysql.user")).toBe("1");
  };

  beforeAll(async () => {
    await server.boot();
  }, 360_000);

  afterAll(async () => {
    await server.end();
  }, 90_000);

  if (engine === "mysql") {
    it("that was killed while it unpacked is finished", () => {
      const died = interrupted("test -e /usr/sbin/mysqld.dpkg-new", "pgrep -x dpkg");
      expect(died.code).toBe(70);
      expect(drive("audit").fails).toEqual(["PACKAGES-01", "PACKAGES-02"]);
      heals(2);
    }, 360_000);

    it("whose server died while it made its data folder says so, and is begun anew", () => {
      forget();
      const died = interrupted(MAKING.mysql, "pgrep -f '[m]ysqld --initialize'");
      expect(died.code).toBe(70);
      expect(died.stderr).toContain("What /var/log/mysql/error.log ends with:\n");
      expect(died.stderr).toMatch(/\[System\].*initializ/i);
      heals(2);
      expect(server.must("ls /var/lib/mysql.unfinished")).toContain("ibdata1");
    }, 180_000);

    it("whose server gives up its first start is begun anew at once", () => {
      forget();
      const gives = [
        `[[ " $* " == *" --initialize"* ]] || exec /usr/sbin/mysqld.own "$@"`,
        "mv /usr/sbin/mysqld.own /usr/sbin/mysqld",
        "touch /var/lib/mysql/ibdata1",
        "echo 'T 0 [ERROR] [MY-013236] [Server] The designated data directory is unusable.' >>/var/log/mysql/error.log",
        "exit 1",
      ];
      server.must(
        "mv /usr/sbin/mysqld{,.own}; cat >/usr/sbin/mysqld; chmod 755 /usr/sbin/mysqld",
        ["#!/bin/bash", ...gives, ""].join("\n"),
      );
      heals(2);
      expect(server.root("test -e /usr/sbin/mysqld.own").code).toBe(1);
    }, 180_000);

    it("whose dpkg was killed is waited for, and begun anew", () => {
      forget();
      expect(interrupted(MAKING.mysql, "pgrep -x dpkg").code).toBe(70);
      heals(2);
    }, 180_000);
  }

  if (engine === "mariadb") {
    it("that was killed altogether is begun anew", () => {
      expect(interrupted(MAKING[engine], EVERYTHING).code).toBe(137);
      heals(2);
    }, 360_000);
  }

  if (engine === "mysql") {
    const data = (): string =>
      server.must("stat -c %i /var/lib/mysql; find /var/lib/mysql/shop_app -printf '%i %T@ %p\n'");

    it("that cannot be set up leaves data of somebody's alone, and says whose", () => {
      sql(
        "CREATE DATABASE shop_app; CREATE TABLE shop_app.t (id INT); INSERT INTO shop_app.t VALUES (7)",
      );
      // As after another vendor's package, of which dpkg knows nothing any more.
      server.must("dpkg --purge --force-depends mysql-server; mkdir -p /etc/mysql/mysql.conf.d");
      server.must(`printf '[mysqld]\nno-such-setting = 1\n' >${BROKEN}`);
      const before = data();
      for (let again = 0; again < 2; again += 1) {
        const failed = drive("apply");
        expect(failed).toMatchObject({ code: 70, stdout: "" });
        expect(failed.stderr).toContain("unknown variable 'no-such-setting=1'");
        expect(failed.stderr).toMatch(/was left alone, since .* in it: shop_app\n$/);
      }
      expect(data()).toBe(before);
      server.must(`rm ${BROKEN}`);
      heals(1);
      expect(sql("SELECT id FROM shop_app.t")).toBe("7");
    }, 180_000);

    it("that was set up before keeps its data, whether or not there is a schema in it", () => {
      sql("DROP DATABASE shop_app");
      server.must(`printf '[mysqld]\nno-such-setting = 1\n' >${BROKEN}`);
      expect(server.root("apt-get -qq install -y --reinstall mysql-server").code).toBe(100);
      const folder = server.must("stat -c %i /var/lib/mysql /var/lib/mysql/mysql.ibd");
      expect(drive("apply").code).toBe(70);
      server.must(`rm ${BROKEN}`);
      heals(1);
      expect(server.must("stat -c %i /var/lib/mysql /var/lib/mysql/mysql.ibd")).toBe(folder);
    }, 180_000);
  }
});
