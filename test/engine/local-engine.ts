/** The real engine's verbs for a test cloud that is up, in the same surroundings as its `up`. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { runningDaemon } from "../../local/cli/daemon-control";
import {
  engineCall,
  getOver,
  pulumiEnvironment,
  type PulumiVerb,
  runPulumi,
  unprotectAll,
} from "../../local/cli/pulumi-engine";
import { withAgent } from "../../local/cli/ssh-agent";
import type { EngineRun, StackResult } from "../../local/cli/stack";
import { vantageCommand } from "../../local/machines/vantage";
import type { Ran, TestCloud } from "../e2e/cloud";

/** What a run that changes nothing counts. */
export const nothing = { created: 0, updated: 0, deleted: 0 };

/** A resource, as the engine's state has it. */
export interface StateResource {
  urn: string;
  id?: string;
  type: string;
  modified?: string;
  inputs?: unknown;
  protect?: boolean;
}

interface LocalEngine {
  pulumi: (verb: PulumiVerb, ...flags: string[]) => Promise<StackResult>;
  /** The CLI itself, for what it says; nothing that this project does around it. */
  cli: (...words: string[]) => Promise<Ran>;
  /** The same with something to read, which is in no command line. */
  tell: (input: string, ...words: string[]) => Promise<Ran>;
  /** Destroys all, the protected servers included. */
  destroyAll: () => Promise<void>;
}

export function pulumiOf(cloud: TestCloud): LocalEngine {
  const withRun = <T>(work: (run: EngineRun) => Promise<T>): Promise<T> => {
    const { paths } = cloud;
    const daemon = runningDaemon(paths);
    if (!daemon) throw new Error("the cloud is not up");
    const agentSocket = join(paths.operatorDir, "agent.sock");
    return withAgent(agentSocket, join(paths.operatorDir, "deployer_ed25519"), () =>
      work({
        paths,
        api: { url: `http://127.0.0.1:${daemon.port}`, token: daemon.token },
        agentSocket,
        enterOperator: vantageCommand(paths.cloudId, "operator"),
      }),
    );
  };
  const pulumi: LocalEngine["pulumi"] = (verb, ...flags) =>
    withRun((run) => runPulumi(verb, run, flags));
  const tell: LocalEngine["tell"] = (input, ...words) =>
    withRun((run) => runCli(run, [...words, "--stack", "local", "--non-interactive"], input));
  const cli: LocalEngine["cli"] = (...words) => tell("", ...words);
  const destroyAll = async (): Promise<void> => {
    await withRun(async (run) => {
      await getOver(run);
      unprotectAll(run);
    });
    await pulumi("destroy");
  };
  return { pulumi, cli, tell, destroyAll };
}

function runCli(run: EngineRun, args: readonly string[], input: string): Promise<Ran> {
  const { command, words, cwd } = engineCall(run, args);
  const env = pulumiEnvironment(run);
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => undefined).end(input);
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
    }
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 128, ...said });
    });
  });
}

/** Where the engine keeps what it knows, in the clear but for the secrets. */
export function stateFile({ paths }: TestCloud): string {
  return join(paths.stateDir, "pulumi/backend/.pulumi/stacks/stronghold/local.json");
}

interface State {
  resources: StateResource[];
  /** What a killed run was about, as `creating environment-app-instance`. */
  pending: string[];
}

export function readState(cloud: TestCloud): State {
  const { checkpoint } = JSON.parse(readFileSync(stateFile(cloud), "utf8")) as {
    checkpoint: {
      latest?: {
        resources?: StateResource[];
        pending_operations?: { type: string; resource: StateResource }[];
      };
    };
  };
  const { resources = [], pending_operations: pending = [] } = checkpoint.latest ?? {};
  return { resources, pending: pending.map(({ type, resource }) => `${type} ${nameOf(resource)}`) };
}

export function nameOf({ urn }: StateResource): string {
  return urn.split("::").at(-1) ?? "";
}
