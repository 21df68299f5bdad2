import { randomInt } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { isAlive } from "../process-identity";
import { withFileLock } from "./file-lock";
import { Forward } from "./forward";
import { ROUTER_IPV4 } from "./network";
import { machineAptProxy } from "./machine-apt";
import { APT_PROXY_PORT } from "./recipes";
import { pollUntil } from "./run";
import { vantageCommand } from "./vantage";

/** Generous: a busy machine, or one whose disk is cold, is slow and not broken. */
const START_LIMIT_MS = 60_000;

/** Nobody in particular: the cache needs no privilege of the machine. */
const NOBODY = 65534;

/**
 * How hosts reach the package archive, and nothing else: a caching proxy on this machine's loopback,
 * and a pair of socats that carry it to the router through a socket, which is a file and so crosses
 * namespaces. No forwarding, masquerading or name service is needed.
 *
 * All clouds of one cache folder share one proxy, because two must not write one cache. The last
 * cloud that goes down ends it.
 */
export class AptProxy {
  private readonly folder: string;
  private readonly users: string;
  private readonly server: Forward;

  constructor(private readonly options: { stateDir: string; cacheDir: string; cloudId: string }) {
    this.folder = join(options.cacheDir, "apt");
    this.users = join(this.folder, "users");
    this.server = new Forward(this.folder, "server");
  }

  /** Starts what does not run. */
  async start(): Promise<void> {
    mkdirSync(this.users, { recursive: true, mode: 0o755 });
    await this.locked(async () => {
      const port = await this.ensureServer();
      const socket = join(this.options.stateDir, "apt.sock");
      const carry = new Forward(this.options.stateDir, "apt-socket");
      const listen = `UNIX-LISTEN:${socket},fork,unlink-early,mode=600`;
      await carry.start(["socat", listen, `TCP:127.0.0.1:${port}`]);
      const file = readFileSync(join(this.options.stateDir, "apt-socket.pid"));
      writeFileSync(join(this.users, this.options.cloudId), file);
      const router = vantageCommand(this.options.cloudId, "router");
      const address = `TCP-LISTEN:${APT_PROXY_PORT},bind=${ROUTER_IPV4},fork,reuseaddr`;
      const toRouter = new Forward(this.options.stateDir, "apt-router");
      await toRouter.start([...router, "socat", address, `UNIX-CONNECT:${socket}`]);
    });
  }

  /** Ends the proxy unless another cloud uses it. Called before the sweep ends the socats. */
  async stop(): Promise<void> {
    if (!existsSync(this.users)) return;
    await this.locked(() => {
      rmSync(join(this.users, this.options.cloudId), { force: true });
      const others = readdirSync(this.users).filter((name) => isInUse(join(this.users, name)));
      if (others.length === 0) this.server.stop();
      return Promise.resolve();
    });
  }

  /** One cloud at a time: one that starts must not rely on a proxy that another is about to end. */
  private locked(work: () => Promise<void>): Promise<void> {
    return withFileLock(join(this.folder, "lock"), () => undefined, work);
  }

  /** The proxy's port: of the one that runs, or of a new one. */
  private async ensureServer(): Promise<number> {
    const recorded = this.recordedPort();
    if (this.server.running() && recorded !== undefined) return recorded;
    // Other clouds' socats still name the port of a proxy that was killed.
    const reusable = recorded !== undefined && (await isFree(recorded));
    const port = reusable ? recorded : await freePort();
    for (const name of ["cache", "log", "conf"]) {
      mkdirSync(join(this.folder, name), { recursive: true, mode: 0o755 });
      chownSync(join(this.folder, name), NOBODY, NOBODY);
    }
    writeFileSync(join(this.folder, "conf", "acng.conf"), await this.config(port));
    const words = ["apt-cacher-ng", "-c", join(this.folder, "conf"), "ForeGround=1"];
    await this.server.start(words, NOBODY);
    writeFileSync(join(this.folder, "port"), String(port));
    if (!(await pollUntil(async () => !(await isFree(port)), START_LIMIT_MS))) {
      const log = join(this.folder, "log");
      throw new Error(
        `apt-cacher-ng did not start: can the user nobody reach ${this.folder}? See ${log}`,
      );
    }
    return port;
  }

  private recordedPort(): number | undefined {
    const file = join(this.folder, "port");
    const port = existsSync(file) ? Number(readFileSync(file, "utf8")) : NaN;
    return Number.isInteger(port) ? port : undefined;
  }

  /** The machine's own way to the archive, if apt has one configured, is the proxy's way too. */
  private async config(port: number): Promise<string> {
    const upstream = await machineAptProxy();
    return [
      `CacheDir: ${join(this.folder, "cache")}`,
      `LogDir: ${join(this.folder, "log")}`,
      `Port: ${port}`,
      "BindAddress: 127.0.0.1",
      // Its own socket answers empty replies; and its default lies where only its service may write.
      "SocketPath:",
      // Packages that an index once named are served even when the archive is out of reach.
      "ExThreshold: 30",
      "ReportPage:",
      ...(upstream === undefined ? [] : [`Proxy: ${upstream}`]),
      "",
    ].join("\n");
  }
}

function isInUse(file: string): boolean {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as { pid: number; start: string };
    if (isAlive(record.pid, record.start)) return true;
  } catch {
    // A record that was cut short by a crash counts for nothing.
  }
  rmSync(file, { force: true });
  return false;
}

/** A free port of the loopback below 32768: apt-cacher-ng cannot bind a higher one. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
