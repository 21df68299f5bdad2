/** The other end of alerts: a real mail relay and real HTTPS endpoints on the router of a test's cloud. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { vantageCommand } from "../../local/machines/vantage";
import {
  type Account,
  type Arrived,
  type ArrivedMail,
  type ArrivedPost,
  type Ready,
  SINK_IPV4,
} from "./ports";

const ROOT = join(__dirname, "../..");

/** Everything that arrives at the sinks of one cloud, whenever they run. */
export class AlertSinks {
  /** The authority that signed the good certificates, in PEM. */
  readonly ca: string;
  readonly arrived: Arrived[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "stronghold-sinks-"));
  private child: ChildProcess | undefined;

  constructor(
    private readonly cloudId: string,
    account: Account,
  ) {
    writeFileSync(join(this.folder, "account.json"), JSON.stringify(account));
    makeCertificates(this.folder);
    this.ca = readFileSync(join(this.folder, "good-ca.crt"), "utf8");
  }

  get mails(): ArrivedMail[] {
    return this.arrived.filter((one): one is ArrivedMail => one.kind === "mail");
  }

  get posts(): ArrivedPost[] {
    return this.arrived.filter((one): one is ArrivedPost => one.kind === "post");
  }

  /** Resolves once every port is open. */
  async start(): Promise<void> {
    const serve = join(__dirname, "serve.ts");
    const words = [process.execPath, "--import", "tsx", serve, this.folder];
    const [command = "", ...args] = [...vantageCommand(this.cloudId, "router"), ...words];
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      child.on("exit", () => {
        reject(new Error("the sinks ended"));
      });
      createInterface(child.stdout).on("line", (line) => {
        const said = JSON.parse(line) as Arrived | Ready;
        if (said.kind === "ready") resolve();
        else this.arrived.push(said);
      });
    });
  }

  /** As a relay that goes down: at once, connections and all. */
  async stop(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => {
      child.on("exit", resolve);
      child.kill("SIGKILL");
    });
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `good` is signed by an authority that a host can be told to trust, `foreign` by one that it knows not. */
function makeCertificates(folder: string): void {
  const file = (name: string): string => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  for (const name of ["good", "foreign"]) {
    const authority = ["-x509", "-subj", `/CN=${name} authority of a test`, "-days", "30"];
    const caFiles = ["-keyout", file(`${name}-ca.key`), "-out", file(`${name}-ca.crt`)];
    openssl("req", ...authority, ...key, ...caFiles);
    openssl(
      ...["req", "-x509", "-subj", "/CN=alerts of a test", "-days", "30", ...key],
      ...[
        "-addext",
        `subjectAltName=IP:${SINK_IPV4}`,
        "-addext",
        "basicConstraints=critical,CA:FALSE",
      ],
      ...["-CA", file(`${name}-ca.crt`), "-CAkey", file(`${name}-ca.key`)],
      ...["-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)],
    );
  }
}

function openssl(...words: string[]): void {
  const done = spawnSync("openssl", words, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`openssl ${words[0] ?? ""} failed: ${done.stderr}`);
}
