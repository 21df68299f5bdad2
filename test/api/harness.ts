import { setImmediate } from "node:timers/promises";

import { type Api, type ApiOptions, createApi, MemoryStore } from "../../local/api";
import { FakeMachines } from "./fake-machines";
import { type Answer, type VendorClient, type VendorEvent, vendorClient } from "./vendor-client";

export const TOKEN = "a-token-of-the-tests";
export const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKv0Yz0n5mPq8c1Xo9T2h8y0QeJ3b5l6w7u8i9o0p1a2 tests";

export interface Cloud {
  origin: string;
  api: Api;
  client: VendorClient;
  machines: FakeMachines;
  log: string[];
}

const open: Api[] = [];

/** A local API of its own on a port of its own, driven by the vendor's client. */
export async function startCloud(options: Partial<ApiOptions> = {}): Promise<Cloud> {
  const machines = new FakeMachines();
  const log: string[] = [];
  const api = createApi({
    machines,
    store: new MemoryStore(),
    token: TOKEN,
    log: (line) => log.push(line),
    ...options,
  });
  open.push(api);
  const origin = await api.listen({ host: "127.0.0.1", port: 0 });
  const used = (options.machines ?? machines) as FakeMachines;
  return { origin, api, client: vendorClient(origin, TOKEN), machines: used, log };
}

/** For `afterEach`. */
export async function stopClouds(): Promise<void> {
  await Promise.all(open.splice(0).map((api) => api.close()));
}

/** The body of a create as the provider sends it, one part of it replaced or, with `undefined`, left out. */
export function linodeBody(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    region: "us-east",
    type: "g6-nanode-1",
    label: "stronghold-local-app",
    root_pass: "Zq7!mmW2-canary-pass",
    authorized_keys: [KEY],
    image: "linode/debian13",
    backups_enabled: true,
    private_ip: true,
    tags: ["stronghold"],
    metadata: { user_data: Buffer.from("#cloud-config\n").toString("base64") },
    disk_encryption: "enabled",
    booted: true,
    ...changes,
  };
}

export function rule(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    action: "ACCEPT",
    label: "ssh-from-operator",
    protocol: "TCP",
    ports: "22",
    addresses: { ipv4: ["203.0.113.10/32"] },
    ...changes,
  };
}

export function firewallBody(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    label: "stronghold-app",
    tags: [],
    rules: { inbound: [rule()], inbound_policy: "DROP", outbound: [], outbound_policy: "ACCEPT" },
    devices: { linodes: [], nodebalancers: [] },
    ...changes,
  };
}

/** A request below `/v4` by the vendor's own HTTP client, past the checks that the library does itself. */
export function send(
  { client }: Cloud,
  method: string,
  path: string,
  data?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return client.baseRequest.request({
    method,
    url: `/v4${path}`,
    data,
    headers: { "Content-Type": "application/json", ...headers },
    validateStatus: () => true,
  });
}

/** What a refused call of the vendor's library was answered. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ status: number; errors: unknown }> {
  const answer = await call.then(
    () => undefined,
    (error: unknown) => (error as { response?: Answer }).response,
  );
  if (!answer) throw new Error("expected an answer other than success");
  return { status: answer.status, errors: (answer.data as { errors: unknown }).errors };
}

/** Asks until the answer is as wanted, for at most thirty seconds: it is there at once, unless the machine is busy. */
export async function poll<T>(ask: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await ask();
    if (wanted(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after 30 s`);
    // Lets the server, which lives in this process, have its turn.
    await setImmediate();
  }
}

/** A Linode that is up, made the way the provider does it. */
export async function runningLinode(cloud: Cloud, changes: Record<string, unknown> = {}) {
  const { id } = await cloud.client.createLinode(linodeBody(changes));
  return poll(
    () => cloud.client.getLinode(id),
    ({ status }) => status === "running",
  );
}

/**
 * Does what the provider does around an action: lists the events of its kind, acts, polls for an event
 * with a new id, and polls that one until it has ended.
 */
export async function awaitEvent(
  { client }: Cloud,
  action: string,
  linodeId: number,
  act: () => Promise<unknown>,
): Promise<VendorEvent> {
  const filter = {
    "+order": "desc",
    "+order_by": "created",
    action,
    "entity.id": linodeId,
    "entity.type": "linode",
  };
  const list = async () => (await client.getEvents({ page: 1 }, filter)).data;
  const known = (await list()).map(({ id }) => id);
  await act();
  const found = await poll(list, (events) => events.some(({ id }) => !known.includes(id)));
  const { id } = found.find((event) => !known.includes(event.id))!;
  return poll(
    () => client.getEvent(id),
    ({ status }) => status !== "started",
  );
}
