import { type Role, ROLES, SHORT_NAMES } from "../../components/lib/roles";
import type { CloudPaths } from "../paths";
import { readOutputs } from "./stack";

/** The servers that the last run left and that somebody has deleted since, past the stack. */
export async function goneServers(
  paths: CloudPaths,
  { url, token }: { url: string; token: string },
): Promise<Role[]> {
  const outputs = readOutputs(paths);
  const gone: Role[] = [];
  for (const role of ROLES) {
    const id = (outputs[role]?.value as { id?: string } | undefined)?.id;
    if (id === undefined || !/^\d+$/.test(id)) continue;
    // As the engine's commands that follow keep this process from noticing that an idle connection ends.
    const headers = { authorization: `Bearer ${token}`, connection: "close" };
    const answer = await fetch(`${url}/v4/linode/instances/${id}`, { headers });
    if (answer.status === 404) gone.push(role);
  }
  return gone;
}

/** What that means, for whoever runs `up`. */
export function goneText(role: Role): string {
  const what = `the ${SHORT_NAMES[role]} server is gone, not by this stack: it is made again`;
  switch (role) {
    case "app":
      return (
        `${what}. The way to the database server has gone with it, which lets nobody in but that app server: if its steps ` +
        "get no connection, take the cloud `down` and `up` again."
      );
    case "database":
      return `${what}, without data. Bring them back: npm run backup -- restore --into <schema>`;
    case "backup":
      return `${what}, without the backups that it held.`;
    default:
      return role satisfies never;
  }
}
