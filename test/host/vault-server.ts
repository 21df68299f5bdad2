/** A hardened backup server, alone in a cloud of its own or beside another server of a test's cloud. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";

import { packagesOf } from "../../components/lib/bundle";
import { type Vantage, vantageCommand } from "../../local/machines/vantage";
import {
  base64,
  BUNDLE,
  DEPLOYER,
  OPERATOR_FROM,
  type Parameters,
  type Report,
  TestServer,
} from "./harness";
import { COMMAND_LIMIT_MS, type Ran, TestMachines } from "./test-machines";

export const FILES = "/srv/stronghold-vault/files";
export const RECEIVER = "stronghold-push";

const CONTROLS = ["accounts", "two-factor", "ssh", "vault"];

export interface VaultSettings {
  /** The public keys that may push, one a line. */
  keys: string;
  /** The ranges that they may push from. */
  from: string;
  vault?: Parameters;
}

export class VaultServer extends TestServer {
  override readonly cloud: TestMachines;
  private readonly ownsCloud: boolean;
  private settings: VaultSettings = { keys: "", from: "" };

  /**
   * `cloud` is the id of a cloud of its own, or that of another server's test, which has started it and
   * takes it down. `n` is the server's number there; 1 is a TestServer's.
   */
  constructor(
    cloud: string | TestMachines,
    private readonly n: number = typeof cloud === "string" ? 1 : 2,
  ) {
    super(typeof cloud === "string" ? cloud : cloud.cloudId);
    this.ownsCloud = typeof cloud === "string";
    this.cloud = typeof cloud === "string" ? new TestMachines(cloud) : cloud;
    const { publicIPv4: ipv4, publicIPv6: ipv6, privateIPv4 } = this.cloud.spec(n);
    // A TestServer's are those of the first server.
    Object.assign(this, { ipv4, ipv6, privateIPv4 });
  }

  override async boot(): Promise<void> {
    if (this.ownsCloud) await this.cloud.start();
    await this.cloud.boot(this.cloud.spec(this.n, { userData: this.firstBoot() }));
    this.must("cloud-init status --wait >/dev/null; test -d /home/deployer");
    this.supply();
  }

  override async end(): Promise<void> {
    if (this.ownsCloud) await super.end();
  }

  override root(line: string, input = ""): Ran {
    return this.cloud.inside(1000 + this.n, ["bash", "-c", line], input);
  }

  /** Everything that a vault stands on, and the vault: some 20 s. Answers what the vault's control said. */
  setUp(settings: VaultSettings): Report {
    this.settings = settings;
    this.layGround();
    return this.vault("apply");
  }

  /** Everything that a vault stands on. */
  layGround(settings = this.settings): void {
    this.settings = settings;
    const twoFactor: Parameters = { PEOPLE_B64: base64("ada\n"), UNENROLLED: "keyOnly" };
    const steps: [string, string, Parameters][] = [
      ["apply", "packages", { PACKAGES: packagesOf(CONTROLS, BUNDLE).join(" ") }],
      ["apply", "accounts", this.accountsParameters()],
      ["apply", "two-factor", twoFactor],
      ["confirm", "two-factor", twoFactor],
      ["apply", "ssh", this.sshParameters()],
      ["confirm", "ssh", this.sshParameters()],
    ];
    for (const [verb, control, parameters] of steps) {
      const report = this.drive(verb, control, parameters);
      if (report.code !== 0) throw new Error(`${control}: ${report.stdout}${report.stderr}`);
    }
  }

  accountsParameters(more: Parameters = {}): Parameters {
    return {
      DEPLOYER,
      DEPLOYER_KEYS_B64: base64(`${this.publicKey(DEPLOYER)}\n`),
      DEPLOYER_FROM: OPERATOR_FROM,
      ADMINS_B64: base64(`ada\t${this.publicKey("ada")}\n`),
      RECEIVER_KEYS_B64: base64(`${this.settings.keys}\n`),
      RECEIVER_FROM: this.settings.from,
      ...more,
    };
  }

  sshParameters(more: Parameters = {}): Parameters {
    const from = { DEPLOYER_FROM: OPERATOR_FROM, RECEIVER_FROM: this.settings.from };
    return { DEPLOYER, ...from, ...more };
  }

  /** Runs the control `vault` with the settings' parameters but for those given. */
  vault(verb: string, more: Parameters = {}): Report {
    const usual = { QUOTA_MB: "200", KEEP_DAYS: "35", LATE_HOURS: "26" };
    return this.drive(verb, "vault", { ...usual, ...this.settings.vault, ...more });
  }

  /** `ssh-ed25519 AAAA...` */
  hostKey(): string {
    return this.must("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub");
  }

  /** Names of the files that are kept, in the order of their arrival. */
  kept(): string[] {
    const list = this.must("stronghold-vault list");
    return list === "" ? [] : list.split("\n").map((line) => line.split("\t")[0] ?? "");
  }

  /** Everything about the vault that an attack must leave alone, to the byte. */
  state(): string {
    return this.must(`
      find /srv/stronghold-vault -mindepth 1 ! -name refused -type f -printf '%P %s %m %U:%G %n %T@\n' | sort
      find /srv/stronghold-vault ! -type f -printf '%P %y %m %U:%G %l\n' | sort
      cd ${FILES} && find . -type f | sort | xargs -r sha256sum`);
  }

  /** What is on its way; nothing is, once every connection has ended. */
  incoming(): string {
    return this.must("ls -A /srv/stronghold-vault/incoming");
  }
}

export interface SendHow {
  /** Where from. @default the second server of the cloud */
  from?: Vantage | number;
  /** Whose key file. @default "push" */
  key?: string;
  account?: string;
  address?: string;
  flags?: string[];
  command?: string;
}

/** The database server's side: a real client with its key, at its address. */
export class Sender {
  constructor(private readonly vault: VaultServer) {}

  words(how: SendHow = {}): string[] {
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "BatchMode=yes",
      "IdentitiesOnly=yes",
      // With the handshake, and many may come at once.
      "ConnectTimeout=20",
    ].flatMap((option) => ["-o", option]);
    const key = this.vault.keyFile(how.key ?? "push");
    const target = `${how.account ?? RECEIVER}@${how.address ?? this.vault.ipv4}`;
    const command = how.command === undefined ? [] : [how.command];
    const client = ["ssh", "-F", "none", "-i", key, ...options, ...(how.flags ?? [])];
    return [
      ...vantageCommand(this.vault.cloud.cloudId, how.from ?? 1002),
      ...client,
      target,
      ...command,
    ];
  }

  /** Sends these bytes as they are, and ends the stream. */
  raw(input: string | Buffer, how: SendHow = {}): Ran {
    const [command = "", ...args] = this.words(how);
    const limits = { cwd: "/", timeout: COMMAND_LIMIT_MS };
    const done = spawnSync(command, args, { input, encoding: "utf8", ...limits });
    return { code: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
  }

  /** Pushes a file by the protocol. */
  push(name: string, body: string | Buffer, how: SendHow = {}): Ran {
    return this.raw(request(name, body), how);
  }

  /** A connection that stays open until it is ended or the vault ends it. */
  open(first: string | Buffer, how: SendHow = {}): OpenPush {
    const [command = "", ...args] = this.words(how);
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"], cwd: "/" });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.on("error", () => undefined);
    child.stdin.write(first);
    return {
      said: () => said,
      ended: () => child.exitCode !== null || child.signalCode !== null,
      write: (more) => void child.stdin.write(more),
      end: () => void child.stdin.end(),
      kill: () => void child.kill("SIGKILL"),
    };
  }
}

export interface OpenPush {
  said: () => string;
  ended: () => boolean;
  write: (more: string | Buffer) => void;
  end: () => void;
  kill: () => void;
}

export const digest = (body: string | Buffer): string =>
  createHash("sha256").update(body).digest("hex");

/** The header line of a push and its body. */
export function request(name: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`PUT ${name} ${bytes.length} ${digest(bytes)}\n`), bytes]);
}
