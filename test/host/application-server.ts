/** An application server with the control `application`, and releases made for a test. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { packagesOf } from "../../components/lib/bundle";
import { vantageCommand } from "../../local/machines/vantage";
import { base64, BUNDLE, type Parameters, type Report, TestServer } from "./harness";
import { eventually, type Ran, run } from "./test-machines";

export const ROOT = "/usr/local/application";
export const PROGRAM = "/usr/local/sbin/stronghold-application";
export const PASSWORD = "C4n4ry".padEnd(32, "app");

/** What a release of a test does beside answering with its version. */
export interface Behaviour {
  version?: string;
  /** What /health answers. */
  health?: number;
  /** Runs before the server listens. */
  first?: string;
  /** Answers of its own: statements with `request`, `response` and `body`; return to leave the rest. */
  answers?: string;
  /** The code of its migration. */
  migrate?: string;
  /** Files beside, or instead of, its own. */
  files?: Record<string, string>;
}

export interface Release {
  sha: string;
  id: string;
  tarball: Buffer;
}

const SERVER = ({
  version = "1.0.0",
  health = 200,
  first = "",
  answers = "",
}: Behaviour): string => `
const { readFileSync } = require("node:fs");
const { tls } = JSON.parse(readFileSync(process.env.APPLICATION_CONFIG, "utf8"));
const read = () => ({ cert: readFileSync(tls.certificate), key: readFileSync(tls.privateKey) });
${first};
const server = require("node:https").createServer(read(), async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  if (request.url === "/health") response.statusCode = ${health};
  ${answers};
  response.setHeader("connection", "close");
  response.end("${version}");
});
process.on("SIGHUP", () => server.setSecureContext(read()));
process.once("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
server.listen({ fd: 3 });
console.log("release ${version} listens");
`;

/** Of a folder of files, as an operator's command would pack them. */
export function pack(files: Record<string, string>, ...more: string[]): Release {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-release-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), 0o644);
    }
    for (const line of more) run(["bash", "-c", `cd "${folder}" && ${line}`]);
    const words = ["-C", folder, "-cz", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "."];
    return releaseOf(spawnSync("tar", words, { maxBuffer: 2 ** 28 }).stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function releaseOf(tarball: Buffer): Release {
  const sha = createHash("sha256").update(tarball).digest("hex");
  return { sha, id: sha.slice(0, 16), tarball };
}

export function release(behaviour: Behaviour = {}): Release {
  const { version = "1.0.0", migrate, files = {} } = behaviour;
  const stronghold = migrate === undefined ? {} : { stronghold: { migrate: "migrate.js" } };
  return pack({
    "package.json": JSON.stringify({ name: "sample", version, main: "server.js", ...stronghold }),
    "server.js": SERVER(behaviour),
    ...(migrate === undefined ? {} : { "migrate.js": migrate }),
    ...files,
  });
}

/** A certificate for the server's address, and its key; for `days`. */
export function certificate(address: string, days = 90): { chain: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-certificate-"));
  try {
    const [chain, key] = [join(folder, "chain"), join(folder, "key")];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const name = ["-subj", "/CN=test", "-addext", `subjectAltName=IP:${address}`];
    const files = ["-keyout", key, "-out", chain, "-days", String(days)];
    const { code, stderr } = run(["openssl", "req", "-x509", ...curve, ...name, ...files]);
    if (code !== 0) throw new Error(stderr);
    return { chain: readFileSync(chain, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export class ApplicationServer extends TestServer {
  readonly parameters: Parameters;

  constructor(cloudId: string) {
    super(cloudId);
    const { chain, key } = certificate(this.ipv4);
    this.parameters = {
      MEMORY_MB: "256",
      TASKS: "64",
      HOSTS: `${this.ipv4} ${this.ipv6} app.example.org`,
      CERTIFICATE_KIND: "authority",
      CERTIFICATE_B64: base64(chain),
      KEY_B64: base64(key),
      DB_HOST: "192.168.129.99",
      DB_SCHEMA: "app",
      DB_PASSWORD_B64: base64(PASSWORD),
    };
  }

  /** Boots with the packages that the control needs, and those of others. */
  async bootWith(...more: string[]): Promise<void> {
    await super.boot();
    const packages = { PACKAGES: [...packagesOf(["application"], BUNDLE), ...more].join(" ") };
    const { code, stdout, stderr } = this.drive("apply", "packages", packages);
    if (code !== 0) throw new Error(`packages ended with ${code}: ${stdout}${stderr}`);
  }

  application(verb: string, other: Parameters = {}): Report {
    return this.drive(verb, "application", { ...this.parameters, ...other });
  }

  receive({ sha, tarball }: Release, name = sha): Ran {
    return this.root(`base64 -d | ${PROGRAM} receive ${name}`, tarball.toString("base64"));
  }

  deploy({ id }: Release, credentials = '{"database":{"user":"deployment","password":"s"}}'): Ran {
    return this.root(`${PROGRAM} deploy ${id} ada@laptop`, credentials);
  }

  /** Receives and deploys. */
  ship(made: Release): Ran {
    const received = this.receive(made);
    return received.code === 0 ? this.deploy(made) : received;
  }

  /** What a visitor gets who trusts anybody: status and text, `000` where nothing answers. */
  visits(path = "/", ...more: string[]): string {
    const words = ["curl", "-sk", "--max-time", "20", "-w", " %{http_code}", ...more];
    return this.cloud.from("operator", ...words, `https://${this.ipv4}:3003${path}`).stdout;
  }

  /** Has a release that takes statements run some, within its own sandbox. */
  within(statements: string): string {
    return this.visits("/try", "--data-binary", statements);
  }

  /** Visitors without a pause, each with a connection of its own; `end` tells what they were answered. */
  visitors(): { end: () => Promise<Record<string, number>> } {
    const loop = `while [[ ! -e /proc/self/fd/9 ]]; do
        curl -sk --max-time 30 -o /dev/null -w '%{http_code}\\n' https://${this.ipv4}:3003/
      done`;
    const enter = vantageCommand(this.cloud.cloudId, "operator");
    const [command, ...args] = [...enter, "bash", "-c", loop];
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    return {
      end: async () => {
        // On a busy machine the first of them may not have been served yet.
        await eventually(() => said.includes("\n"));
        const closed = new Promise((resolve) => child.once("close", resolve));
        if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
        await closed;
        const counts: Record<string, number> = {};
        // The last one may have been cut off by the end of this.
        for (const code of said.split("\n").slice(0, -1)) counts[code] = (counts[code] ?? 0) + 1;
        return counts;
      },
    };
  }
}
