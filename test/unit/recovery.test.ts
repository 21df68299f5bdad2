// What a killed run of the engine left, and how state and account come together again.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isLeftLocked } from "../../local/cli/engine-lock";
import { placeOf, readPendingCreates } from "../../local/cli/pending-creates";
import { recover } from "../../local/cli/recovery";

const urn = (name: string): string => `urn:pulumi:prod::stronghold::x$y::${name}`;
const TAGS = ["stronghold", "stronghold-prod", "app"];

interface Found {
  id: number;
  label: string;
  tags: string[];
}

let server: Server;
let instances: Found[];
let calls: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { method = "", url = "" } = request;
    calls.push(`${method} ${url}`);
    const id = Number(/instances\/(\d+)$/.exec(url)?.[1]);
    if (method === "DELETE") instances = instances.filter((other) => other.id !== id);
    response.end(JSON.stringify(method === "DELETE" ? {} : { data: instances }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});

afterAll(() => {
  server.close();
});

beforeEach(() => {
  instances = [];
  calls = [];
});

const creating = (name: string, type: string, inputs: object = {}): object => ({
  type: "creating",
  resource: { urn: urn(name), type, inputs },
});
const INSTANCE = creating("environment-app-instance", "linode:index/instance:Instance", {
  label: "stronghold-prod-app",
  tags: TAGS,
});
const HAND_OVER = creating("environment-database-hardening-hand-over", "command:remote:Command");

/** Recovers a stack whose state is this; answers with what the CLI was told. */
async function recovered(
  deployment: { pending_operations?: object[]; resources?: object[] },
  agrees?: (what: string) => Promise<boolean>,
): Promise<{ told: string[]; cutOff: number }> {
  const told: string[] = [];
  const pulumi = (words: readonly string[]): string => {
    told.push(words.join(" "));
    return JSON.stringify({ version: 3, deployment });
  };
  const { port } = server.address() as AddressInfo;
  const account = { url: `http://127.0.0.1:${port}/v4`, token: "t" };
  const say = (): void => undefined;
  const cutOff = await recover({ pulumi, account, say, ...(agrees ? { agrees } : {}) });
  return { told: told.filter((words) => words !== "stack export"), cutOff };
}

const REFRESH = "refresh --yes --skip-preview";
const CLEARED = [`${REFRESH} --skip-pending-creates`, `${REFRESH} --clear-pending-creates`];

describe("a stack whose run was killed", () => {
  it("is left alone where nothing was being created", async () => {
    const updating = { type: "updating", resource: { urn: urn("x"), type: "y", inputs: {} } };
    expect(await recovered({ pending_operations: [updating] })).toEqual({ told: [], cutOff: 0 });
    expect(await recovered({})).toEqual({ told: [], cutOff: 0 });
    expect(calls).toEqual([]);
  });

  it("loses the server that was being made, once it is sure that nobody else is at work", async () => {
    instances = [{ id: 7, label: "stronghold-prod-app", tags: [...TAGS].reverse() }];
    const { told, cutOff } = await recovered({ pending_operations: [INSTANCE] });
    expect({ told, cutOff, instances }).toEqual({ told: CLEARED, cutOff: 1, instances: [] });
    expect(calls.filter((call) => call.startsWith("DELETE"))).toEqual([
      "DELETE /v4/linode/instances/7",
    ]);
  });

  it.each([
    ["of another label", { label: "stronghold-prod-app2", tags: TAGS }],
    ["of the same label without the stack's tags", { label: "stronghold-prod-app", tags: ["app"] }],
  ])("keeps a server %s", async (_, other) => {
    instances = [{ id: 7, ...other }];
    await recovered({ pending_operations: [INSTANCE] });
    expect(instances).toHaveLength(1);
  });

  it("keeps a server that a later run has made and recorded", async () => {
    instances = [{ id: 7, label: "stronghold-prod-app", tags: TAGS }];
    const resources = [{ urn: urn("environment-app-instance"), id: "7" }];
    await recovered({ pending_operations: [INSTANCE], resources });
    expect(instances).toHaveLength(1);
  });

  it("changes nothing where the operator does not agree", async () => {
    instances = [{ id: 7, label: "stronghold-prod-app", tags: TAGS }];
    const no = (): Promise<boolean> => Promise.resolve(false);
    await expect(recovered({ pending_operations: [INSTANCE] }, no)).rejects.toThrow(
      "linode/instances/7 (environment-app-instance) is still there, and nothing knows of it",
    );
    expect(instances).toHaveLength(1);
  });

  const server7 = { urn: urn("environment-database-instance"), id: "7", protect: true };

  it("makes a server anew whose first contact was cut off, as it can be made only once", async () => {
    const { told } = await recovered({ pending_operations: [HAND_OVER], resources: [server7] });
    expect(told).toEqual([
      ...CLEARED,
      `state unprotect ${server7.urn} --yes`,
      `state taint ${server7.urn} --yes`,
    ]);
  });

  it("leaves a server alone whose first contact a later run has made", async () => {
    const met = {
      urn: urn("environment-database-hardening-hand-over"),
      inputs: { triggers: ["7"] },
    };
    const resources = [server7, met];
    const { told } = await recovered({ pending_operations: [HAND_OVER], resources });
    expect(told).toEqual(CLEARED);
  });
});

describe("where a creation would show", () => {
  const pending = (type: string, inputs: object) => ({
    urn: urn("x"),
    type,
    inputs: { ...inputs },
  });

  it("is nowhere for a value or a step", () => {
    expect(placeOf(pending("random:index/randomBytes:RandomBytes", {}))).toBeUndefined();
    expect(placeOf(pending("command:remote:Command", {}))).toBeUndefined();
  });

  it("is in its zone for a record, which is told by all that it says", () => {
    const inputs = { domainId: 5, name: "app", recordType: "A", target: "203.0.113.1" };
    const place = placeOf(pending("linode:index/domainRecord:DomainRecord", inputs));
    expect(place?.list).toBe("/domains/5/records");
    const record = { id: 1, type: "A", name: "app", target: "203.0.113.1" };
    expect(place?.isOurs(record)).toBe(true);
    expect(place?.isOurs({ ...record, target: "203.0.113.2" })).toBe(false);
  });

  it("is told by all that it says for a VPC, which has no tags, and in that VPC for a subnet", () => {
    const inputs = { label: "stronghold-prod", description: "Between", region: "us-east" };
    const vpc = placeOf(pending("linode:index/vpc:Vpc", inputs));
    expect(vpc?.isOurs({ id: 1, ...inputs })).toBe(true);
    expect(vpc?.isOurs({ id: 1, ...inputs, description: "" })).toBe(false);
    const card = { vpcId: 7, label: "servers", ipv4: "10.0.0.0/24" };
    const subnet = placeOf(pending("linode:index/vpcSubnet:VpcSubnet", card));
    expect(subnet?.list).toBe("/vpcs/7/subnets");
    expect(subnet?.isOurs({ id: 1, label: "servers", ipv4: "10.0.0.0/24" })).toBe(true);
    expect(subnet?.isOurs({ id: 1, label: "servers", ipv4: "10.0.1.0/24" })).toBe(false);
  });

  it("is under its label for a firewall and under its name for a zone", () => {
    const wall = placeOf(pending("linode:index/firewall:Firewall", { label: "w", tags: ["a"] }));
    expect(wall?.isOurs({ id: 1, label: "w", tags: ["a"] })).toBe(true);
    expect(wall?.isOurs({ id: 1, label: "w", tags: [] })).toBe(false);
    const zone = placeOf(pending("linode:index/domain:Domain", { domain: "e.org", tags: ["a"] }));
    expect(zone?.isOurs({ id: 1, domain: "e.org", tags: ["a"] })).toBe(true);
    expect(zone?.isOurs({ id: 1, domain: "f.org", tags: ["a"] })).toBe(false);
  });
});

it("reads pending creations alone", () => {
  const deleting = { type: "deleting", resource: { urn: urn("y"), type: "z", inputs: {} } };
  const text = JSON.stringify({ deployment: { pending_operations: [deleting, HAND_OVER] } });
  expect(readPendingCreates(text).map((pending) => pending.urn)).toEqual([
    urn("environment-database-hardening-hand-over"),
  ]);
});

describe("the lock of the engine's backend", () => {
  const backend = mkdtempSync(join(tmpdir(), "stronghold-backend-"));
  const folder = join(backend, ".pulumi/locks/organization/stronghold/local");
  afterAll(() => {
    rmSync(backend, { recursive: true });
  });

  it("is none where nobody has held it", () => {
    expect(isLeftLocked(backend)).toBe(false);
    mkdirSync(folder, { recursive: true });
    expect(isLeftLocked(backend)).toBe(false);
  });

  it("is left by a process that has ended, or whose number is another program's now", () => {
    writeFileSync(join(folder, "a.json"), JSON.stringify({ pid: 2 ** 22 + 1 }));
    expect(isLeftLocked(backend)).toBe(true);
    writeFileSync(join(folder, "a.json"), JSON.stringify({ pid: process.pid }));
    expect(isLeftLocked(backend)).toBe(true);
  });
});
