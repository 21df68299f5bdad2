import * as pulumi from "@pulumi/pulumi";

import {
  type Account,
  accountWarnings,
  CAPABILITIES,
  type Needs,
  type Region,
  regionWarnings,
  scopesFor,
} from "./lib/account";
import type { Settings } from "./lib/settings";

const API = "https://api.linode.com";
/** A slow answer must not hold up an update: whatever is wrong shows in the update itself, too. */
const LIMIT_MS = 5_000;

/**
 * Warns of an account that is weaker than the servers in it, before anything is created (catalogue G18).
 *
 * Without a token, as in a preview of a pull request, nobody is asked. Warnings never end the run.
 */
export async function warnAboutAccount(settings: Settings): Promise<void> {
  const config = new pulumi.Config("linode");
  const token = config.get("token") ?? process.env["LINODE_TOKEN"];
  if (token === undefined || token === "") return;
  const origin = config.get("url") ?? process.env["LINODE_URL"] ?? API;
  for (const warning of await warningsOf({ origin, token }, needsOf(settings))) {
    void pulumi.log.warn(warning);
  }
}

/** What a stack with these settings needs. */
export function needsOf({ region, app, database, backup, dns, network }: Settings): Needs {
  const hasVpc = network.private === "vpc";
  const capabilitiesOf = (...servers: { linodeBackups: boolean }[]): string[] => {
    const isCopied = servers.some(({ linodeBackups }) => linodeBackups);
    return [...CAPABILITIES, ...(isCopied ? ["Backups"] : [])];
  };
  const here = [...capabilitiesOf(app, database), ...(hasVpc ? ["VPCs"] : [])];
  const regions = new Map([[region, here]]);
  const { server } = backup;
  if ("region" in server) regions.set(server.region, capabilitiesOf(server));
  return { scopes: scopesFor({ isNamed: dns !== undefined, hasVpc }), regions };
}

interface Access {
  origin: string;
  token: string;
}

async function warningsOf(access: Access, needs: Needs): Promise<string[]> {
  try {
    const all = await Promise.all([
      readAccount(access).then((account) => accountWarnings(account, needs.scopes)),
      ...[...needs.regions].map(async ([id, needed]) => {
        const region = await readRegion(access, id);
        return region ? regionWarnings(region, needed) : [`Linode has no region ${id}.`];
      }),
    ]);
    return all.flat();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [`The Linode account could not be looked at: ${reason}.`];
  }
}

async function readAccount(access: Access): Promise<Account> {
  const answer = await get(access, "/profile");
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  const { username, two_factor_auth: twoFactor } = (await answer.json()) as {
    username: string;
    two_factor_auth: boolean;
  };
  return { username, twoFactor, scopes: answer.headers.get("x-oauth-scopes") ?? "" };
}

async function readRegion(access: Access, id: string): Promise<Region | undefined> {
  const answer = await get(access, `/regions/${id}`);
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  return (await answer.json()) as Region;
}

function get({ origin, token }: Access, path: string): Promise<Response> {
  const root = origin.replace(/\/+$/, "").replace(/\/v4(beta)?$/, "");
  return fetch(`${root}/v4${path}`, {
    // None is left idle for a later call, which might find it closed at the other end.
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      connection: "close",
    },
    signal: AbortSignal.timeout(LIMIT_MS),
    redirect: "error",
  });
}
