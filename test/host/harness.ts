/** One booted server with the bundle on it, and the people who try to get in. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Vantage, vantageCommand } from "../../local/machines/vantage";
import { eventually, type Ran, run, TestMachines } from "./test-machines";

export const BUNDLE = join(__dirname, "../../scripts/host");
export const DEPLOYER = "deployer";
/** Where the operator's vantage point is; everywhere else is foreign. */
export const OPERATOR_FROM = "203.0.113.10/32,2001:db8:10::10/128";

const DRIVER = `/home/${DEPLOYER}/host/driver`;
const ID = 1001;

export type Parameters = Record<string, string>;

/** What one run of the driver said. */
export interface Report extends Ran {
  /** Ids of the checks that failed, in their order. */
  fails: string[];
  changed: number;
}

export const base64 = (text: string): string => Buffer.from(text).toString("base64");

export const stdinOf = (parameters: Parameters): string =>
  Object.entries(parameters)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");

/** Jest's `it`, which adds to a file's first failure what the server's journal ends with. */
export function itWithJournal(server: TestServer): jest.It {
  let failures = 0;
  const explained = (work: Work): Work => {
    return async (...args) => {
      try {
        await work(...args);
      } catch (error) {
        failures += 1;
        if (failures > 1 || !(error instanceof Error)) throw error;
        error.message += `\n\nThe server's journal ends with:\n${journalOf(server)}`;
        throw error;
      }
    };
  };
  const one = (name: string, work: Work, limit?: number): void => {
    it(name, explained(work) as jest.ProvidesCallback, limit);
  };
  const each = (rows: readonly unknown[]) => (name: string, work: Work, limit?: number) => {
    it.each(rows)(name, explained(work) as (row: unknown) => unknown, limit);
  };
  return Object.assign(one, { each }) as unknown as jest.It;
}

function journalOf(server: TestServer): string {
  try {
    return server.root("journalctl --no-pager -n 30 -o short-monotonic").stdout;
  } catch (error) {
    return String(error);
  }
}

type Work = (...args: never[]) => unknown;

export class TestServer {
  readonly ipv4 = "203.0.113.101";
  readonly ipv6 = "2001:db8:113::1";
  readonly privateIPv4 = "192.168.129.11";
  readonly cloud: TestMachines;
  private readonly keyDir = mkdtempSync(join(tmpdir(), "stronghold-keys-"));

  /** `cloudId` must be six hex digits that no other test uses. */
  constructor(cloudId: string) {
    this.cloud = new TestMachines(cloudId);
  }

  /** Boots a server as the first boot leaves it: the deployer with key and sudo, nothing hardened. */
  async boot(prepare?: () => void): Promise<void> {
    await this.cloud.start();
    await this.cloud.boot(this.cloud.spec(1, { userData: this.firstBoot() }), undefined, prepare);
    const done = this.root("cloud-init status --wait >/dev/null; test -d /home/deployer");
    if (done.code !== 0) throw new Error(`the first boot failed: ${done.stderr}`);
    this.supply();
  }

  /** Puts the bundle where the stack puts it. */
  supply(): void {
    const tar = run(["bash", "--norc", "-c", `tar -C "${BUNDLE}" -c . | base64 -w 0`]).stdout;
    const target = `/home/${DEPLOYER}/host`;
    const words = `rm -rf ${target} && mkdir ${target} && base64 -d | tar -C ${target} --no-same-owner -x`;
    this.root(`${words} && chown -R ${DEPLOYER}: ${target}`, tar);
  }

  async end(): Promise<void> {
    await this.cloud.down();
    rmSync(this.keyDir, { recursive: true, force: true });
  }

  /** Runs a line of bash as root, over the console. */
  root(line: string, input = ""): Ran {
    return this.cloud.inside(ID, ["bash", "-c", line], input);
  }

  /** Runs a line as root that must succeed. */
  must(line: string, input = ""): string {
    const ran = this.root(line, input);
    if (ran.code !== 0) throw new Error(`'${line}' ended with ${ran.code}: ${ran.stderr}`);
    return ran.stdout.trimEnd();
  }

  /** Has sshd read its files anew. It closes its door for that, a moment after systemd has said that it is done. */
  reloadSshd(): void {
    const listened = "journalctl -q -t sshd --grep '^Server listening on' | wc -l";
    this.must(`before=$(${listened}); systemctl reload ssh
      for n in {1..100}; do (( $(${listened}) == before )) || break; sleep 0.05; done`);
  }

  /** Runs the driver as root, over the console, so that a test of one control needs no other. */
  drive(verb: string, control: string, parameters: Parameters): Report {
    return this.report(this.root(`exec bash ${DRIVER} ${verb} ${control}`, stdinOf(parameters)));
  }

  /** Runs the driver as the stack does: over a new SSH connection from the operator. */
  driveBySsh(verb: string, control: string, parameters: Parameters): Report {
    const line = `sudo bash ${DRIVER} ${verb} ${control} 0123abcd`;
    return this.report(this.ssh(DEPLOYER, line, { input: stdinOf(parameters) }));
  }

  /** Starts the driver and kills it outright after `delayMs`, unless it was quicker. */
  killDriverAfter(delayMs: number, verb: string, control: string, parameters: Parameters): void {
    // setsid: a process group of its own, which the kill takes whole.
    const line =
      `setsid bash ${DRIVER} ${verb} ${control} & victim=$!; ` +
      `sleep ${(delayMs / 1000).toFixed(3)}; kill -KILL -- -$victim 2>/dev/null; wait`;
    this.root(`cat >/run/input; { ${line}; } </run/input >/dev/null 2>&1`, stdinOf(parameters));
  }

  /** Public key line of a person of that name; the same key each time. */
  publicKey(name: string, type = "ed25519", bits = ""): string {
    const file = this.keyFile(name);
    const size = bits === "" ? [] : ["-b", bits];
    run(
      ["ssh-keygen", "-q", "-t", type, ...size, "-N", "", "-C", `${name}@test`, "-f", file],
      "n\n",
    );
    return readFileSync(`${file}.pub`, "utf8").trim();
  }

  keyFile(name: string): string {
    return join(this.keyDir, name);
  }

  /** Logs in as a real client; by default with the key of the account's name, from the operator. */
  ssh(account: string, command: string, how: Login = {}): Ran {
    const words = [...this.client(account, how), ...(command === "" ? [] : [command])];
    return run(
      [...vantageCommand(this.cloud.cloudId, how.from ?? "operator"), ...words],
      how.input,
    );
  }

  /** The words of such a client that asks its person for what it does not know (see person.ts). */
  words(account: string, command: string, how: Login = {}): string[] {
    const options = [...(how.options ?? []), "BatchMode=no"];
    const client = this.client(account, { ...how, options });
    return [...vantageCommand(this.cloud.cloudId, how.from ?? "operator"), ...client, command];
  }

  /** Whether that login works. */
  lets(account: string, how: Login = {}): boolean {
    return this.ssh(account, "true", how).code === 0;
  }

  /** A session that stays open; resolves once it is established, `ended` once it is not any more. */
  async session(account: string): Promise<Session> {
    const enter = vantageCommand(this.cloud.cloudId, "operator");
    const [command, ...args] = [...enter, ...this.client(account, {}), "cat"];
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.on("error", () => undefined);
    const say = (line: string): void => void child.stdin.write(`${line}\n`);
    say("hello");
    if (!(await eventually(() => said.includes("hello")))) throw new Error("no session");
    const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
    return { ended, hears: (text) => said.includes(text), say, close: () => void child.kill() };
  }

  private client(account: string, how: Login): string[] {
    // The first value counts, as in sshd's files.
    const options = [
      ...(how.options ?? []),
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "BatchMode=yes",
      "IdentitiesOnly=yes",
      // The handshake is among it, which takes a busy machine more than a moment.
      "ConnectTimeout=10",
    ].flatMap((option) => ["-o", option]);
    const key = this.keyFile(how.key ?? account);
    const address = how.address ?? this.ipv4;
    // Options end before the address, so that a command may begin with a dash.
    return [
      "ssh",
      "-F",
      "none",
      "-i",
      key,
      ...options,
      ...(how.flags ?? []),
      `${account}@${address}`,
    ];
  }

  private report(ran: Ran): Report {
    const lines = ran.stdout.split("\n").map((line) => line.split("\t"));
    const fails = lines.filter(([kind]) => kind === "FAIL").map(([, id = ""]) => id);
    const summary = /^SUMMARY\t.*\tpass=\d+ fail=\d+ changed=(\d+)$/m.exec(ran.stdout);
    return { ...ran, fails, changed: Number(summary?.[1] ?? Number.NaN) };
  }

  /** User-data of the first boot: a fresh host key, and the deployer. */
  protected firstBoot(): string {
    const config = {
      ssh_deletekeys: true,
      ssh_genkeytypes: ["ed25519"],
      manage_etc_hosts: true,
      users: [
        {
          name: DEPLOYER,
          shell: "/bin/bash",
          lock_passwd: true,
          sudo: "ALL=(ALL) NOPASSWD:ALL",
          ssh_authorized_keys: [this.publicKey(DEPLOYER)],
        },
      ],
    };
    return `#cloud-config\n${JSON.stringify(config)}\n`;
  }
}

/** An open login at which every line said comes back. */
export interface Session {
  say: (line: string) => void;
  hears: (text: string) => boolean;
  ended: () => boolean;
  close: () => void;
}

export interface Login {
  /** Whose key to show. @default the account's own */
  key?: string;
  from?: Vantage;
  address?: string;
  options?: string[];
  flags?: string[];
  input?: string;
}
