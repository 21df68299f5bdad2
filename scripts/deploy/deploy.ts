/** One deploy: what is to run is looked at whole, packed, sent where it is missing, and put into service. */
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import { seconds } from "../../local/cli/progress";
import { UserError } from "../../local/cli/user-error";
import type { Stack } from "../stacks/stack";
import { asTyped } from "../typed-path";
import {
  type Artefact,
  artefactFaults,
  artefactWarnings,
  type Facts,
  refuseFaulty,
} from "./artefact";
import type { AppServer } from "./app-server";
import { hasDependencies } from "./dependency-faults";
import { directoryWarnings, install, readDirectory, withInstalled } from "./directory";
import { type Account, deploymentOf, type Target } from "./outputs";
import { idOf, pack, type Packed } from "./pack";
import { isObject, type Json, PACKAGE } from "./package-faults";
import { onEach, type Session, type SessionOptions, stackOf, withSession } from "./session";
import { readTarball } from "./tarball";
import { whoDeploys } from "./who";

export interface DeployOptions extends SessionOptions {
  by?: string;
  dryRun?: boolean;
}

/** What came of it. */
export interface DeployReport {
  release: string;
  name: string;
  version: string;
  sha256: string;
  bytes: number;
  origin: string;
  by: string;
  dryRun: boolean;
  seconds: number;
  warnings: readonly string[];
  servers: { host: string; sent: boolean; result: string }[];
}

/** Deploys a folder or a tarball. */
export async function deploy(source: string, options: DeployOptions): Promise<void> {
  const file = asTyped(source);
  if (!statSync(file, { throwIfNoEntry: false })) {
    throw new UserError(`There is no ${file}: name the folder of a release, or its tarball.`, 64);
  }
  const report = await deployTo(stackOf(options), file, options);
  console.log(options.json === true ? JSON.stringify(report, null, 2) : render(report));
}

/** The same with a stack at hand. */
export async function deployTo(
  stack: Stack,
  file: string,
  options: DeployOptions,
): Promise<DeployReport> {
  const by = whoDeploys(options.by);
  return withSession(stack, options, async (session) => {
    const { target, apps, progress, folder } = session;
    const begun = performance.now();
    const states = await onEach(apps, (app) => app.status());
    const facts = {
      nodes: [...new Set(states.map(({ node }) => node))],
      secrets: target.secrets,
    };
    const { artefact, warnings } = await read(session, file, facts);
    for (const warning of warnings) progress.line("warning", warning);
    const { name, version, stronghold } = packageOf(artefact);
    // Before anything is sent: a release that cannot be migrated is of no use there.
    const account = hasMigration(stronghold) ? deploymentOf(target) : undefined;
    const packed = await pack(artefact.root, artefact.items, join(folder, "release.tar.gz"));
    progress.line("release", `${idOf(packed)}, ${megabytes(packed.bytes)}`);
    const work = options.dryRun === true ? look : serve;
    const servers = await onEach(apps, (app) => work(app, { packed, by, account, session }));
    return {
      ...{ release: idOf(packed), name: String(name), version: String(version) },
      ...{ sha256: packed.sha256, bytes: packed.bytes, origin: target.origin, by },
      dryRun: options.dryRun === true,
      seconds: Math.round(performance.now() - begun) / 1000,
      ...{ warnings, servers },
    };
  });
}

/** All of its faults are told at once, before anything is sent. */
async function read(
  { progress, folder }: Pick<Session, "progress" | "folder">,
  file: string,
  facts: Facts,
): Promise<{ artefact: Artefact; warnings: string[] }> {
  if (!statSync(file).isDirectory()) {
    progress.line("release", `looking through ${file}`);
    const artefact = await readTarball(file, folder);
    refuseFaulty(file, artefactFaults(artefact, facts));
    return { artefact, warnings: artefactWarnings(artefact) };
  }
  progress.line("release", `copying ${file}`);
  const copied = readDirectory(resolve(file), folder);
  refuseFaulty(file, artefactFaults(copied, facts));
  const isInstalled = !hasDependencies(copied);
  if (!isInstalled) progress.line("release", "installing what its lock file says");
  const artefact = isInstalled ? withInstalled(copied) : await install(copied, file);
  refuseFaulty(file, artefactFaults(artefact, facts));
  return { artefact, warnings: [...directoryWarnings(file), ...artefactWarnings(artefact)] };
}

interface Order {
  packed: Packed;
  by: string;
  account: Account | undefined;
  session: { progress: Session["progress"]; target: Target };
}

async function serve(app: AppServer, order: Order): Promise<DeployReport["servers"][number]> {
  const { packed, by, account, session } = order;
  const isThere = await app.has(packed);
  session.progress.line(
    app.host,
    isThere ? "has this release already" : `sending ${megabytes(packed.bytes)}`,
  );
  if (!isThere) await app.receive(packed);
  const result = await app.deploy(idOf(packed), by, account);
  return { host: app.host, sent: !isThere, result };
}

/** What `serve` would do. */
async function look(app: AppServer, { packed }: Order): Promise<DeployReport["servers"][number]> {
  const isThere = await app.has(packed);
  const result = isThere ? "has this release already" : `lacks ${megabytes(packed.bytes)}`;
  return { host: app.host, sent: false, result };
}

function packageOf({ root }: Artefact): Json {
  return JSON.parse(readFileSync(join(root, PACKAGE), "utf8")) as Json;
}

function hasMigration(stronghold: unknown): boolean {
  return isObject(stronghold) && stronghold["migrate"] !== undefined;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function render({ name, version, release, origin, dryRun, ...rest }: DeployReport): string {
  const what = `${name} ${version} (release ${release})`;
  const took = seconds(rest.seconds * 1000);
  if (!dryRun) return `${what} serves at ${origin} now; ${took}.`;
  const found = rest.servers.map(({ host, result }) => `the server "${host}" ${result}`);
  return `${what} is in order, and nothing was sent: ${found.join(", ")}; ${took}.`;
}
