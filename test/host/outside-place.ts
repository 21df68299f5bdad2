/** A small cloud with its outside world, and clients that use it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { vantageCommand } from "../../local/machines/vantage";
import { type Identity, readIdentity } from "../../local/outside/identity";
import { type Message, MessageLog } from "../../local/outside/messages";
import { OutsideWorld } from "../../local/outside/world";
import { type Ran, run, TestMachines } from "./test-machines";

export const AT = "203.0.113.1";
export const HOST = 1001;

export class Place {
  readonly cloud: TestMachines;
  readonly dir: string;
  readonly world: OutsideWorld;

  constructor(name: string) {
    this.cloud = new TestMachines(name);
    this.dir = join(this.cloud.stateDir, "outside");
    this.world = new OutsideWorld({ cloudId: this.cloud.cloudId, outsideDir: this.dir });
  }

  async start(): Promise<void> {
    await this.cloud.start();
    await this.world.start();
    writeFileSync(this.file("ca"), this.identity.caCertificate);
  }

  get identity(): Identity {
    return readIdentity(this.dir);
  }

  /** For the tests' own files. */
  file(name: string): string {
    return join(this.cloud.stateDir, name);
  }

  messages(): Message[] {
    return new MessageLog(this.dir).read();
  }

  process(name: "time" | "receiver"): { pid: number; start: string } {
    const record = readFileSync(join(this.dir, `${name}.pid`), "utf8");
    return JSON.parse(record) as { pid: number; start: string };
  }

  inRouter(...words: string[]): Ran {
    return run([...vantageCommand(this.cloud.cloudId, "router"), ...words]);
  }

  /** `curl` from a place, with the cloud's own authority unless `more` names another. */
  curl(place: typeof HOST | "stranger", ...more: string[]): Ran {
    const trust = more.includes("--cacert") ? [] : ["--cacert", this.file("ca")];
    return this.cloud.from(place, "curl", "-sS", "--max-time", "10", ...trust, ...more);
  }

  /** What the web answers: status and body. */
  post(path: string, ...more: string[]): [number, string] {
    const { stdout } = this.curl(HOST, "-w", "\n%{http_code}", `https://${AT}${path}`, ...more);
    const end = stdout.lastIndexOf("\n");
    return [Number(stdout.slice(end + 1)), stdout.slice(0, end)];
  }

  mail(text: string, ...more: string[]): Ran {
    writeFileSync(this.file("mail"), text.replaceAll("\n", "\r\n"));
    const envelope = ["--mail-from", "a@local.test", "--mail-rcpt", "b@local.test"];
    return this.curl(HOST, `smtp://${AT}:587`, ...envelope, "-T", this.file("mail"), ...more);
  }

  get login(): string[] {
    return ["--user", `${this.identity.relayUser}:${this.identity.relayPassword}`];
  }

  /** How far the time is off that a real NTP client gets there, in seconds; nothing if it gets none. */
  timeOff(place: typeof HOST | "stranger", server = AT): number | undefined {
    const ask = `server ${server} iburst maxsamples 1`;
    const files = [`pidfile ${this.file("asking.pid")}`, "bindcmdaddress /", "user root"];
    const { stderr } = this.cloud.from(place, "chronyd", "-Q", "-t", "8", ask, ...files);
    const found = /System clock wrong by (-?[\d.]+) seconds/.exec(stderr)?.[1];
    return found === undefined ? undefined : Number(found);
  }
}

/** Gives a host that is not booted the address that it would give itself. */
export function configureHost({ cloud }: Place): void {
  const { publicIPv4 } = cloud.spec(1);
  const ip = (...words: string[]): void => {
    const done = run(["ip", "-n", `sh-${cloud.cloudId}-${HOST}`, ...words]);
    if (done.code !== 0) throw new Error(done.stderr);
  };
  ip("link", "set", "eth0", "up");
  ip("address", "add", `${publicIPv4}/24`, "dev", "eth0");
}
