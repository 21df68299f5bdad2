// Replays the calls that the real provider was seen to make. It does not prove that the provider makes
// no others: those answer 501 and show in the log.
import {
  awaitEvent,
  linodeBody,
  poll,
  runningLinode,
  send,
  startCloud,
  stopClouds,
} from "./harness";

afterEach(stopClouds);

const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

describe("configuring the provider", () => {
  it("is answered an empty page 100 of the plans", async () => {
    const cloud = await startCloud();
    expect(await send(cloud, "GET", "/linode/types?page=100")).toMatchObject({
      status: 200,
      data: { data: [], page: 100, pages: 1 },
    });
  });
});

describe("creating a Linode", () => {
  it("answers at once with provisioning and reaches running by way of booting", async () => {
    const cloud = await startCloud();
    const release = { create: cloud.machines.hold("create"), boot: cloud.machines.hold("boot") };
    const created = await cloud.client.createLinode(linodeBody());
    expect(created.status).toBe("provisioning");
    const status = async () => (await cloud.client.getLinode(created.id)).status;
    release.create();
    await poll(status, (now) => now === "booting");
    release.boot();
    await poll(status, (now) => now === "running");
  });

  it("hands the machine what it needs", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    expect(cloud.machines.machines.get(id)?.spec).toEqual({
      id,
      label: "stronghold-local-app",
      image: "linode/debian13",
      publicIPv4: "203.0.113.100",
      privateIPv4: "192.168.129.10",
      publicIPv6: `2001:db8:113::${id.toString(16)}`,
      userData: "#cloud-config\n",
      rootPass: linodeBody()["root_pass"],
      authorizedKeys: linodeBody()["authorized_keys"],
    });
  });

  it("shows every field in the form that the provider can decode", async () => {
    const cloud = await startCloud();
    expect(await runningLinode(cloud)).toMatchObject({
      group: "",
      created: expect.stringMatching(SECONDS) as string,
      updated: expect.stringMatching(SECONDS) as string,
      ipv4: ["203.0.113.100", "192.168.129.10"],
      ipv6: "2001:db8:113::3e9/128",
      image: "linode/debian13",
      region: "us-east",
      specs: { disk: 25600, memory: 1024, vcpus: 1 },
      alerts: { cpu: 90 },
      backups: { enabled: true, schedule: { day: null, window: null } },
      watchdog_enabled: true,
      has_user_data: true,
      disk_encryption: "enabled",
    });
  });

  it("is followed by one read of addresses, disks and configs", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const ips = await cloud.client.getLinodeIPs(id);
    expect(ips.ipv4["public"]).toMatchObject([
      { address: "203.0.113.100", public: true, rdns: "203-0-113-100.ip.linodeusercontent.com" },
    ]);
    expect(ips.ipv4["private"]).toMatchObject([{ address: "192.168.129.10", public: false }]);
    expect(ips.ipv6.slaac.address).toBe("2001:db8:113::3e9");
    const disks = (await cloud.client.getLinodeDisks(id, { page: 1 })).data;
    expect(disks.map(({ filesystem, size }) => [filesystem, size])).toEqual([
      ["ext4", 25088],
      ["swap", 512],
    ]);
    const configs = (await cloud.client.getLinodeConfigs(id, { page: 1 })).data;
    expect(configs).toHaveLength(1);
    expect(configs[0]?.devices["sda"]).toEqual({ disk_id: disks[0]?.id, volume_id: null });
    expect(configs[0]?.devices["sdh"]).toBeNull();
  });

  it("leaves a Linode off that is not to be booted", async () => {
    const cloud = await startCloud();
    const { id } = await cloud.client.createLinode(linodeBody({ booted: false }));
    await poll(
      () => cloud.client.getLinode(id),
      ({ status }) => status === "offline",
    );
    expect(cloud.machines.calls).not.toContain(`boot ${id}`);
  });

  it("gives no private address unless asked", async () => {
    const cloud = await startCloud();
    const { id, ipv4 } = await runningLinode(cloud, { private_ip: undefined });
    expect(ipv4).toEqual(["203.0.113.100"]);
    expect((await cloud.client.getLinodeIPs(id)).ipv4["private"]).toEqual([]);
  });
});

describe("updating a Linode", () => {
  it("keeps everything through the config PUT with its nulls, and does not reboot", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const [config] = (await cloud.client.getLinodeConfigs(id)).data;
    expect((await cloud.client.updateLinode(id, { label: "another-name" })).label).toBe(
      "another-name",
    );
    const calls = [...cloud.machines.calls];
    const answer = await send(cloud, "PUT", `/linode/instances/${id}/configs/${config!.id}`, {
      label: config!.label,
      comments: "",
      interfaces: null,
      init_rd: null,
      devices: {
        sda: { disk_id: (config!.devices["sda"] as { disk_id: number }).disk_id },
        sdb: null,
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ ...config, updated: (answer.data as typeof config)!["updated"] });
    expect(cloud.machines.calls).toEqual(calls);
  });

  it("takes null for `leave it as it is`", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const answer = await send(cloud, "PUT", `/linode/instances/${id}`, { tags: null, label: null });
    expect(answer.data).toMatchObject({ tags: ["stronghold"], label: "stronghold-local-app" });
  });

  it("turns backups on and off", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    await cloud.client.cancelBackups(id);
    expect((await cloud.client.getLinode(id))["backups"]).toMatchObject({ enabled: false });
    await cloud.client.enableBackups(id);
    expect((await cloud.client.getLinode(id))["backups"]).toMatchObject({ enabled: true });
  });

  it("boots one that was found off", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    cloud.machines.becomes(id, "offline");
    expect((await cloud.client.getLinode(id)).status).toBe("offline");
    const [config] = (await cloud.client.getLinodeConfigs(id)).data;
    const event = await awaitEvent(cloud, "linode_boot", id, () =>
      cloud.client.linodeBoot(id, config!.id),
    );
    expect(event.status).toBe("finished");
    expect(event.secondary_entity).toMatchObject({ id: config!.id, type: "linode_config" });
    expect((await cloud.client.getLinode(id)).status).toBe("running");
  });
});

describe("resizing a Linode", () => {
  it("leaves it off, and a reboot then brings it up", async () => {
    const cloud = await startCloud();
    const { client } = cloud;
    const { id } = await runningLinode(cloud);
    await client.linodeShutdown(id);
    await poll(
      () => client.getLinode(id),
      ({ status }) => status === "offline",
    );
    const resize = { type: "g6-standard-2", migration_type: "cold", allow_auto_disk_resize: false };
    const event = await awaitEvent(cloud, "linode_resize", id, () =>
      client.resizeLinode(id, resize),
    );
    expect(event.status).toBe("finished");
    const resized = await client.getLinode(id);
    expect(resized).toMatchObject({
      status: "offline",
      type: "g6-standard-2",
      specs: { disk: 81920 },
    });
    const disks = (await client.getLinodeDisks(id)).data;
    expect(disks.map(({ size }) => size)).toEqual([25088, 512]);
    await awaitEvent(cloud, "linode_reboot", id, () => client.linodeReboot(id));
    expect(cloud.machines.calls.at(-1)).toBe(`boot ${id}`);
    expect((await client.getLinode(id)).status).toBe("running");
  });

  it("grows the disk when asked", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const act = () => cloud.client.resizeLinode(id, { type: "g6-standard-1" });
    await awaitEvent(cloud, "linode_resize", id, act);
    const disks = (await cloud.client.getLinodeDisks(id)).data;
    expect(disks.map(({ size }) => size)).toEqual([50688, 512]);
  });
});

describe("deleting a Linode", () => {
  it("is done when the machine is gone, and its event outlives it", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const destroyed = cloud.machines.hold("destroy");
    const event = awaitEvent(cloud, "linode_delete", id, () => cloud.client.deleteLinode(id));
    await poll(
      () => Promise.resolve(cloud.machines.calls),
      (calls) => calls.includes(`destroy ${id}`),
    );
    const { data } = await cloud.client.getEvents({}, { action: "linode_delete" });
    expect(data.map(({ status }) => status)).toEqual(["started"]);
    destroyed();
    expect((await event).status).toBe("finished");
    expect(cloud.machines.machines.has(id)).toBe(false);
    for (const part of ["", "/ips", "/disks", "/configs"]) {
      expect((await send(cloud, "GET", `/linode/instances/${id}${part}`)).status).toBe(404);
    }
    expect((await cloud.client.getEvents({}, { "entity.id": id })).data.length).toBeGreaterThan(1);
  });

  it("hides the Linode and frees its label at once, and gives nobody its addresses", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const destroyed = cloud.machines.hold("destroy");
    await cloud.client.deleteLinode(id);
    expect((await send(cloud, "GET", `/linode/instances/${id}`)).status).toBe(404);
    expect((await cloud.client.getLinodes()).data).toEqual([]);
    expect((await cloud.client.createLinode(linodeBody())).ipv4).toEqual([
      "203.0.113.101",
      "192.168.129.11",
    ]);
    destroyed();
    await cloud.api.idle();
    expect((await cloud.client.createLinode(linodeBody({ label: "third" }))).ipv4).toEqual([
      "203.0.113.102",
      "192.168.129.12",
    ]);
  });

  it("comes through while the Linode boots, after the boot", async () => {
    const cloud = await startCloud();
    const booted = cloud.machines.hold("boot");
    const { id } = await cloud.client.createLinode(linodeBody());
    await poll(
      () => Promise.resolve(cloud.machines.calls),
      (calls) => calls.includes(`boot ${id}`),
    );
    await cloud.client.deleteLinode(id);
    expect(cloud.machines.calls).not.toContain(`destroy ${id}`);
    booted();
    await cloud.api.idle();
    expect(cloud.machines.machines.size).toBe(0);
    expect((await cloud.client.getLinodes()).results).toBe(0);
  });
});
