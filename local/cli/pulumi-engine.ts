import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { CloudPaths } from "../paths";
import { isLeftLocked } from "./engine-lock";
import { recover } from "./recovery";
import { makeWay } from "./replacement";
import { linkProject, privateHome } from "./pulumi-project";
import { forwardSignals } from "./runner-process";
import type { EngineRun, StackResult } from "./stack";
import { STACK } from "./stack";
import { endOf, WHOLE_STATES } from "./pulumi-output";
import { UserError } from "./user-error";

/** Verbs whose closing count of resources is the result. */
export type PulumiVerb = "up" | "preview" | "refresh" | "destroy";

/**
 * How each verb runs without anybody to ask. An update is preceded by its preview, at whose first refusal nothing
 * has happened yet: else what is declared before a protected server would have been replaced already. Where
 * something is to change, the engine looks first at what there is, as the embedded runner does: somebody else may
 * have deleted a server, whose deletion would fail then.
 */
const HOW: Record<PulumiVerb, readonly string[]> = {
  up: ["--yes", "--refresh"],
  preview: [],
  refresh: ["--yes", "--skip-preview"],
  destroy: ["--yes", "--skip-preview", "--refresh"],
};

/** Takes the protection off every resource of the stack, so that it can be destroyed. */
export function unprotectAll(run: EngineRun): void {
  const words = ["state", "unprotect", "--all", "--yes", "--stack", STACK];
  pulumiOnce(run.paths, pulumiEnvironment(run), words);
}

/**
 * Runs the real engine and the real providers against the local cloud.
 *
 * Home, backend and passphrase live in the cloud's state folder, so that the user's own login is
 * neither used nor touched; the one thing shared is the folder of downloaded plug-ins.
 */
export async function runPulumi(
  verb: PulumiVerb,
  run: EngineRun,
  extra: readonly string[] = [],
): Promise<StackResult> {
  const env = pulumiEnvironment(run);
  prepare(run, env);
  if (verb === "up" || verb === "destroy") await getOver(run, env);
  const flags = ["--stack", STACK, "--non-interactive"];
  const how = HOW[verb];
  const pulumi = (words: readonly string[]): string =>
    pulumiOnce(run.paths, env, [...words, "--stack", STACK]);
  const replacing = run.replace === undefined ? [] : makeWay(run.replace, pulumi);
  const text = await stream(run, env, [verb, ...flags, ...how, ...replacing, ...extra]);
  return { ...countResources(text), outputs: verb === "destroy" ? {} : readOutputs(run, env) };
}

/** What it finds in its environment. */
export function pulumiEnvironment({ paths, api, agentSocket }: EngineRun): NodeJS.ProcessEnv {
  const home = join(paths.stateDir, "pulumi");
  return {
    PATH: process.env["PATH"],
    LANG: process.env["LANG"] ?? "C.UTF-8",
    // A `~/.config/linode` of the user's would be read by the provider.
    HOME: home,
    PULUMI_HOME: join(home, "home"),
    PULUMI_BACKEND_URL: `file://${join(home, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: join(home, "passphrase"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    LINODE_URL: api.url,
    LINODE_TOKEN: api.token,
    // The vendor's default of 4 s guards the real API's limits; here it would only be waiting.
    LINODE_EVENT_POLL_MS: "100",
    SSH_AUTH_SOCK: agentSocket,
  };
}

/** Makes the private Pulumi home once: passphrase, backend, the stack, and its plug-ins. */
function prepare({ paths }: EngineRun, env: NodeJS.ProcessEnv): void {
  const home = join(paths.stateDir, "pulumi");
  mkdirSync(join(home, "backend"), { recursive: true, mode: 0o700 });
  const passphrase = join(home, "passphrase");
  if (!existsSync(passphrase)) {
    writeFileSync(passphrase, randomBytes(24).toString("hex"), { mode: 0o600 });
  }
  privateHome(join(home, "home"));
  linkProject(paths.projectDir, projectFolder(paths), { stack: STACK, file: paths.configFile });
  // Here, not in the operator's namespace, because only the machine itself can download.
  pulumiOnce(paths, env, ["install", "--no-dependencies"]);
  pulumiOnce(paths, env, ["stack", "select", "--create", "--stack", STACK]);
}

/** Gets over a run that was killed, as an operator does with `pulumi cancel` and `npm run recover`. */
export async function getOver(run: EngineRun, env = pulumiEnvironment(run)): Promise<void> {
  const { paths, api } = run;
  const pulumi = (words: readonly string[]): string =>
    pulumiOnce(paths, env, [...words, "--stack", STACK]);
  if (isLeftLocked(join(paths.stateDir, "pulumi", "backend"))) pulumi(["cancel", "--yes"]);
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  await recover({ pulumi, account: api, say });
}

/** Where `pulumi` is run: the project as it is, but with this cloud's settings for the stack. */
function projectFolder({ stateDir }: CloudPaths): string {
  return join(stateDir, "pulumi", "project");
}

function pulumiOnce(paths: CloudPaths, env: NodeJS.ProcessEnv, args: string[]): string {
  const cwd = projectFolder(paths);
  return endOf(args, spawnSync("pulumi", args, { cwd, env, ...WHOLE_STATES }));
}

function stream(run: EngineRun, env: NodeJS.ProcessEnv, args: string[]): Promise<string> {
  const { command, words, cwd } = engineCall(run, args);
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    const signals = forwardSignals((signal) => child.kill(signal));
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      process.stderr.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      signals.stop();
      const how = code === null ? `was ended by ${String(signal)}` : `failed (exit ${code})`;
      if (code === 0) resolve(text);
      else reject(new UserError(`pulumi ${args[0] ?? ""} ${how}; see above.`));
    });
  });
}

/** How the engine is started where the operator is. */
export function engineCall(
  { enterOperator, paths }: EngineRun,
  args: readonly string[],
): { command: string; words: string[]; cwd: string } {
  const [command, ...words] = [...enterOperator, "pulumi", ...args, "--color", "never"];
  return { command, words, cwd: projectFolder(paths) };
}

/** Reads the last closing count of a run, such as `+ 3 created` and `2 changes. 34 unchanged`. */
export function countResources(text: string): Omit<StackResult, "outputs"> {
  const [section = ""] = (text.split("\nResources:\n").at(-1) ?? text).split("\n\n");
  const counts = [...section.matchAll(/(\d+) (to [a-z]+|[a-z]+)/g)];
  const count = (...words: string[]): number => {
    let sum = 0;
    for (const [, number, word] of counts) if (words.includes(word ?? "")) sum += Number(number);
    return sum;
  };
  return {
    created: count("created", "to create", "replaced", "to replace"),
    updated: count("updated", "to update"),
    deleted: count("deleted", "to delete"),
    same: count("unchanged"),
  };
}

function readOutputs(run: EngineRun, env: NodeJS.ProcessEnv): StackResult["outputs"] {
  const json = (flags: string[]): Record<string, unknown> => {
    const args = ["stack", "output", "--stack", STACK, "--json", ...flags];
    return JSON.parse(pulumiOnce(run.paths, env, args)) as Record<string, unknown>;
  };
  const plain = json(["--show-secrets"]);
  const masked = json([]);
  return Object.fromEntries(
    Object.entries(plain).map(([name, value]) => [
      name,
      { value, secret: JSON.stringify(masked[name]) !== JSON.stringify(value) },
    ]),
  );
}
