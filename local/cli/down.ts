import { existsSync, rmSync } from "node:fs";

import { LocalMachines } from "../machines";
import { cloudPaths } from "../paths";
import { stopDaemon } from "./daemon-control";
import { withLock } from "./lock";
import { Progress } from "./progress";
import { requireRoot } from "./readiness";

/**
 * Takes the whole cloud down: daemon, hosts, networks, state.
 *
 * It sweeps what the machine shows (processes, namespaces, mounts) rather than what some file says
 * was made, so it also clears up after a crash. Images and packages stay in the cache.
 */
export async function down(options: { json?: boolean }): Promise<void> {
  requireRoot();
  const paths = cloudPaths();
  const progress = new Progress();
  const existed = existsSync(paths.stateDir);
  const start = performance.now();
  await withLock(paths.stateDir, "down", async () => {
    await stopDaemon(paths);
    const { stateDir, cacheDir, cloudId } = paths;
    const log = (text: string): void => {
      progress.line("down", text);
    };
    await new LocalMachines({ stateDir, cacheDir, cloudId, log }).down();
    rmSync(stateDir, { recursive: true, force: true });
  });
  const report = { existed, seconds: (performance.now() - start) / 1000 };
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else {
    const text = existed
      ? "The local cloud is down; nothing of it is left"
      : "There was no local cloud";
    console.log(`${text}. (${report.seconds.toFixed(1)} s)`);
  }
}
