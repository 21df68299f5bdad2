/**
 * The control `database-client` on the application's server, beside a real database on another host: what
 * is told to whom, and what of the database's proof of itself is noticed. What the application may do
 * there, and which clients are refused, is in control-database-access.
 */
import { spawn, spawnSync } from "node:child_process";

import { ask, type Connection } from "./database-client";
import {
  APP_HOST,
  APP_ID,
  DatabaseServer,
  password,
  SCHEMA,
  TestAuthority,
} from "./database-server";
import { base64, itWithJournal, type Parameters, type Report, stdinOf } from "./harness";
import type { Ran } from "./test-machines";

const server = new DatabaseServer("b10001");
const it = itWithJournal(server);
const stranger = new TestAuthority("somebody else's");

const FOLDER = "/etc/stronghold/database";
const TOLD = { code: 1, fails: ["DATABASE-CLIENT-01"], stderr: "" };
const PROOF = { code: 1, fails: ["DATABASE-CLIENT-02"], stderr: "" };
const GOOD: Parameters = {
  HOST: server.privateIPv4,
  SCHEMA,
  PASSWORD_B64: base64(password("app1")),
  CA_B64: base64(server.authority.certificate),
};

/** A line of bash as root of the application's server. */
const app = (line: string, input = ""): Ran =>
  server.cloud.inside(APP_ID, ["bash", "-c", line], input);
const must = (line: string): string => {
  const ran = app(line);
  if (ran.code !== 0) throw new Error(`'${line}' ended with ${ran.code}: ${ran.stderr}`);
  return ran.stdout.trimEnd();
};
const drive = (verb: string, other: Parameters = {}): Report => {
  const line = `exec bash /root/host/driver ${verb} database-client`;
  const ran = app(line, stdinOf({ ...GOOD, ...other }));
  const fails = [...ran.stdout.matchAll(/^FAIL\t(\S+)/gm)].map(([, id = ""]) => id);
  const changed = Number(/^SUMMARY\t.*changed=(\d+)$/m.exec(ran.stdout)?.[1] ?? Number.NaN);
  return { ...ran, fails, changed };
};
/** What a real command-line client says, with the control's own file. */
const client = (): Ran =>
  app(`LD_LIBRARY_PATH=/opt /opt/mysql --defaults-file=${FOLDER}/client.cnf -BN -e 'SELECT 1'`);

/** Takes the engine's client over from the database's server: an install would take far longer. */
async function bootApplication(): Promise<void> {
  await server.cloud.boot(server.cloud.spec(2));
  const pack =
    "tar -cPh --transform 's|.*/||' /usr/bin/mysql $(ldd /usr/bin/mysql | grep -o '/[^ ]*')";
  const at = (id: number, line: string, input?: Buffer): Buffer => {
    const [word = "", ...words] = server.cloud.machines.consoleCommand(id, ["bash", "-c", line]);
    return spawnSync(word, words, { input, maxBuffer: 2 ** 28 }).stdout;
  };
  at(APP_ID, "tar -xC /opt", at(1001, pack));
  const bundle = server.must("tar -C /home/deployer/host -c . | base64 -w 0");
  app("mkdir /root/host && base64 -d | tar -xC /root/host", bundle);
}

beforeAll(async () => {
  await server.bootWith("mysql");
  await bootApplication();
}, 1200_000);

afterAll(async () => {
  stranger.end();
  await server.end();
}, 90_000);

describe("the control database-client", () => {
  it("tells the application how its database is reached, and then has nothing to do", () => {
    expect(drive("audit")).toMatchObject(TOLD);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 5, stderr: "" });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(must(`cd ${FOLDER}; stat -c '%n %a %U:%G' . *`).split("\n")).toEqual([
      ". 755 root:root",
      "application.json 600 root:root",
      "ca.pem 644 root:root",
      "client.cnf 600 root:root",
    ]);
  });

  it("gives a driver and a command-line client all that they need to get in as the application", () => {
    const told = JSON.parse(must(`cat ${FOLDER}/application.json`)) as Record<string, string>;
    expect(told).toEqual({
      host: server.privateIPv4,
      port: 3306,
      schema: SCHEMA,
      user: "application",
      password: password("app1"),
      tls: { required: true, ca: `${FOLDER}/ca.pem` },
    });
    const { host, user, password: secret, schema } = told;
    const ca = must(`cat ${FOLDER}/ca.pem`);
    const connection = { host, user, password: secret, database: schema, ca } as Connection;
    const who = "SELECT CURRENT_USER() AS who, DATABASE() AS place";
    expect(ask(server.cloud.cloudId, APP_ID, connection, who)).toEqual([
      [{ who: `application@${APP_HOST}`, place: SCHEMA }],
    ]);
    expect(client()).toMatchObject({ code: 0, stdout: "1\n", stderr: "" });
  });

  it.each<[string, string]>([
    ["no file of the application", `rm ${FOLDER}/application.json`],
    ["no file of clients", `rm ${FOLDER}/client.cnf`],
    ["no authority", `rm ${FOLDER}/ca.pem`],
    ["a password that others may read", `chmod 640 ${FOLDER}/application.json`],
    ["another that others may read", `chmod 604 ${FOLDER}/client.cnf`],
    ["a file of somebody else", `chown nobody ${FOLDER}/application.json`],
    ["a file of another group", `chgrp nogroup ${FOLDER}/client.cnf`],
    ["an authority that others may change", `chmod 666 ${FOLDER}/ca.pem`],
    ["another password", `sed -i s/C4n4ry/Can4ry/ ${FOLDER}/application.json`],
    ["another host", `sed -i s/${server.privateIPv4}/192.168.129.99/ ${FOLDER}/client.cnf`],
    ["a client that believes anybody", `sed -i /verify/Id ${FOLDER}/client.cnf`],
    ["a client of its own mind", `echo ssl-ca=/etc/ssl/cert.pem >>${FOLDER}/client.cnf`],
    ["an application without TLS", `sed -i s/true/false/ ${FOLDER}/application.json`],
    ["a link in a file's place", `cd ${FOLDER} && mv client.cnf /root && ln -s /root/client.cnf .`],
    ["a folder that others may write", `chmod 777 ${FOLDER}`],
    ["a folder of somebody else", `chown nobody ${FOLDER}`],
    ["a link in the folder's place", `mv ${FOLDER} /root/moved && ln -s /root/moved ${FOLDER}`],
    ["nothing at all", "rm -r /etc/stronghold"],
  ])("notices %s, and mends it", (_what, tamper) => {
    must(tamper);
    expect(drive("audit")).toMatchObject(TOLD);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(client()).toMatchObject({ code: 0, stdout: "1\n" });
    must("rm -rf /root/moved /root/client.cnf");
  });

  it("replaces another authority, which also a client would believe", () => {
    app(`cat >${FOLDER}/ca.pem`, stranger.certificate);
    expect(client().stderr).toMatch(/SSL|certificate/i);
    expect(drive("audit")).toMatchObject(TOLD);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
  });

  it("says that no database is there, and waits for one that is only starting", () => {
    const moved = { PASSWORD_B64: base64(password("app2")), SCHEMA: "other", HOST: APP_HOST };
    const silent = drive("apply", moved);
    expect(silent).toMatchObject({ ...PROOF, changed: 2 });
    expect(silent.stdout).toContain("Connection refused");
    const text = must(`cat ${FOLDER}/application.json ${FOLDER}/client.cnf`);
    for (const old of [password("app1"), SCHEMA, server.privateIPv4]) {
      expect(text).not.toContain(old);
    }
    const begin = server.cloud.machines.consoleCommand(1001, ["systemctl", "start", "mysql"]);
    const meanwhile = (): Report => {
      server.must("systemctl stop mysql");
      spawn(begin[0] ?? "", begin.slice(1), { stdio: "ignore" });
      return drive("apply");
    };
    let told = meanwhile();
    expect(told.changed).toBe(2);
    // It waits ten seconds, in which a busy machine may not get a server started: one of so many counts.
    for (let again = 0; again < 5 && told.code !== 0; again += 1) told = meanwhile();
    expect(told).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(client()).toMatchObject({ code: 0, stdout: "1\n" });
  }, 120_000);

  it.each<[string, TestAuthority, string, RegExp]>([
    ["of another authority", stranger, server.privateIPv4, /self.signed|unable to/],
    ["for another address", server.authority, "192.168.129.99", /mismatch/],
  ])("notices a database with a certificate %s, as a client does", (_what, by, address, said) => {
    const { certificate, key } = by.issue(address);
    // The server takes no certificate that its own authority's file does not vouch for.
    server.must("cat >/etc/mysql/stronghold/ca.pem", by.certificate);
    server.must("cat >/etc/mysql/stronghold/server.pem", `${certificate}${key}`);
    server.sql("ALTER INSTANCE RELOAD TLS");
    const found = drive("apply");
    const trusting = client();
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
    expect(found).toMatchObject({ ...PROOF, changed: 0 });
    expect(found.stdout).toMatch(said);
    expect(trusting).toMatchObject({ code: 1, stdout: "" });
    expect(trusting.stderr).toMatch(/SSL/);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it.each<[string, Parameters]>([
    ["a public address", { HOST: "203.0.113.7" }],
    ["a name in an address's place", { HOST: "database.example" }],
    ["a schema with a quote", { SCHEMA: 'a"b' }],
    ["a password that is short", { PASSWORD_B64: base64("short") }],
    ["a password that ends its line", { PASSWORD_B64: base64(`${"x".repeat(32)}\n[mysqld]`) }],
    ["a password with a quote", { PASSWORD_B64: base64('"'.padEnd(32, "x")) }],
    ["no password", { PASSWORD_B64: "" }],
    ["a password that is not encoded", { PASSWORD_B64: "%" }],
    ["an authority that is none", { CA_B64: base64("-----BEGIN CERTIFICATE-----\nx\n") }],
    ["a parameter that it does not know", { PORT: "3307" }],
  ])("refuses %s, shows none of it and changes nothing", (_what, bad) => {
    const refused = drive("apply", bad);
    expect(refused).toMatchObject({ code: 64, stdout: "" });
    expect(refused.stderr).not.toContain("C4n4ry");
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it("lets nobody else read the password, which is nowhere but in its two files", async () => {
    must("rm -r /etc/stronghold");
    // Whoever looks all the while sees it in no process's words and in no file that he may read.
    const watch = `while [[ ! -e /run/watched ]]; do
      cat ${FOLDER}/* ${FOLDER}/.[!.]* 2>/dev/null | grep -a [C]4n4ry
      cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -a [C]4n4ry; done`;
    const enter = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
    const words = server.cloud.machines.consoleCommand(APP_ID, [...enter, "bash", "-c", watch]);
    const watcher = spawn(words[0] ?? "", words.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
    let seen = "";
    watcher.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    const ended = new Promise((resolve) => watcher.once("close", resolve));
    for (let again = 0; again < 3; again += 1) {
      const applied = drive("apply");
      expect(applied).toMatchObject({ code: 0, fails: [] });
      expect(applied.stdout + applied.stderr).not.toContain("C4n4ry");
      must(`rm ${FOLDER}/*`);
    }
    must("touch /run/watched");
    await ended;
    expect(seen).toBe("");
    expect(drive("apply")).toMatchObject({ code: 0, changed: 3 });
    const files = must("grep -rlF C4n4ry / --exclude-dir={proc,sys,dev} 2>/dev/null || true");
    expect(files.split("\n").sort()).toEqual([
      `${FOLDER}/application.json`,
      `${FOLDER}/client.cnf`,
    ]);
    const secret = Buffer.from(password("app1")).toString("base64");
    expect(must(`journalctl --no-pager | grep -cF -e C4n4ry -e ${secret} || true`)).toBe("0");
  }, 90_000);
});
