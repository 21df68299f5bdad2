/** How a stack of the real engine gets over a run that was killed: the engine, the machine, or the power. */
import { setTimeout as delay } from "node:timers/promises";

import { ROLES } from "../../components/lib/roles";
import {
  type Found,
  type PendingCreate,
  placeOf,
  type Place,
  readPendingCreates,
} from "./pending-creates";
import { handOverName, instanceName, readResources, type StateResource } from "./replacement";
import { UserError } from "./user-error";

/** The account that the stack is in. */
export interface Account {
  /** Origin of the API. */
  url: string;
  token: string;
}

export interface Recovery {
  /** The CLI, told its stack; answers with what it prints. */
  pulumi: (words: readonly string[]) => string;
  account: Account;
  say: (text: string) => void;
  /** Asked before something of the account is deleted. @default yes */
  agrees?: (what: string) => Promise<boolean>;
}

const LIMIT_MS = 120_000;
const POLL_MS = 500;
const REFRESH = ["refresh", "--yes", "--skip-preview"] as const;

/**
 * Brings state and account together after a killed run, and answers with how many creations it had cut off.
 *
 * What was being made is deleted, since nothing is on it yet: the engine's own import of it (`pulumi refresh
 * --import-pending-creates`) forgets it instead. A server whose first contact was cut off is made anew by the
 * next `up`: nobody knows which of its two host keys it shows.
 */
export async function recover(recovery: Recovery): Promise<number> {
  const { pulumi, say } = recovery;
  const exported = pulumi(["stack", "export"]);
  const pending = readPendingCreates(exported);
  if (pending.length === 0) return 0;
  // Refused while somebody else's run is under way, whose creations only look as if they had been cut off.
  pulumi([...REFRESH, "--skip-pending-creates"]);
  const resources = readResources(exported);
  say(`a run was cut off while it created ${pending.map(({ urn }) => nameOf(urn)).join(", ")}`);
  for (const create of pending) await removeTrace(create, resources, recovery);
  pulumi([...REFRESH, "--clear-pending-creates"]);
  remake(pending, resources, recovery);
  return pending.length;
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

async function removeTrace(
  create: PendingCreate,
  resources: readonly StateResource[],
  recovery: Recovery,
): Promise<void> {
  const place = placeOf(create);
  if (!place) return;
  // A later run may have made it after all: the engine keeps the note of the first one.
  const known = resources.filter(({ urn }) => urn === create.urn).map(({ id }) => id);
  for (const { id } of await list(recovery, place)) {
    if (known.includes(String(id))) continue;
    const what = `${place.list.slice(1)}/${id} (${nameOf(create.urn)})`;
    if ((await recovery.agrees?.(what)) === false) {
      throw new UserError(`${what} is still there, and nothing knows of it. Nothing was changed.`);
    }
    recovery.say(`deleting ${what}, which nothing else knows of`);
    await call(recovery.account, `${place.list}/${id}`, { method: "DELETE" });
    await gone(recovery, place, id);
  }
}

/** A label is free once its owner is gone. */
async function gone(recovery: Recovery, place: Place, id: number): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while ((await list(recovery, place)).some((found) => found.id === id)) {
    if (Date.now() > deadline) throw new UserError(`${place.list}/${id} does not go away.`);
    await delay(POLL_MS);
  }
}

/** The first contact is the one step that cannot be repeated: it ends the validity of its own keys. */
function remake(
  pending: readonly PendingCreate[],
  resources: readonly StateResource[],
  { pulumi, say }: Recovery,
): void {
  const find = (name: string): StateResource | undefined =>
    resources.find(({ urn }) => nameOf(urn) === name);
  for (const role of ROLES) {
    const instance = find(instanceName(role));
    if (!instance || !pending.some(({ urn }) => nameOf(urn) === handOverName(role))) continue;
    const [metWith] = (find(handOverName(role))?.inputs?.["triggers"] ?? []) as unknown[];
    if (metWith === instance.id) continue;
    say(`the next up makes ${instanceName(role)} anew: its first contact was cut off`);
    if (instance.protect) pulumi(["state", "unprotect", instance.urn, "--yes"]);
    pulumi(["state", "taint", instance.urn, "--yes"]);
  }
}

async function list({ account }: Recovery, place: Place): Promise<Found[]> {
  const headers = { "x-filter": JSON.stringify(place.filter) };
  const answer = await call(account, `${place.list}?page_size=500`, { headers });
  const { data } = (await answer.json()) as { data: Found[] };
  return data.filter(place.isOurs);
}

async function call(
  account: Account,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> },
): Promise<Response> {
  const root = account.url.replace(/\/+$/, "").replace(/\/v4(beta)?$/, "");
  const answer = await fetch(`${root}/v4${path}`, {
    method,
    // While the CLI runs, nobody here would notice that the API closes an idle connection.
    headers: { ...headers, authorization: `Bearer ${account.token}`, connection: "close" },
    signal: AbortSignal.timeout(LIMIT_MS),
    redirect: "error",
  });
  if (answer.ok) return answer;
  throw new UserError(`The Linode API answered ${answer.status} to ${method} ${path}.`);
}
