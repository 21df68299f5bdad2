/** The local cloud as a user has it: through its commands, with their exit codes and their JSON. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { cloudPaths } from "../../local/paths";
import type { StatusReport } from "../../local/cli/status";
import type { UpReport } from "../../local/cli/up";

export const ROOT = join(__dirname, "..", "..");

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Of any command. Longer than an `up` takes from nothing, beside six other suites on a machine half as fast as a laptop.
 */
export const LIMIT_MS = 900_000;

/** One test cloud a suite, so that no suite touches the cloud that a developer has up. */
export class TestCloud {
  readonly env: NodeJS.ProcessEnv;

  constructor(name: string) {
    this.env = { ...process.env, STRONGHOLD_CLOUD: `test-${name}` };
  }

  get paths(): ReturnType<typeof cloudPaths> {
    return cloudPaths(this.env);
  }

  /** `npm run local -- <words>`, without npm's own start-up time. */
  run(words: string[], options: { input?: string; timeoutMs?: number } = {}): Ran {
    // The suites of this layer are about the embedded runner, whether or not the CLI is there.
    const engine = words[0] === "up" && !words.includes("--engine") ? ["--engine", "embedded"] : [];
    const args = ["--import", "tsx", "scripts/local.ts", ...words, ...engine];
    const done = spawnSync(process.execPath, args, {
      cwd: ROOT,
      env: this.env,
      encoding: "utf8",
      input: options.input ?? "",
      timeout: options.timeoutMs ?? LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
  }

  up(...flags: string[]): UpReport {
    const ran = this.run(["up", "--json", ...flags]);
    if (ran.code !== 0) throw new Error(`up failed (${ran.code}):\n${ran.stderr}${ran.stdout}`);
    return JSON.parse(ran.stdout) as UpReport;
  }

  status(...flags: string[]): StatusReport {
    const ran = this.run(["status", "--json", ...flags]);
    if (ran.code !== 0) throw new Error(`status failed (${ran.code}):\n${ran.stderr}`);
    return JSON.parse(ran.stdout) as StatusReport;
  }

  down(): Ran {
    return this.run(["down"]);
  }

  /**
   * Logs in as automation does, for tests that are about something else than people: it needs no
   * second factor. The database server is reached through the app server.
   */
  login(host: "app" | "db" | "backup", command = "true"): Ran {
    const { operatorDir, knownHosts } = this.paths;
    const options = [
      ...["-F", "none", "-i", join(operatorDir, "deployer_ed25519")],
      ...["IdentityAgent=none", "BatchMode=yes", "ConnectTimeout=5", "StrictHostKeyChecking=yes"]
        .concat(`UserKnownHostsFile=${knownHosts}`)
        .flatMap((option) => ["-o", option]),
    ];
    const known = readFileSync(knownHosts, "utf8").split("\n");
    const addresses = known.map((line) => line.split(" ")[0]?.split(",") ?? []);
    const [
      [, appAddress = ""] = [],
      [, , , databaseAddress = ""] = [],
      [, backupAddress = ""] = [],
    ] = addresses;
    const app = `deployer@${appAddress}`;
    if (host === "backup") {
      return this.from("operator", "ssh", ...options, `deployer@${backupAddress}`, command);
    }
    if (host === "app") return this.from("operator", "ssh", ...options, app, command);
    const through = ["ssh", ...options, "-W", "%h:%p", app].join(" ");
    // Until it is greeted, there is a whole login at the app server to wait for.
    const way = ["ConnectTimeout=30", `ProxyCommand=${through}`].flatMap((one) => ["-o", one]);
    const words = [...way, ...options, `deployer@${databaseAddress}`, command];
    return this.from("operator", "ssh", ...words);
  }

  from(place: string, ...command: string[]): Ran {
    return this.run(["from", place, "--", ...command]);
  }
}
