import { seconds } from "../../local/cli/progress";
import { UserError } from "../../local/cli/user-error";
import type { Stack } from "../stacks/stack";
import { onEach, type SessionOptions, stackOf, withSession } from "./session";
import { whoDeploys } from "./who";

export interface RollbackOptions extends SessionOptions {
  by?: string;
}

export interface RollbackReport {
  origin: string;
  by: string;
  seconds: number;
  servers: { host: string; result: string }[];
}

/** Puts the release into service that was deployed before, or the one of that id. */
export async function rollback(id: string | undefined, options: RollbackOptions): Promise<void> {
  const report = await rollbackAt(stackOf(options), id, options);
  if (options.json === true) {
    console.log(JSON.stringify(report, null, 2));
    return;
  }
  const found = report.servers.map(({ host, result }) => `the server "${host}": ${result}`);
  console.log(
    `${found.join("\n")}\nServing at ${report.origin}; ${seconds(report.seconds * 1000)}.`,
  );
}

/** The same with a stack at hand. */
export async function rollbackAt(
  stack: Stack,
  id: string | undefined,
  options: RollbackOptions,
): Promise<RollbackReport> {
  if (id !== undefined && !/^[0-9a-f]{16}$/.test(id)) {
    throw new UserError(
      `${JSON.stringify(id)} is not the id of a release; \`npm run deploy -- status\` shows what there is.`,
      64,
    );
  }
  const by = whoDeploys(options.by);
  return withSession(stack, options, async ({ target, apps }) => {
    const begun = performance.now();
    const servers = await onEach(apps, async (app) => ({
      host: app.host,
      result: await app.rollback(by, id),
    }));
    const took = Math.round(performance.now() - begun) / 1000;
    return { origin: target.origin, by, seconds: took, servers };
  });
}
