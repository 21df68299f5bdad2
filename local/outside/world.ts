import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Forward } from "../machines/forward";
import { killAll } from "../machines/kill";
import { pollUntil, run } from "../machines/run";
import { vantageCommand } from "../machines/vantage";
import { ensureIdentity } from "./identity";
import { OUTSIDE_IPV4, RELAY_PORT, TIME_PORT, WEB_PORT } from "./places";

const START_LIMIT_MS = 60_000;

/**
 * What the servers of one local cloud talk to: a time server, a mail relay, and web endpoints in the
 * formats of Slack and Pushover. All of it answers at the router's address, in the router's network.
 *
 * Its processes outlive their starter, and end with the cloud: the sweep finds them by their network.
 */
export class OutsideWorld {
  private readonly time: Forward;
  private readonly receiver: Forward;
  private readonly log: string;

  constructor(private readonly options: { cloudId: string; outsideDir: string }) {
    this.time = new Forward(options.outsideDir, "time");
    this.receiver = new Forward(options.outsideDir, "receiver");
    this.log = join(options.outsideDir, "outside.log");
  }

  /** Starts what does not run, and returns once all of it answers. */
  async start(): Promise<void> {
    const { outsideDir } = this.options;
    mkdirSync(outsideDir, { recursive: true, mode: 0o700 });
    ensureIdentity(outsideDir);
    if (!this.time.running()) {
      await this.clear([TIME_PORT]);
      await this.startTime();
    }
    if (!this.receiver.running()) {
      await this.clear([RELAY_PORT, WEB_PORT]);
      await this.startReceiver();
    }
    const ended = (): boolean => !this.time.running() || !this.receiver.running();
    await pollUntil(async () => ended() || (await this.answers()), START_LIMIT_MS);
    if (!ended() && (await this.answers())) return;
    const said = readFileSync(this.log, "utf8").trim().split("\n").slice(-10).join("\n");
    throw new Error(`the outside world at ${OUTSIDE_IPV4} did not start; it said:\n${said}`);
  }

  /** Whether alerts can arrive. */
  receives(): boolean {
    return this.receiver.running() !== undefined;
  }

  /**
   * A real chronyd, which tells this machine's time and cannot set it, even if it wanted to.
   *
   * A copy of the program: Debian and Ubuntu confine the one at its usual place with AppArmor, by its
   * path, to files that are the machine's.
   */
  private async startTime(): Promise<void> {
    const { outsideDir } = this.options;
    const file = (name: string): string => join(outsideDir, name);
    rmSync(file("chronyd"), { force: true });
    copyFileSync(await chronyd(), file("chronyd"));
    // The process that a killed one names in it may be another's by now.
    rmSync(file("chronyd.pid"), { force: true });
    writeFileSync(file("chrony.conf"), timeConfig(file("chronyd.pid")), { mode: 0o600 });
    await this.time.start(
      this.inside("net_bind_service", file("chronyd"), "-4", "-x", "-d", "-f", file("chrony.conf")),
      undefined,
      this.log,
    );
  }

  private async startReceiver(): Promise<void> {
    const program = join(__dirname, "receiver.ts");
    const words = [process.execPath, "--import", "tsx", program, this.options.outsideDir];
    // The checkout may be a user's, in a folder that is closed to others.
    const rights = "net_bind_service,dac_read_search";
    await this.receiver.start(this.inside(rights, ...words), undefined, this.log);
  }

  /** In the router's network, as root without root's power over the machine but for these rights. */
  private inside(rights: string, ...words: string[]): string[] {
    const bounds = rights
      .split(",")
      .map((right) => `+${right}`)
      .join(",");
    const limits = ["setpriv", "--inh-caps=-all", `--bounding-set=-all,${bounds}`, "--"];
    return [...vantageCommand(this.options.cloudId, "router"), ...limits, ...words];
  }

  /** Whether every port is open, and our own. */
  private async answers(): Promise<boolean> {
    const holders = await this.holders();
    const holds = (part: Forward, port: number): boolean =>
      holders.some((one) => one.port === port && one.pid === part.running()?.pid);
    const { time, receiver } = this;
    return holds(time, TIME_PORT) && holds(receiver, RELAY_PORT) && holds(receiver, WEB_PORT);
  }

  /** Ends what holds these ports: a start that was killed may have left it, with no record of it. */
  private async clear(ports: readonly number[]): Promise<void> {
    await killAll(async () => {
      const holders = await this.holders();
      return holders.filter(({ port }) => ports.includes(port)).map(({ pid }) => pid);
    });
  }

  /** Who listens at the address, asked in the network that the servers see. */
  private async holders(): Promise<{ port: number; pid: number }[]> {
    const router = vantageCommand(this.options.cloudId, "router");
    const sockets = await run([...router, "ss", "-Hlntup", "src", OUTSIDE_IPV4]);
    return sockets.split("\n").flatMap((line) => {
      const port = Number(/ [\d.]+:(\d+) /.exec(line)?.[1]);
      return [...line.matchAll(/,pid=(\d+),/g)].map(([, pid]) => ({ port, pid: Number(pid) }));
    });
  }
}

/** Stratum 8: right, for want of a better one. Nobody commands it: there is neither port nor socket. */
function timeConfig(pidFile: string): string {
  const lines = [
    `bindaddress ${OUTSIDE_IPV4}`,
    `port ${TIME_PORT}`,
    "local stratum 8",
    "allow",
    "cmdport 0",
    "bindcmdaddress /",
    `pidfile ${pidFile}`,
    "user root",
  ];
  return `${lines.join("\n")}\n`;
}

/** Root's own PATH need not name the folder where it lies. */
async function chronyd(): Promise<string> {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  const found = await run(["sh", "-c", "command -v chronyd"], {
    env: { ...process.env, PATH: path },
  });
  return found.trim();
}
