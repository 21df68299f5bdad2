/** A database server that backs itself up, and the backup server that it brings its backups to. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { packagesOf } from "../../components/lib/bundle";
import { DatabaseServer, type Engine, SCHEMA } from "./database-server";
import { base64, BUNDLE, DEPLOYER, type Parameters, type Report } from "./harness";
import { type Ran, run } from "./test-machines";
import { FILES, VaultServer } from "./vault-server";

export const ORIGIN = "shop-test";
export const SPOOL = "/var/backups/stronghold";
/** Held by the run that makes a full backup, and by the one that ships it. */
export const MAKES = "/run/stronghold-backup/full.lock";
export const SHIPS = "/run/stronghold-backup/ship-full.lock";
export const STATE = `${SPOOL}/state`;
/** In the passwords and in a row: wherever it is found but in the database, something has leaked. */
export const CANARY = "C4n4ryC4n4ry";

export const TOOL = "/usr/local/sbin/stronghold-backup";
/** What takes longer than that hangs. */
const TOOL_SECONDS = 300;
const QUEUE = "/var/spool/stronghold-alerts/mail";
const DATABASE_ID = 1001;

export interface Manifest {
  id: string;
  kind: string;
  origin: string;
  schema: string;
  engine: string;
  started: string;
  finished: string;
  archive: { bytes: number; sha256: string };
  sql: { bytes: number; sha256: string };
  tables: Record<string, number>;
  log: { server: string; file: string; position: number; bytes: number; sha256: string };
  previous: string;
}

export class BackupPair {
  readonly server: DatabaseServer;
  readonly vault: VaultServer;
  /** On this machine, as the operator's: what decrypts never meets a server. */
  private readonly folder = mkdtempSync(join(tmpdir(), "stronghold-backups-"));
  private good: Parameters = {};

  constructor(cloudId: string) {
    this.server = new DatabaseServer(cloudId);
    // The second host of the cloud is the application's.
    this.vault = new VaultServer(this.server.cloud, 3);
  }

  get engine(): Engine {
    return this.server.engine;
  }

  /** Boots both, with everything there that the control `backups` stands on. */
  async boot(engine: Engine): Promise<void> {
    const { server, vault } = this;
    await server.bootWith(engine);
    await vault.boot();
    const from = `${server.ipv4}/32`;
    const made = vault.setUp({ keys: server.publicKey("push"), from, vault: { QUOTA_MB: "4000" } });
    if (made.code !== 0) throw new Error(`${made.stdout}${made.stderr}`);
    this.installAlerts();
    server.publicKey("signer");
    this.good = {
      ENGINE: engine,
      SCHEMA,
      ORIGIN,
      RECIPIENTS_B64: base64(`${this.recipient("identity")}\n`),
      SIGNING_KEY_B64: base64(readFileSync(server.keyFile("signer"), "utf8")),
      TIME: "00:01",
      KEEP: "7",
      SIZE_CHANGE_PERCENT: "50",
      LOG_MINUTES: "5",
      VAULT_HOST: vault.ipv4,
      VAULT_HOST_KEY_B64: base64(vault.hostKey()),
      PUSH_KEY_B64: base64(readFileSync(server.keyFile("push"), "utf8")),
    };
  }

  installPackages(): void {
    const PACKAGES = packagesOf(["backups"], BUNDLE).join(" ");
    const installed = this.server.drive("apply", "packages", { PACKAGES });
    if (installed.code !== 0) throw new Error(`${installed.stdout}${installed.stderr}`);
  }

  /** Stops what runs by itself, so that a test alone decides when something runs. */
  stopTimers(): void {
    this.server.must(
      "systemctl stop stronghold-backup.timer stronghold-backup-logs.timer && " +
        "systemctl stop stronghold-backup-logs.service stronghold-backup.service",
    );
  }

  /** What may pass is tried again, by itself after up to a minute and a half; from now on after so many seconds each. */
  retryAfter(...seconds: number[]): void {
    this.server.must(`sed -i 's/RETRY_SECONDS=(.*)/RETRY_SECONDS=(${seconds.join(" ")})/' ${TOOL}`);
  }

  async end(): Promise<void> {
    await this.server.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the control with the good parameters but for those given. */
  control(verb: string, other: Parameters = {}): Report {
    return this.server.drive(verb, "backups", { ...this.good, ...other });
  }

  /** Runs the program as a person would. */
  tool(words: string): Ran {
    return this.server.root(`exec timeout --kill-after=5 ${TOOL_SECONDS} ${TOOL} ${words}`);
  }

  /** The same, beside the test. */
  start(line: string): { ended: () => boolean } {
    const [command = "", ...args] = this.server.cloud.machines.consoleCommand(DATABASE_ID, [
      "bash",
      "-c",
      `exec timeout --kill-after=5 ${TOOL_SECONDS} ${line}`,
    ]);
    const child = spawn(command, args, { stdio: "ignore", cwd: "/" });
    return { ended: () => child.exitCode !== null || child.signalCode !== null };
  }

  /** Another run is at work for as long as those words take: answers once it holds the lock. */
  hold(lock: string, words: string): void {
    this.start(`flock ${lock} ${words}`);
    this.server.must(`while flock -n ${lock} true; do sleep 0.05; done`);
  }

  /** A full backup; answers its id. */
  full(): string {
    const ran = this.tool("run");
    if (ran.code !== 0) throw new Error(`${ran.stdout}${ran.stderr}`);
    return this.newest();
  }

  /** Ids of the full backups here, or of the logs, oldest first. */
  ids(kind: "full" | "log" = "full"): string[] {
    return idsOf(this.tool("list").stdout, kind);
  }

  /** By the program's own order, which no clock and no date of a file changes. */
  newest(): string {
    return this.server.must(`tail -n 1 ${STATE}/order`);
  }

  /** The same of what the vault has got. */
  inVault(kind: "full" | "log" = "full"): string[] {
    return idsOf(this.vault.must("stronghold-vault list"), kind);
  }

  manifest(id: string): Manifest {
    return read(this.server.must(`cat ${SPOOL}/${id}.manifest`));
  }

  vaultManifest(id: string): Manifest {
    return read(this.vault.must(`cat ${FILES}/${id}.manifest`));
  }

  /** Whether the vault has it to the last byte. */
  isWhole(id: string): boolean {
    const [sum] = this.vault.must(`sha256sum ${FILES}/${id}.age`).split(" ");
    return sum === this.vaultManifest(id).archive.sha256;
  }

  /** What an interrupted run has left in the spool. */
  unfinished(): string {
    return this.server.must(`find ${SPOOL} -name '.*' -type f`);
  }

  /** Whether the manifest is signed by the stack, as whoever restores finds out. */
  isSigned(id: string): boolean {
    const [line = "", ...rest] = this.tool(`show ${id}.manifest`).stdout.split("\n");
    const words = ["-q", "-Y", "verify", "-n", "stronghold-backup", "-I", ORIGIN];
    const files = [this.file("signers"), this.file("signature")];
    this.write("signers", `${ORIGIN} ${this.server.publicKey("signer")}\n`);
    this.write("signature", rest.join("\n"));
    return (
      run(["ssh-keygen", ...words, "-f", files[0] ?? "", "-s", files[1] ?? ""], line).code === 0
    );
  }

  /** Decrypts an archive with the offline key; what it is, and where its text is on this machine. */
  open(id: string, where: "server" | "vault" = "server"): Opened {
    const file = this.file("opened");
    const at = where === "server" ? `${SPOOL}/${id}.age` : `${FILES}/${id}.age`;
    const host = where === "server" ? DATABASE_ID : DATABASE_ID + 2;
    const cat = this.server.cloud.machines.consoleCommand(host, ["cat", at]).join(" ");
    const line = `set -o pipefail; ${cat} | age -d -i ${this.file("identity")} | zstd -dqc >${file}`;
    const ran = run(["bash", "-c", line]);
    if (ran.code !== 0) throw new Error(`${id} does not open: ${ran.stderr}`);
    const [sha256 = ""] = run(["sha256sum", file]).stdout.split(" ");
    return { file, sha256, bytes: statSync(file).size };
  }

  /** Loads an archive into a schema of its own, and answers the rows of each table there. */
  load(id: string, schema: string, where: "server" | "vault" = "server"): Record<string, number> {
    const { file } = this.open(id, where);
    this.server.sql(`DROP DATABASE IF EXISTS ${schema}; CREATE DATABASE ${schema}`);
    // Not by way of the log: it is no change of the application's.
    const client = `${this.engine} --no-defaults --user=root --protocol=socket --init-command='SET sql_log_bin = 0' ${schema}`;
    const words = this.server.cloud.machines.consoleCommand(DATABASE_ID, ["bash", "-c", client]);
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const ran = run(["bash", "-c", `${quoted} <${file}`]);
    if (ran.code !== 0) throw new Error(`${id} does not load: ${ran.stderr}`);
    return this.rows(schema);
  }

  /** The rows of each table of a schema. */
  rows(schema = SCHEMA): Record<string, number> {
    const tables = this.server.sql(
      `SELECT table_name FROM information_schema.tables
       WHERE table_schema = '${schema}' AND table_type = 'BASE TABLE'`,
    );
    const count = (table: string): [string, number] => [
      table,
      Number(this.server.sql(`SELECT COUNT(*) FROM ${schema}.\`${table}\``)),
    ];
    return Object.fromEntries(tables.split("\n").filter(Boolean).map(count));
  }

  /** Subjects of the alerts since the last time, in their order. */
  alerts(): string[] {
    const said = this.server.must(`cd ${QUEUE} 2>/dev/null || exit 0
      for file in *; do [[ ! -f $file ]] || head -n 1 -- "$file"; done; rm -f -- *`);
    return said === "" ? [] : said.split("\n").map((line) => line.replace(/^\[.*?\] /, ""));
  }

  /** The public key of a key pair of that name. */
  recipient(name: string): string {
    run(["age-keygen", "-o", this.file(name)]);
    return run(["age-keygen", "-y", this.file(name)]).stdout.trim();
  }

  /** Where the changes of the database server's disk lie on this machine. */
  get disk(): string {
    return join(this.server.cloud.stateDir, "machines", String(DATABASE_ID), "upper");
  }

  /** What the operator's command is told by the stack. */
  outputs(): Record<string, unknown> {
    const { server, vault } = this;
    const options = "StrictHostKeyChecking yes\n  UserKnownHostsFile ~/x";
    const key = server.must("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    return {
      deployer: DEPLOYER,
      sshConfig: `Host db\n  HostName ${server.ipv4}\n  ${options}\nHost backup\n  HostName ${vault.ipv4}\n  ${options}\n`,
      knownHosts: `${server.ipv4} ${key}\n${vault.ipv4} ${vault.hostKey()}\n`,
      backups: {
        origin: ORIGIN,
        recipients: [this.recipient("identity")],
        signer: server.publicKey("signer").split(" ").slice(0, 2).join(" "),
        schema: SCHEMA,
        engine: server.engine,
      },
    };
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  private write(name: string, text: string): void {
    spawnSync("tee", [this.file(name)], { input: text });
  }

  /** The real program of the control login-alerts with a channel that nothing is sent on. */
  private installAlerts(): void {
    this.server.must(
      "cp -r /home/deployer/host/files/login-alerts/usr/local/. /usr/local/ && " +
        "chmod 700 /usr/local/sbin/stronghold-alert && " +
        "install -d -m 700 /etc/stronghold/alerts /var/lib/stronghold/alerts /var/spool/stronghold-alerts && " +
        "touch /etc/stronghold/alerts/mail",
    );
  }
}

export interface Opened {
  file: string;
  sha256: string;
  bytes: number;
}

const read = (manifest: string): Manifest => JSON.parse(manifest.split("\n")[0] ?? "") as Manifest;

function idsOf(list: string, kind: string): string[] {
  const names = list.split("\n").map((line) => line.split("\t")[0] ?? "");
  const whole = names.filter((name) => name.startsWith(`${kind}-`) && name.endsWith(".manifest"));
  return whole.map((name) => name.slice(0, -".manifest".length));
}
