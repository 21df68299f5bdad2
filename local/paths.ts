import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where one local cloud keeps what it made. */
export interface CloudPaths {
  /** Six hex digits that tell this cloud's namespaces, links and processes from any other's. */
  cloudId: string;
  projectDir: string;
  stateDir: string;
  /** Images and packages; shared by all clouds of this machine and kept by `down`. */
  cacheDir: string;
  socket: string;
  daemonLog: string;
  operatorDir: string;
  /** Of the time server, the mail relay and the web endpoints that stand in for the Internet. */
  outsideDir: string;
  /** The settings that a run uses: `Pulumi.local.yaml` with this cloud's keys filled in. */
  configFile: string;
  outputsFile: string;
  sshConfig: string;
  knownHosts: string;
}

/**
 * The paths of the local cloud that belongs to this checkout.
 *
 * Two checkouts, or one checkout with two values of `STRONGHOLD_CLOUD`, are two clouds: they run side
 * by side on one machine. `STRONGHOLD_STATE_DIR` (default `/var/lib/stronghold`) and
 * `STRONGHOLD_CACHE_DIR` (default `/var/cache/stronghold`) move them elsewhere.
 */
export function cloudPaths(env: NodeJS.ProcessEnv = process.env): CloudPaths {
  const projectDir = realpathSync(resolve(__dirname, ".."));
  const name = env["STRONGHOLD_CLOUD"] ?? "local";
  const cloudId = createHash("sha256").update(`${projectDir}\0${name}`).digest("hex").slice(0, 6);
  const stateDir = join(env["STRONGHOLD_STATE_DIR"] ?? "/var/lib/stronghold", cloudId);
  const operatorDir = join(stateDir, "operator");
  return {
    cloudId,
    projectDir,
    stateDir,
    cacheDir: env["STRONGHOLD_CACHE_DIR"] ?? "/var/cache/stronghold",
    socket: join(stateDir, "api.sock"),
    daemonLog: join(stateDir, "daemon.log"),
    operatorDir,
    outsideDir: join(stateDir, "outside"),
    configFile: join(operatorDir, "Pulumi.local.yaml"),
    outputsFile: join(operatorDir, "outputs.json"),
    sshConfig: join(operatorDir, "ssh_config"),
    knownHosts: join(operatorDir, "known_hosts"),
  };
}
