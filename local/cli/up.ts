import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ensureImage } from "../machines/image";
import { DEBIAN } from "../machines/recipes";
import { vantageCommand } from "../machines/vantage";
import { OutsideWorld } from "../outside/world";
import { type CloudPaths, cloudPaths } from "../paths";
import { ensureDaemon, runningDaemon } from "./daemon-control";
import { runEmbedded } from "./embedded-engine";
import { chooseEngine, type Engine } from "./engines";
import { goneServers, goneText } from "./gone";
import { withLock } from "./lock";
import { DEPLOYER, imagesOf, prepareOperator, scopesToGrant } from "./operator";
import { Progress } from "./progress";
import { runPulumi } from "./pulumi-engine";
import { prepareHosts } from "./readiness";
import { withAgent } from "./ssh-agent";
import { writeSshFiles } from "./ssh-files";
import type { RunOptions, StackResult } from "./stack";
import { UserError } from "./user-error";

export interface UpOptions extends RunOptions {
  engine: "auto" | Engine;
  /** A settings file to use instead of `Pulumi.local.yaml`. */
  settings?: string;
  json?: boolean;
  /** Whether to leave the result for the caller to tell. */
  quiet?: boolean;
}

/** What `up --json` prints. */
export interface UpReport extends Omit<StackResult, "outputs"> {
  engine: Engine;
  seconds: number;
}

/** Stands the environment up, or brings it to what the settings say. */
export async function up(options: UpOptions): Promise<void> {
  const paths = cloudPaths();
  const progress = new Progress();
  // Where the cloud already runs, the machine has shown that it can.
  if (!runningDaemon(paths)) await prepareHosts(progress, "cloud");
  const report = await withLock(paths.stateDir, "up", () => bringUp(paths, options, progress));
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else if (!options.quiet) explain(report);
}

async function bringUp(
  paths: CloudPaths,
  options: UpOptions,
  progress: Progress,
): Promise<UpReport> {
  const start = performance.now();
  const engine = await chooseEngine(options.engine, readEngine(paths));
  const keys = prepareOperator(paths, options.settings, options.overrides);
  const deployerKey = keys.files[DEPLOYER];
  if (deployerKey === undefined) {
    throw new UserError(
      "Pulumi.local.yaml: leave `stronghold:deployer.keys` empty. The local cloud makes that key, because it needs its private half.",
    );
  }
  await prepareImages(paths, progress);
  const daemon = await ensureDaemon(paths);
  progress.line("cloud", `${paths.cloudId} answers at http://127.0.0.1:${daemon.port}`);
  await new OutsideWorld(paths).start();
  progress.line("engine", ENGINE_NAMES[engine]);
  // Written before the run, since a run that dies half-way has made resources too.
  writeFileSync(engineFile(paths), engine);

  const agentSocket = join(paths.operatorDir, "agent.sock");
  // No more than README says is needed, so that every run shows that it is enough.
  const scopes = scopesToGrant(paths);
  const token = `${daemon.token}:${scopes.join(",")}`;
  const api = { url: `http://127.0.0.1:${daemon.port}`, token };
  const gone = await goneServers(paths, api);
  for (const role of gone) progress.line("notice", goneText(role));
  if (gone.includes("database")) {
    // Else its first connection would be refused by an app server that still leads to the one before.
    const overrides = { "stronghold:replacing": "database", ...options.overrides };
    prepareOperator(paths, options.settings, overrides);
  }
  const enterOperator = vantageCommand(paths.cloudId, "operator");
  const result = await withAgent(agentSocket, deployerKey, () => {
    const { replace } = options;
    const run = { paths, api, agentSocket, enterOperator, ...(replace ? { replace } : {}) };
    return engine === "pulumi" ? runPulumi("up", run) : runEmbedded(run, progress);
  });
  writeFileSync(paths.outputsFile, JSON.stringify(result.outputs, null, 2), { mode: 0o600 });
  writeSshFiles(paths, result.outputs, keys);
  const { created, updated, deleted, same } = result;
  return { engine, created, updated, deleted, same, seconds: (performance.now() - start) / 1000 };
}

/** Here rather than in the daemon, so that a first build of 40 s shows itself. */
async function prepareImages(paths: CloudPaths, progress: Progress): Promise<void> {
  const onProgress = (text: string): void => {
    progress.line("image", text);
  };
  // Where the cloud runs it has mounted Debian's, and to read a whole image takes longer than to say so.
  const isBuilt = (image: string): boolean =>
    image === DEBIAN && runningDaemon(paths) !== undefined;
  for (const image of imagesOf(paths)) {
    if (isBuilt(image)) continue;
    await ensureImage({ cacheDir: paths.cacheDir, image, onProgress }).catch((error: unknown) => {
      throw new UserError(error instanceof Error ? error.message : String(error));
    });
  }
}

const ENGINE_NAMES: Record<Engine, string> = {
  embedded: "embedded: for trying out and tests; the Pulumi CLI is not used",
  pulumi: "pulumi: the real engine and the real providers",
};

function engineFile(paths: CloudPaths): string {
  return join(paths.stateDir, "engine");
}

/** The engine that made this cloud's stack, if there is one. */
export function readEngine(paths: CloudPaths): Engine | undefined {
  const file = engineFile(paths);
  return existsSync(file) ? (readFileSync(file, "utf8") as Engine) : undefined;
}

function explain(report: UpReport): void {
  const changed = report.created + report.updated + report.deleted;
  const counts =
    changed === 0
      ? `Nothing to change: all ${report.same} resources are as declared.`
      : `${report.created} created, ${report.updated} updated, ${report.deleted} deleted, ${report.same} unchanged.`;
  console.log(`\n${counts} (${report.engine} engine, ${report.seconds.toFixed(1)} s)\n`);
  console.log(
    "  npm run local -- ssh app                     log in as an admin, host keys verified",
  );
  console.log(
    "  npm run local -- ssh db                      through the app server, the only way",
  );
  console.log("  npm run local -- ssh backup                  where the backups are kept");
  console.log("  npm run backup -- list                       the backups that there are");
  console.log(
    "  npm run deploy -- examples/hello             an application (the README has how it is built)",
  );
  console.log("  npm run audit                                whether every promise is kept");
  console.log("  npm run local -- alerts                      who was told of these logins");
  console.log("  npm run local -- status                      machines, vantage points, outputs");
  console.log("  npm run local -- from stranger -- <command>  look at it from outside");
  console.log("  npm run local -- down                        take it all down");
}
