import { join } from "node:path";

import type { RunnerEvent } from "../runner/events";
import { type Progress, seconds } from "./progress";
import { instanceName } from "./replacement";
import { runRunner } from "./runner-process";
import { type EngineRun, STACK, type StackResult } from "./stack";

/** Brings the stack up with the embedded runner, from the operator's vantage point. */
export async function runEmbedded(run: EngineRun, progress: Progress): Promise<StackResult> {
  const { paths, api } = run;
  const stateDir = join(paths.stateDir, "runner");
  const files = ["--state-dir", stateDir, "--config-file", paths.configFile];
  const replacing = run.replace === undefined ? [] : ["--replace", instanceName(run.replace)];
  const result = await runRunner({
    projectDir: paths.projectDir,
    args: ["up", "--stack", STACK, ...files, ...replacing],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      LINODE_URL: api.url,
      LINODE_TOKEN: api.token,
      SSH_AUTH_SOCK: run.agentSocket,
    },
    enter: run.enterOperator,
    onEvent: (event) => {
      show(event, progress);
    },
  });
  if (result.event !== "result") throw new Error(`the runner ended with a ${result.event}`);
  const { created, updated, deleted, same, outputs } = result;
  return { created, updated, deleted, same, outputs };
}

const DOING = {
  create: "creating",
  update: "updating",
  replace: "replacing",
  delete: "deleting",
  same: "unchanged",
} as const;

/** One line as a step starts that takes its time, one as it ends; what is unchanged is not worth one. */
function show(event: RunnerEvent, progress: Progress): void {
  if (event.event === "notice") progress.line("notice", event.message);
  if (event.event !== "resource" || event.action === "same") return;
  const { resource, action, status, elapsedMs, message } = event;
  // Random values take no time; a line each would hide the steps that do.
  if (resource.type.startsWith("random:") && status !== "failed") return;
  const took = elapsedMs === undefined ? "" : ` (${seconds(elapsedMs)})`;
  switch (status) {
    case "started":
      progress.line("stack", `${DOING[action]} ${resource.name}`);
      break;
    case "done":
      progress.line("stack", `${resource.name} done${took}`);
      break;
    case "failed":
      progress.line("stack", `${resource.name} FAILED${took}: ${message ?? ""}`);
      break;
    default:
      status satisfies never;
  }
}
