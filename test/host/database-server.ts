/** A server with a database on it, as the controls `packages` and `database` leave it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { packagesOf } from "../../components/lib/bundle";
import { databaseLayer, slideIn } from "./database-layer";
import { base64, BUNDLE, type Parameters, type Report, TestServer } from "./harness";
import { MYSQL_SOURCE, run } from "./test-machines";
import { THOROUGH } from "../thorough";

export type Engine = "mysql" | "mariadb";
export const ENGINES: readonly Engine[] = ["mysql", "mariadb"];
/** For what the engine has little part in: in an ordinary run the default one stands for both. */
export const ENGINES_IN_DEPTH: readonly Engine[] = THOROUGH ? ENGINES : ["mysql"];

/** The application's server, as far as the database knows it: the second host of the cloud. */
export const APP_HOST = "192.168.129.12";
export const APP_ID = 1002;
export const SCHEMA = "shop_app";

/** What is installed, and from where: Debian's release has no MySQL of its own. */
const PACKAGES: Record<Engine, { server: string[]; client: string; source: Parameters }> = {
  mysql: {
    server: ["mysql-server", "mysql-client"],
    client: "mysql-client",
    source: MYSQL_SOURCE,
  },
  mariadb: {
    server: ["mariadb-server", "mariadb-client"],
    client: "mariadb-client",
    source: { DATABASE_SOURCE: "archive" },
  },
};

/** Passwords of a stack; their letters are a canary that is found wherever one leaks. */
export const password = (name: string): string =>
  `${name}C4n4ryC4n4ryC4n4ryC4n4ryC4n4ry`.slice(0, 32);

/** A certificate authority, and what it issues. */
export class TestAuthority {
  private readonly folder = mkdtempSync(join(tmpdir(), "stronghold-ca-"));
  private issued = 0;
  readonly certificate: string;

  constructor(name = "database CA of a test") {
    this.must("openssl", "genpkey", "-algorithm", "ed25519", "-out", this.file("ca.key"));
    const subject = ["-subj", `/CN=${name}`, "-days", "30"];
    this.must(
      ...["openssl", "req", "-x509", "-new", "-key", this.file("ca.key"), ...subject],
      ...["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", this.file("ca.pem")],
    );
    this.certificate = readFileSync(this.file("ca.pem"), "utf8");
  }

  /** A new key and a certificate for that address. */
  issue(address: string, days = 30): { certificate: string; key: string } {
    this.issued += 1;
    const [key, request, certificate, extensions] = ["key", "csr", "pem", "ext"].map((kind) =>
      this.file(`${this.issued}.${kind}`),
    ) as [string, string, string, string];
    writeFileSync(
      extensions,
      `subjectAltName=IP:${address}\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:false\n`,
    );
    this.must("openssl", "genpkey", "-algorithm", "ed25519", "-out", key);
    this.must("openssl", "req", "-new", "-key", key, "-subj", `/CN=${address}`, "-out", request);
    this.must(
      ...["openssl", "x509", "-req", "-in", request, "-CA", this.file("ca.pem")],
      ...["-CAkey", this.file("ca.key"), "-CAcreateserial", "-days", String(days)],
      ...["-extfile", extensions, "-out", certificate],
    );
    return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private file(name: string): string {
    return join(this.folder, name);
  }

  private must(...words: string[]): void {
    const ran = run(words);
    if (ran.code !== 0) throw new Error(`${words.join(" ")}: ${ran.stderr}`);
  }
}

export class DatabaseServer extends TestServer {
  readonly authority = new TestAuthority();
  engine: Engine = "mysql";
  /** What the control is told; without an engine yet. */
  private good: Parameters = {};

  /** Boots with the engine's packages on the disk, and applies the control `database`. */
  async bootWith(engine: Engine): Promise<void> {
    const layer = await databaseLayer(engine, async () => {
      const bare = new DatabaseServer(engine);
      await bare.boot();
      bare.installEngine(engine);
      return bare.cloud;
    });
    await this.boot(() => {
      slideIn(layer, this.cloud, 1001);
    });
    this.takeUp(engine);
    const applied = this.control("apply");
    if (applied.code !== 0) throw new Error(`${applied.stdout}\n${applied.stderr}`);
  }

  /** Installs the engine alone, as the archive ships it. */
  installEngine(engine: Engine): void {
    this.takeUp(engine);
    const { server, source } = PACKAGES[engine];
    const packages = [...packagesOf(["database"], BUNDLE), ...server].join(" ");
    const installed = this.drive("apply", "packages", { PACKAGES: packages, ...source });
    if (installed.code !== 0) throw new Error(`${installed.stdout}\n${installed.stderr}`);
  }

  private takeUp(engine: Engine): void {
    this.engine = engine;
    const { certificate, key } = this.authority.issue(this.privateIPv4);
    this.good = {
      ENGINE: engine,
      BIND_ADDRESS: this.privateIPv4,
      SCHEMA,
      APP_HOST,
      APP_PASSWORD_B64: base64(password("app1")),
      APP_PREVIOUS_B64: "",
      DEPLOY_PASSWORD_B64: base64(password("deploy1")),
      DEPLOY_PREVIOUS_B64: "",
      CA_B64: base64(this.authority.certificate),
      CERT_B64: base64(certificate),
      KEY_B64: base64(key),
      AUDIT_LOG: "no",
    };
  }

  /** Runs the control with the good parameters but for those given. */
  control(verb: string, other: Parameters = {}): Report {
    return this.drive(verb, "database", { ...this.good, ...other });
  }

  get parameters(): Parameters {
    return { ...this.good };
  }

  /** What the server answers to root over its socket; each row a line, its columns parted by tabs. */
  sql(text: string): string {
    const client = `${this.engine} --no-defaults --user=root --protocol=socket`;
    return this.must(`${client} --batch --raw --skip-column-names`, text);
  }

  /** Boots the application's server with the engine's own client on it. */
  async bootClient(): Promise<void> {
    await this.cloud.boot(this.cloud.spec(2));
    const { client, source } = PACKAGES[this.engine];
    const tar = this.must(`tar -C /home/deployer/host -c . | base64 -w 0`);
    const unpack = "mkdir -p /root/host && base64 -d | tar -C /root/host -x";
    this.cloud.inside(APP_ID, ["bash", "-c", unpack], tar);
    const lines = Object.entries({ PACKAGES: client, ...source }).map((pair) => pair.join("="));
    const words = ["bash", "/root/host/driver", "apply", "packages"];
    const installed = this.cloud.inside(APP_ID, words, `${lines.join("\n")}\n`);
    if (installed.code !== 0) throw new Error(`${installed.stdout}\n${installed.stderr}`);
  }

  override async end(): Promise<void> {
    this.authority.end();
    await super.end();
  }
}
