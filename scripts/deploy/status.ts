import type { Stack } from "../stacks/stack";
import type { Status } from "./app-server";
import { shown } from "./artefact";
import { onEach, type SessionOptions, stackOf, withSession } from "./session";

export interface StatusReport {
  stack: string;
  origin: string;
  servers: (Status & { host: string })[];
}

/** Shows what serves, what there is to go back to, and who has deployed when. */
export async function status(options: SessionOptions): Promise<void> {
  const report = await statusOf(stackOf(options), options);
  console.log(options.json === true ? JSON.stringify(report, null, 2) : renderStatus(report));
}

/** The same with a stack at hand. */
export async function statusOf(stack: Stack, options: SessionOptions): Promise<StatusReport> {
  return withSession(stack, options, async ({ target, apps }) => ({
    ...{ stack: target.stack, origin: target.origin },
    servers: await onEach(apps, async (app) => ({ host: app.host, ...(await app.status()) })),
  }));
}

export function renderStatus({ origin, servers }: StatusReport): string {
  return servers.map((server) => renderServer(origin, server).map(shown).join("\n")).join("\n\n");
}

function renderServer(origin: string, server: StatusReport["servers"][number]): string[] {
  const { host, service, node, lock, releases, deploys } = server;
  return [
    `${host}: ${origin}, ${service}, Node.js ${node}`,
    ...(lock === null ? [] : [`A deploy is at work: ${lock}`]),
    ...(releases.length === 0 ? ["Nothing has been deployed yet."] : ["Releases:"]),
    ...columns(
      releases.map(({ id, name, version, deployed, current }) => [
        ...[current ? "*" : " ", id, `${name} ${version}`],
        deployed ?? "never in service",
      ]),
    ),
    ...(deploys.length === 0 ? [] : ["Deploys, the newest first:"]),
    ...columns(
      deploys.map(({ at, by, action, release, result }) => [
        ...[at, by, action, release ?? "", result],
      ]),
    ),
  ];
}

function columns(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
}
