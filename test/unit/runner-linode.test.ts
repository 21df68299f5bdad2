// What the handlers send to the Linode API, word for word, and how they wait. The API here only plays
// back; that bodies and events are as the vendor has them is for the api layer to show.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Work } from "../../local/runner/handler";
import { LinodeClient, localLinode } from "../../local/runner/linode-client";
import { firewallHandler } from "../../local/runner/resources/firewall";
import { instanceHandler } from "../../local/runner/resources/instance";
import type { WireObject } from "../../local/runner/wire";

interface Call {
  call: string;
  body?: unknown;
}

let server: Server;
let client: LinodeClient;
let calls: Call[];
let connections: string[];
let recorded: string[];
/** Answers by `METHOD /path`; of a list each answer is given once and the last one for ever. */
let answers: Record<string, unknown[]>;

beforeEach(async () => {
  [calls, connections, recorded, answers] = [[], [], [], {}];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const call = `${request.method ?? ""} ${request.url ?? ""}`;
      connections.push(request.headers.connection ?? "");
      calls.push(text === "" ? { call } : { call, body: JSON.parse(text) });
      const left = answers[call] ?? [{ errors: [{ reason: "Not found" }], status: 404 }];
      const answer = (left.length > 1 ? left.shift() : left[0]) as { status?: number | string };
      response.statusCode = typeof answer.status === "number" ? answer.status : 200;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = new LinodeClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "t");
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const work: Work = {
  name: "app",
  signal: new AbortController().signal,
  linode: () => client,
  exists: (id) => recorded.push(id),
  say: () => undefined,
};

const made = (): Call[] => calls.filter(({ call }) => !call.startsWith("GET"));
const old = { id: "7", outputs: {} };

it("leaves no idle connection behind, on which a later call would be lost", async () => {
  answers["GET /v4/regions"] = [{}];
  await Promise.all([client.call("/regions"), client.call("/regions")]);
  expect(connections).toEqual(["close", "close"]);
});

describe("an instance", () => {
  const INPUTS: WireObject = {
    label: "app",
    region: "us-east",
    type: "g6-nanode-1",
    image: "linode/debian13",
    rootPass: "pass",
    privateIp: true,
    firewallId: 3,
    backupsEnabled: false,
    authorizedKeys: [],
    tags: ["a"],
    diskEncryption: "enabled",
    metadatas: [{ userData: "I2Nsb3Vk" }],
  };
  const BODY = {
    id: 7,
    status: "running",
    label: "app",
    ipv4: ["203.0.113.100"],
    ipv6: "2001:db8::1/128",
  };
  const ADDRESSES = {
    ipv4: { public: [{ address: "203.0.113.100" }], private: [{ address: "192.168.129.10" }] },
  };

  beforeEach(() => {
    answers = {
      "POST /v4/linode/instances": [{ ...BODY, status: "provisioning" }],
      "GET /v4/linode/instances/7": [
        { ...BODY, status: "provisioning" },
        { ...BODY, status: "booting" },
        BODY,
      ],
      "GET /v4/linode/instances/7/ips": [ADDRESSES],
      "PUT /v4/linode/instances/7": [BODY],
    };
  });

  it("is asked for as the real provider does, recorded at once and waited for", async () => {
    const { id, outputs } = await instanceHandler.create(work, INPUTS);
    expect(made()).toEqual([
      {
        call: "POST /v4/linode/instances",
        body: {
          label: "app",
          region: "us-east",
          type: "g6-nanode-1",
          image: "linode/debian13",
          root_pass: "pass",
          private_ip: true,
          firewall_id: 3,
          tags: ["a"],
          disk_encryption: "enabled",
          metadata: { user_data: "I2Nsb3Vk" },
          booted: true,
        },
      },
    ]);
    expect(id).toBe("7");
    expect(recorded).toEqual(["7"]);
    expect(outputs).toMatchObject({
      ipAddress: "203.0.113.100",
      privateIpAddress: "192.168.129.10",
      ipv6: "2001:db8::1/128",
      status: "running",
    });
  });

  it("is given up with the API's reason when it does not boot, and stays recorded", async () => {
    const reason = "the host did not boot";
    answers["GET /v4/linode/instances/7"] = [{ status: 500, errors: [{ reason }] }];
    await expect(instanceHandler.create(work, INPUTS)).rejects.toThrow(
      "[500] the host did not boot",
    );
    expect(recorded).toEqual(["7"]);
  });

  it("is refused in the words of the real provider", async () => {
    const errors = [{ field: "label", reason: "Label must be unique" }, { reason: "Sorry" }];
    answers["POST /v4/linode/instances"] = [{ status: 400, errors }];
    await expect(instanceHandler.create(work, INPUTS)).rejects.toThrow(
      "[400] [label] Label must be unique; Sorry",
    );
  });

  it("is not asked for with an input that would be lost", async () => {
    const create = instanceHandler.create(work, { ...INPUTS, stackscriptId: 7 });
    await expect(create).rejects.toThrow("does not send `stackscriptId`");
  });

  it("takes a new label and tags in place", async () => {
    await instanceHandler.update?.(work, old, { ...INPUTS, label: "b" }, ["label", "tags"]);
    expect(made()).toEqual([
      { call: "PUT /v4/linode/instances/7", body: { label: "b", tags: ["a"] } },
    ]);
  });

  it.each([
    [true, "enable"],
    [false, "cancel"],
  ])("has the vendor's backups in place: %s", async (backupsEnabled, verb) => {
    answers[`POST /v4/linode/instances/7/backups/${verb}`] = [{}];
    await instanceHandler.update?.(work, old, { ...INPUTS, backupsEnabled }, ["backupsEnabled"]);
    expect(made()).toEqual([{ call: `POST /v4/linode/instances/7/backups/${verb}`, body: {} }]);
  });

  it.each([
    [["type"], "this would resize the server (changed: type)"],
    [["label", "image"], "this would replace the server (changed: image)"],
    [["rootPass", "type"], "this would replace the server (changed: rootPass, type)"],
  ])("refuses a change of %s, and does nothing then", async (changed, message) => {
    await expect(instanceHandler.update?.(work, old, INPUTS, changed)).rejects.toThrow(message);
    expect(calls).toEqual([]);
  });

  it("is gone when the API says so, and only then", async () => {
    expect(await instanceHandler.isThere?.(work, "7")).toBe(true);
    expect(await instanceHandler.isThere?.(work, "8")).toBe(false);
    answers["GET /v4/linode/instances/9"] = [{ status: 500, errors: [{ reason: "x" }] }];
    await expect(instanceHandler.isThere?.(work, "9")).rejects.toThrow("[500] x");
  });

  it("is deleted once the event of that ended, and not by an earlier event", async () => {
    const earlier = { id: 1, status: "finished" };
    answers["DELETE /v4/linode/instances/7"] = [{}];
    answers["GET /v4/account/events?page=1"] = [
      { data: [earlier] },
      { data: [earlier] },
      { data: [{ id: 2, status: "started" }, earlier] },
      { data: [{ id: 2, status: "finished" }, earlier] },
    ];
    await instanceHandler.delete?.(work, "7");
    expect(calls.map(({ call }) => call.split(" ")[0])).toEqual([
      "GET",
      "DELETE",
      "GET",
      "GET",
      "GET",
    ]);
  });

  it("counts as deleted when it was gone already", async () => {
    answers["GET /v4/account/events?page=1"] = [{ data: [] }];
    await instanceHandler.delete?.(work, "8");
  });
});

describe("a firewall", () => {
  const INPUTS: WireObject = {
    label: "app-wall",
    inboundPolicy: "DROP",
    inbounds: [
      { action: "ACCEPT", label: "ssh", protocol: "TCP", ports: "22", ipv4s: ["203.0.113.10/32"] },
      { action: "ACCEPT", label: "ping", protocol: "ICMP", ipv6s: ["::/0"] },
    ],
    outboundPolicy: "ACCEPT",
  };
  const RULES = {
    inbound: [
      {
        action: "ACCEPT",
        label: "ssh",
        protocol: "TCP",
        ports: "22",
        addresses: { ipv4: ["203.0.113.10/32"] },
      },
      { action: "ACCEPT", label: "ping", protocol: "ICMP", addresses: { ipv6: ["::/0"] } },
    ],
    inbound_policy: "DROP",
    outbound: [],
    outbound_policy: "ACCEPT",
  };
  const BODY = { id: 7, status: "enabled" };

  it("is made with its rules, and attached to nothing", async () => {
    answers["POST /v4/networking/firewalls"] = [BODY];
    const { id } = await firewallHandler.create(work, { ...INPUTS, tags: ["a"] });
    const devices = { linodes: [], nodebalancers: [] };
    const body = { label: "app-wall", tags: ["a"], rules: RULES, devices };
    expect(made()).toEqual([{ call: "POST /v4/networking/firewalls", body }]);
    expect(id).toBe("7");
  });

  it("gets its whole rule set anew when a rule changes", async () => {
    answers["PUT /v4/networking/firewalls/7/rules"] = [{}];
    answers["GET /v4/networking/firewalls/7"] = [BODY];
    await firewallHandler.update?.(work, old, INPUTS, ["inbounds"]);
    expect(made()).toEqual([{ call: "PUT /v4/networking/firewalls/7/rules", body: RULES }]);
  });

  it("keeps its rules when its label changes", async () => {
    answers["PUT /v4/networking/firewalls/7"] = [{}];
    answers["GET /v4/networking/firewalls/7"] = [BODY];
    await firewallHandler.update?.(work, old, INPUTS, ["label"]);
    const body = { label: "app-wall", tags: [], status: "enabled" };
    expect(made()).toEqual([{ call: "PUT /v4/networking/firewalls/7", body }]);
  });

  it("is not attached to servers afterwards", async () => {
    await expect(firewallHandler.create(work, { ...INPUTS, linodes: [1] })).rejects.toThrow(
      "`firewallId`",
    );
  });
});

describe("the API that the environment names", () => {
  const REAL = "0123456789abcdef".repeat(4);
  it.each([
    ["http://127.0.0.1:18181", "local"],
    ["http://localhost:1", "local"],
    ["http://[::1]:1", "local"],
  ])("may be %s", (url, token) => {
    expect(() => localLinode({ LINODE_URL: url, LINODE_TOKEN: token })).not.toThrow();
  });

  it.each([
    [undefined, "local", "LINODE_URL is not set"],
    ["https://api.linode.com", "local", "LINODE_URL is https://api.linode.com"],
    ["https://127.0.0.1.evil.example", "local", "works only on a local cloud"],
    ["http://127.0.0.1@evil.example", "local", "works only on a local cloud"],
    ["http://127.0.0.1:1/v4", "local", "at an origin such as"],
    ["http://127.0.0.1:1", undefined, "LINODE_TOKEN is not set"],
    ["http://127.0.0.1:1", REAL, "LINODE_TOKEN looks like the token of a real account"],
    ["http://127.0.0.1:1", REAL.toUpperCase(), "looks like the token of a real account"],
  ])("may not be %s with the token %s", (url, token, message) => {
    const refused = expect(() => localLinode({ LINODE_URL: url, LINODE_TOKEN: token }));
    refused.toThrow(message);
    refused.not.toThrow(REAL);
  });

  it("is named when it gives no answer", async () => {
    const gone = new LinodeClient("http://127.0.0.1:9", "t");
    await expect(gone.call("/x")).rejects.toThrow(
      /Linode API at http:\/\/127.0.0.1:9 gives no answer: .+/,
    );
  });
});
