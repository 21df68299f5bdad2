/**
 * What the controls of services make of Ubuntu's chrony, archive, MySQL and log of logins. That the
 * services work is the host layer's, on a booted Ubuntu.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import {
  describeWithViews,
  fixture,
  type Release,
  RELEASES,
  runControl,
} from "./fixtures/control-bash";

const HOST = join(__dirname, "../../scripts/host");

/** By release: the code name, versions, and how sshd signs its lines. */
interface Facts {
  codename: string;
  chrony: string;
  mysql: string;
  mariadb: string;
  sshd: string;
}
const FACTS: Record<Release, Facts> = {
  "ubuntu-24.04": {
    ...{ codename: "noble", chrony: "4.5", mysql: "8.0.46", mariadb: "10.11.14", sshd: "sshd" },
  },
  "ubuntu-26.04": {
    ...{ codename: "resolute", chrony: "4.8", mysql: "8.4.13", mariadb: "11.8.6" },
    sshd: "sshd-session",
  },
};

describeWithViews.each(RELEASES)("the control clock on %s", (release) => {
  const { chrony } = FACTS[release];
  const clock = (script: string, version = chrony) =>
    runControl({
      ...{ release, control: "clock", parameters: { SERVERS: "192.0.2.1" } },
      programs: `chronyd() { [[ $1 == --version ]] && printf 'chronyd (chrony) version ${version} (+CMDMON)\\n'; }`,
      script,
    }).text;

  it("tells chronyd of the list of leap seconds only where chronyd knows such a line", () => {
    const lines = clock("config_text").split("\n");
    const told = lines.filter((line) => line.startsWith("leapseclist "));
    expect(told).toEqual(
      release === "ubuntu-24.04" ? [] : ["leapseclist /usr/share/zoneinfo/leap-seconds.list"],
    );
    expect(lines).toContain("ntsdumpdir /var/lib/chrony");
    expect(lines).toContain("maxupdateskew 100.0");
    expect(clock("leap_seconds", "4.6.1").trim()).toMatch(/^leapseclist /);
    expect(clock("leap_seconds", "4.5.9")).toBe("");
  });

  it("knows Ubuntu's own time daemon for a rival, and the one that comes after chrony", () => {
    const systemctl = (unit: string): string => `
      systemctl() { [[ $1 != list-unit-files || " $* " != *" ${unit} "* ]] || printf '${unit} enabled enabled\\n'; }
      no_rival || :`;
    expect(clock(systemctl("systemd-timesyncd.service"))).toBe("systemd-timesyncd.service; ");
    expect(clock(systemctl("ntpd-rs.service"))).toBe("ntpd-rs.service; ");
    expect(clock(systemctl("cron.service"))).toBe("");
  });
});

describeWithViews.each(RELEASES)("the control packages on %s", (release) => {
  const packages = (source: string, script: string) =>
    runControl({
      ...{ release, control: "packages", script },
      parameters: { PACKAGES: "mysql-server mysql-client", DATABASE_SOURCE: source },
    }).text;
  const SHOW = `load_source
    for file in "\${!source_text[@]}"; do [[ -z \${source_text[$file]} ]] || printf '%s\\n' "$file"; done | sort`;

  it("adds no source for MySQL, which Ubuntu's own archive has", () => {
    expect(packages("archive", SHOW)).toBe("");
  });

  it("takes the maker's source for Ubuntu, if the settings name it", () => {
    const text = packages("vendor", 'load_source; printf "%s" "${source_text[$SOURCE]}"');
    expect(text).toMatch(/^URIs: .*\/apt\/ubuntu\/$/m);
    expect(text).toContain(`\nSuites: ${FACTS[release].codename}\n`);
  });
});

/** The rules of an AppArmor profile that are about files, and whether they let a path be used so. */
function profileAllows(profile: string, path: string, rights: string): boolean {
  const rules = [...profile.matchAll(/^ +(\/\S+) ([a-z]+),/gm)];
  const match = (glob: string): boolean => {
    const pattern = glob
      .replace(/[.+^$()|]/g, "\\$&")
      .replace(/\{([^}]*)\}/g, (_, list: string) => `(?:${list.replaceAll(",", "|")})`)
      .replace(/\*\*/g, "\0")
      .replace(/\*/g, "[^/]*")
      .replaceAll("\0", ".*");
    return new RegExp(`^${pattern}$`).test(path);
  };
  const given = rules.flatMap(([, glob = "", letters = ""]) =>
    match(glob) ? Array.from(letters) : [],
  );
  return Array.from(rights).every((letter) => given.includes(letter));
}

describe.each(RELEASES)("MySQL's AppArmor profile on %s", (release) => {
  const profile = fixture(release, "etc/apparmor.d/usr.sbin.mysqld");
  const allows = (path: string, rights: string): boolean => profileAllows(profile, path, rights);

  it.each([
    ["the configuration", "/etc/mysql/mysql.conf.d/zz-stronghold.cnf", "r"],
    ["it while it is checked", "/etc/mysql/mysql.conf.d/.stronghold.A1b2C3", "r"],
    ["certificate and key", "/etc/mysql/stronghold/server.pem", "r"],
    ["the authority", "/etc/mysql/stronghold/ca.pem", "r"],
    ["root's way back", "/etc/mysql/stronghold/root-by-socket.sql", "r"],
    ["data", "/var/lib/mysql/app/t.ibd", "rwk"],
    ["binary logs", "/var/lib/mysql/binlog.000001", "rwk"],
    ["the log of errors", "/var/log/mysql/error.log", "rw"],
    ["the log of slow statements", "/var/log/mysql/slow.log", "rw"],
    ["the audit log", "/var/log/mysql/audit.log", "rw"],
    ["the socket", "/run/mysqld/mysqld.sock", "rw"],
  ])("lets it have %s where the control puts it", (_, path, rights) => {
    expect(allows(path, rights)).toBe(true);
  });

  it("would not if it were elsewhere", () => {
    expect(allows("/etc/stronghold/database/server.pem", "r")).toBe(false);
    expect(allows("/var/lib/stronghold-restore/data/t.ibd", "rwk")).toBe(false);
  });

  it("is not in force for the throw-away engine of a restore, whose data is elsewhere", () => {
    const path = "files/backups/usr/local/lib/stronghold-restore/engine.sh";
    expect(readFileSync(join(HOST, path), "utf8")).toContain("-p AppArmorProfile=-unconfined --");
  });
});

describeWithViews.each(RELEASES)("the control database on %s", (release) => {
  const database = (engine: string, script: string) =>
    runControl({
      ...{ release, control: "database", script },
      parameters: {
        ...{ ENGINE: engine, BIND_ADDRESS: "192.168.129.11", APP_HOST: "192.168.129.12" },
        ...{ SCHEMA: "app", APP_PASSWORD_B64: "", DEPLOY_PASSWORD_B64: "" },
        ...{ CA_B64: "", CERT_B64: "", KEY_B64: "" },
      },
      programs: `
        mariadbd() { printf 'mariadbd  Ver ${FACTS[release].mariadb}-MariaDB-0ubuntu for debian-linux-gnu\n'; }
        SERVER=mariadbd`,
    }).text;

  it("writes MariaDB no setting that it would not start with", () => {
    const text = database(
      "mariadb",
      `CONFIG=/etc/mysql/mariadb.conf.d/zz-stronghold.cnf; config_text`,
    );
    const told = text.match(/^slave_connections_needed_for_purge .*$/gm);
    expect(told).toEqual(
      release === "ubuntu-24.04" ? null : ["slave_connections_needed_for_purge = 0"],
    );
    expect(text).toMatch(/\nbinlog_expire_logs_seconds = 604800\n/);
    expect(text).not.toMatch(/@[A-Z_]+@/);
  });

  it("has systemd read a unit whose folder of drop-ins it does not know yet", () => {
    const unread = (need: string, paths: string): string => {
      const answers = `systemctl() { case $2 in *Need*) printf '${need}\n' ;; *) printf '${paths}\n' ;; esac; }`;
      return database("mysql", `UNIT=mysql; ${answers}; if unit_is_unread; then printf yes; fi`);
    };
    const dropIn = "/etc/systemd/system/mysql.service.d/zz-stronghold.conf";
    expect(unread("no", "")).toBe("yes");
    expect(unread("yes", dropIn)).toBe("yes");
    expect(unread("no", `/usr/lib/systemd/system/x.conf ${dropIn}`)).toBe("");
  });
});

describeWithViews.each(RELEASES)("a backup on %s", (release) => {
  it("asks MySQL for the place in its log in words that this version knows", () => {
    const { mysql } = FACTS[release];
    const { text } = runControl({
      ...{ release, control: "backups" },
      parameters: {},
      // The library alone, since nothing else of the control differs.
      programs: `read_parameters() { :; }`,
      script: `
        source <(sed -n '/^position_statement()/,/^}/p' \\
          "$HOST_DIR/files/backups/usr/local/lib/stronghold-backup/engine.sh")
        is_mysql() { :; }
        sql() { printf '${mysql}-0ubuntu1\\n'; }
        position_statement`,
    });
    expect(text).toBe(release === "ubuntu-24.04" ? "SHOW MASTER STATUS" : "SHOW BINARY LOG STATUS");
  });
});

describe.each(RELEASES)("the alarm for logins on %s", (release) => {
  it("goes off at a line of sshd's as Ubuntu's rsyslog writes it, and at no other", () => {
    const monitrc = readFileSync(join(HOST, "files/login-alerts/etc/monit/monitrc"), "utf8");
    const [, pattern = ""] = /if match "(.*)" then exec/.exec(monitrc) ?? [];
    const line = (said: string): string =>
      `2026-11-29T10:14:18.123456+00:00 host ${FACTS[release].sshd}[812]: ${said}`;
    const rings = (said: string): boolean => new RegExp(pattern).test(line(said));
    expect(
      rings("Accepted publickey for ada from 203.0.113.10 port 50000 ssh2: ED25519 SHA256:x"),
    ).toBe(true);
    expect(rings("Connection closed by 203.0.113.10 port 50000 [preauth]")).toBe(false);
  });
});

it("undoes an unconfirmed change before either of Ubuntu's ways to start sshd", () => {
  const unit = join(HOST, "files/rollback/etc/systemd/system/stronghold-rollback.service");
  const [, before = ""] = /^Before=(.*)$/m.exec(readFileSync(unit, "utf8")) ?? [];
  expect(before.split(" ")).toEqual(expect.arrayContaining(["ssh.service", "ssh.socket"]));
});
