/**
 * Archives in the agreed format, made with the real tools from a real database: honest ones, and such as
 * no honest server makes. They lie where the vault's own tool finds them.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { packagesOf } from "../../components/lib/bundle";
import { type DatabaseServer, SCHEMA } from "./database-server";
import { BUNDLE, DEPLOYER } from "./harness";

export const ORIGIN = "stronghold-test";
export const VAULT = "/srv/stronghold-vault/files";

export type Json = Record<string, unknown>;

/** What is to be otherwise than in an honest archive. */
export interface Forgery {
  id?: string;
  /** In place of a dump of the schema. */
  sql?: string;
  /** Changes the manifest before it is signed. */
  manifest?: (manifest: Json) => void;
  signer?: string;
  /** Leave the archive as it is before age. */
  plain?: boolean;
}

export class Archives {
  readonly folder = mkdtempSync(join(tmpdir(), "stronghold-archives-"));
  readonly recipient: string;
  private stamp = Date.UTC(2026, 0, 1);
  private previousLog = "";
  private logBegan = "";

  constructor(private readonly server: DatabaseServer) {
    for (const name of ["signer", "stranger"]) {
      const words = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", this.file(name)];
      execFileSync("ssh-keygen", words);
    }
    this.recipient = this.identity("identity");
    this.identity("another");
  }

  /** What the operator's command is told: the one host is the database server and the backup server. */
  outputs(): Record<string, unknown> {
    const { server } = this;
    const key = server.must("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    return {
      deployer: DEPLOYER,
      sshConfig: `Host db backup\n  HostName ${server.ipv4}\n  StrictHostKeyChecking yes\n  UserKnownHostsFile ~/x\n`,
      knownHosts: `${server.ipv4} ${key}\n`,
      backups: {
        origin: ORIGIN,
        recipients: [this.recipient],
        signer: this.publicKey("signer"),
        schema: SCHEMA,
        engine: server.engine,
      },
    };
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  publicKey(name: string): string {
    return readFileSync(this.file(`${name}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  }

  /** The tools of both sides on the server, as their controls put them there. */
  install(): void {
    const PACKAGES = [...packagesOf(["ssh"], BUNDLE), "age", "zstd"].join(" ");
    const installed = this.server.drive("apply", "packages", { PACKAGES });
    if (installed.code !== 0) throw new Error(installed.stdout + installed.stderr);
    this.server.must(
      "cd /home/deployer/host/files && cp -r vault/usr/local/. backups/usr/local/. /usr/local/ && " +
        `chmod 700 /usr/local/sbin/stronghold-* && install -d -m 700 ${VAULT}`,
    );
  }

  /** An id that is newer than all before it. */
  nextId(): string {
    this.stamp += 60_000;
    const stamp = new Date(this.stamp).toISOString().replace(/[-:]|\.\d+/g, "");
    return `full-${stamp}-${(this.stamp / 60_000).toString(16).padStart(8, "0").slice(-8)}`;
  }

  /** A full archive of the schema; answers its id. */
  full(forgery: Forgery = {}): string {
    const { server } = this;
    const id = forgery.id ?? this.nextId();
    const started = this.now();
    if (forgery.sql === undefined) server.must(`${this.dumpWords()} ${SCHEMA} >/root/sql`);
    else server.must("cat >/root/sql", forgery.sql);
    const [file = "", position = ""] = this.logState();
    const manifest: Json = {
      ...this.common("full", id, forgery.plain),
      ...{ started, finished: this.now(), tool: "mysqldump" },
      sql: this.measure("/root/sql"),
      tables: this.rows(),
      log: { server: this.serverId(), file, position: Number(position) },
      previous: "",
    };
    this.sign(manifest, forgery);
    return id;
  }

  /** Closes the binary log and archives it; answers its id and the second until which it reaches. */
  log(forgery: Pick<Forgery, "manifest"> = {}): { id: string; last: string } {
    const { server } = this;
    const [file = ""] = this.logState();
    server.sql("FLUSH BINARY LOGS");
    const last = this.now();
    const id = `log-${this.serverId().slice(0, 8)}-${file.split(".")[1] ?? ""}`;
    server.must(`cp /var/lib/mysql/${file} /root/sql`);
    const first = this.logBegan || last;
    const manifest: Json = {
      ...this.common("log", id),
      log: { server: this.serverId(), file, ...this.measure("/root/sql"), first, last },
      previous: this.previousLog,
    };
    this.sign(manifest, forgery);
    this.previousLog = id;
    this.logBegan = last;
    return { id, last };
  }

  /** Puts a manifest over whatever there is of that id. */
  sign(manifest: Json, forgery: Forgery = {}): void {
    forgery.manifest?.(manifest);
    const line = JSON.stringify(manifest);
    const signature = this.signature(line, forgery.signer);
    this.put(`${forgery.id ?? String(manifest["id"])}.manifest`, `${line}\n${signature}`);
  }

  signature(line: string, signer = "signer", namespace = "stronghold-backup"): string {
    const words = ["-Y", "sign", "-q", "-n", namespace, "-f", this.file(signer)];
    return execFileSync("ssh-keygen", words, { input: line, encoding: "utf8" });
  }

  put(name: string, text: string): void {
    this.server.must(`cat >${VAULT}/${name}`, text);
  }

  manifest(id: string): Json {
    return JSON.parse(this.server.must(`head -n 1 ${VAULT}/${id}.manifest`)) as Json;
  }

  clear(): void {
    this.server.must(`rm -f ${VAULT}/*`);
    this.previousLog = "";
    this.logBegan = "";
  }

  /** The checksum of every table, as the engine sees it. */
  checksums(schema = SCHEMA): Record<string, string> {
    const lines = this.tables(schema).map((name) => {
      const [, sum = ""] = this.server
        .sql(`CHECKSUM TABLE \`${schema}\`.${quoted(name)}`)
        .split("\t");
      return [name, sum];
    });
    return Object.fromEntries(lines) as Record<string, string>;
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  now(): string {
    return this.server.must("date -u +%FT%TZ");
  }

  /** Makes the archive of /root/sql, and what both kinds of manifests say of it. */
  private common(kind: string, id: string, plain = false): Json {
    const { engine } = this.server;
    const encrypt = plain ? "cat" : `age -r ${this.recipient}`;
    this.server.must(`zstd -q -c /root/sql | ${encrypt} >${VAULT}/${id}.age`);
    const archive = this.measure(`${VAULT}/${id}.age`);
    const version = this.server.sql("SELECT VERSION()");
    const base = { format: 1, kind, id, origin: ORIGIN, schema: SCHEMA, engine };
    return { ...base, server: version, archive };
  }

  private measure(file: string): Json {
    const [bytes = "", sha256 = ""] = this.server
      .must(`stat -c %s ${file}; sha256sum <${file}`)
      .split(/\s+/);
    return { bytes: Number(bytes), sha256 };
  }

  private rows(): Record<string, number> {
    const counts = this.tables(SCHEMA).map((name) => [
      name,
      Number(this.server.sql(`SELECT COUNT(*) FROM \`${SCHEMA}\`.${quoted(name)}`)),
    ]);
    return Object.fromEntries(counts) as Record<string, number>;
  }

  private tables(schema: string): string[] {
    const names = this.server.sql(
      `SELECT TABLE_NAME FROM information_schema.TABLES
       WHERE TABLE_SCHEMA = '${schema}' AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME`,
    );
    return names === "" ? [] : names.split("\n");
  }

  private logState(): string[] {
    const words = this.server.engine === "mysql" ? "BINARY LOG" : "MASTER";
    return this.server.sql(`SHOW ${words} STATUS`).split("\t");
  }

  private serverId(): string {
    if (this.server.engine === "mysql") return this.server.sql("SELECT @@server_uuid");
    return "00000001-mariadb";
  }

  private dumpWords(): string {
    const words =
      "--user=root --single-transaction --routines --events --triggers --no-tablespaces";
    return this.server.engine === "mysql"
      ? `mysqldump ${words} --set-gtid-purged=OFF`
      : `mariadb-dump ${words}`;
  }

  private identity(name: string): string {
    execFileSync("age-keygen", ["-o", this.file(name)], { stdio: "ignore" });
    return this.recipientOf(name);
  }

  /** The public key of a private one in that file. */
  recipientOf(name: string): string {
    return execFileSync("age-keygen", ["-y", this.file(name)], { encoding: "utf8" }).trim();
  }
}

export const quoted = (name: string): string => `\`${name.replaceAll("`", "``")}\``;
