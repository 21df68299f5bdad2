/** The real engine's verbs for a test cloud that is up, in the same surroundings as its `up`. */
import { join } from "node:path";

import { runningDaemon } from "../../local/cli/daemon-control";
import { type PulumiVerb, runPulumi, unprotectAll } from "../../local/cli/pulumi-engine";
import { withAgent } from "../../local/cli/ssh-agent";
import type { EngineRun, StackResult } from "../../local/cli/stack";
import { vantageCommand } from "../../local/machines/vantage";
import type { TestCloud } from "../e2e/cloud";

/** What a run that changes nothing counts. */
export const nothing = { created: 0, updated: 0, deleted: 0 };

interface LocalEngine {
  pulumi: (verb: PulumiVerb, ...flags: string[]) => Promise<StackResult>;
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
  const destroyAll = async (): Promise<void> => {
    await withRun((run) => {
      unprotectAll(run);
      return Promise.resolve();
    });
    await pulumi("destroy");
  };
  return { pulumi, destroyAll };
}
