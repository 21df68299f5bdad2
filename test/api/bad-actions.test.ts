// Refusals that depend on what a Linode or a firewall is just doing or already has.
import { firewallBody, linodeBody, runningLinode, send, startCloud, stopClouds } from "./harness";

afterEach(stopClouds);

type Errors = { field?: string; reason: string }[];
type Case = [title: string, method: string, path: string, body: object, errors: Errors];

const DISKS =
  "Linode has allocated more disk than the new plan allows. Delete or resize disks smaller.";

const RUNNING: Case[] = [
  ["booting it", "POST", "/boot", {}, [{ reason: "Linode is already booted." }]],
  [
    "rebooting with a config it does not have",
    "POST",
    "/reboot",
    { config_id: 9 },
    [{ field: "config_id", reason: "The Linode has no such config." }],
  ],
  [
    "resizing to the same plan",
    "POST",
    "/resize",
    { type: "g6-standard-2" },
    [{ field: "type", reason: "Linode is already running this service plan." }],
  ],
  [
    "resizing to a plan smaller than its disks",
    "POST",
    "/resize",
    { type: "g6-nanode-1", migration_type: "cold", allow_auto_disk_resize: false },
    [{ field: "type", reason: DISKS }],
  ],
  [
    "resizing to no plan, in no way",
    "POST",
    "/resize",
    { migration_type: "teleport", allow_auto_disk_resize: "yes" },
    [
      { field: "type", reason: "A valid plan type by that ID was not found" },
      { field: "migration_type", reason: "Must be cold or warm." },
      { field: "allow_auto_disk_resize", reason: "Must be of type boolean." },
    ],
  ],
  [
    "a label that another one has",
    "PUT",
    "",
    { label: "other" },
    [{ field: "label", reason: "Label must be unique among your resources of this kind." }],
  ],
  [
    "an update of wrong types",
    "PUT",
    "",
    { watchdog_enabled: "yes", group: 7, tags: [7] },
    [
      { field: "tags[0]", reason: "Must be of type string." },
      { field: "watchdog_enabled", reason: "Must be of type boolean." },
      { field: "group", reason: "Must be of type string." },
    ],
  ],
  [
    "a second private address",
    "POST",
    "/ips",
    { type: "ipv4", public: false },
    [{ reason: "Linode 1001 has a private address already: 192.168.129.10." }],
  ],
  [
    "an address of no kind",
    "POST",
    "/ips",
    { type: "ipv6" },
    [
      { field: "type", reason: "Only IPv4 addresses can be allocated." },
      { field: "public", reason: "Must specify public or private IP address." },
    ],
  ],
];

describe("a running Linode", () => {
  it.each(RUNNING)("refuses %s", async (_, method, path, body, errors) => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud, { type: "g6-standard-2" });
    await runningLinode(cloud, { label: "other" });
    const calls = [...cloud.machines.calls];
    const answer = await send(cloud, method, `/linode/instances/${id}${path}`, body);
    expect([answer.status, answer.data]).toEqual([400, { errors }]);
    expect(cloud.machines.calls).toEqual(calls);
  });

  it("refuses disks it does not have in its config", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const [config] = (await cloud.client.getLinodeConfigs(id)).data;
    const path = `/linode/instances/${id}/configs/${config!.id}`;
    const body = { devices: { sda: { disk_id: 9 } }, label: "" };
    expect(await send(cloud, "PUT", path, body)).toMatchObject({
      status: 400,
      data: {
        errors: [
          { field: "label", reason: "Label must be between 1 and 48 characters." },
          { field: "devices.sda.disk_id", reason: "The Linode has no such disk." },
        ],
      },
    });
  });
});

describe("a Linode that is off", () => {
  it("refuses to be shut down", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    cloud.machines.becomes(id, "offline");
    expect(await send(cloud, "POST", `/linode/instances/${id}/shutdown`, {})).toMatchObject({
      status: 400,
      data: { errors: [{ reason: "Linode is already powered off." }] },
    });
  });
});

describe("a Linode at work", () => {
  it("says `Linode busy.`, which the provider takes for `try again`", async () => {
    const cloud = await startCloud();
    const booted = cloud.machines.hold("boot");
    const { id } = await cloud.client.createLinode(linodeBody());
    for (const action of ["boot", "reboot", "shutdown", "resize"]) {
      expect(await send(cloud, "POST", `/linode/instances/${id}/${action}`, {})).toMatchObject({
        status: 400,
        data: { errors: [{ reason: "Linode busy." }] },
      });
    }
    booted();
  });
});

describe("a firewall", () => {
  it("refuses to guard a Linode that another one guards", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    await cloud.client.createFirewall(firewallBody({ devices: { linodes: [id] } }));
    const second = await cloud.client.createFirewall(firewallBody({ label: "second" }));
    const path = `/networking/firewalls/${second.id}/devices`;
    expect(await send(cloud, "POST", path, { id, type: "linode" })).toMatchObject({
      status: 400,
      data: {
        errors: [
          {
            field: "id",
            reason: `Linode ${id} has a firewall already: remove it from that one first.`,
          },
        ],
      },
    });
  });

  it("refuses devices that are no Linodes", async () => {
    const cloud = await startCloud();
    const { id } = await cloud.client.createFirewall(firewallBody());
    const path = `/networking/firewalls/${id}/devices`;
    expect(await send(cloud, "POST", path, { id: 1, type: "nodebalancer" })).toMatchObject({
      status: 400,
      data: {
        errors: [
          { field: "type", reason: "The local cloud protects Linodes only." },
          { field: "id", reason: "There is no Linode 1." },
        ],
      },
    });
  });

  it("refuses a bad rule set and keeps the one it has", async () => {
    const cloud = await startCloud();
    const { id, rules } = await cloud.client.createFirewall(firewallBody());
    const body = { inbound: [7], inbound_policy: "MAYBE", outbound_policy: "ACCEPT" };
    expect((await send(cloud, "PUT", `/networking/firewalls/${id}/rules`, body)).data).toEqual({
      errors: [
        {
          field: "inbound_policy",
          reason: "inbound_policy must be one of the following values: ACCEPT, DROP",
        },
        { field: "inbound[0]", reason: "Must be of type object." },
      ],
    });
    expect(await cloud.client.getFirewallRules(id)).toEqual(rules);
  });
});
