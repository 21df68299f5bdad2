// That rules come back as they were sent, and that the machines have them before anybody is told so.
import {
  failureOf,
  firewallBody,
  linodeBody,
  poll,
  rule,
  runningLinode,
  send,
  startCloud,
  stopClouds,
} from "./harness";

afterEach(stopClouds);

const OPEN = { inbound: [], inbound_policy: "ACCEPT", outbound: [], outbound_policy: "ACCEPT" };

const ODD_RULES = {
  inbound: [
    {
      action: "ACCEPT",
      label: "web",
      protocol: "TCP",
      ports: "443, 80",
      addresses: { ipv6: ["::/0"] },
    },
    { protocol: "ICMP", action: "DROP", addresses: { ipv4: ["10.0.0.1/8"] } },
    rule({ description: "from the operator" }),
  ],
  inbound_policy: "DROP",
  outbound: [],
  outbound_policy: "ACCEPT",
};

describe("a rule set", () => {
  it("comes back byte for byte", async () => {
    const cloud = await startCloud();
    const created = await cloud.client.createFirewall(firewallBody({ rules: ODD_RULES }));
    const sent = JSON.stringify(ODD_RULES);
    expect(JSON.stringify(created.rules)).toBe(sent);
    expect(JSON.stringify((await cloud.client.getFirewall(created.id)).rules)).toBe(sent);
    expect(JSON.stringify(await cloud.client.getFirewallRules(created.id))).toBe(sent);
    expect(created.status).toBe("enabled");
  });

  it("is replaced, not merged", async () => {
    const cloud = await startCloud();
    const { id } = await cloud.client.createFirewall(firewallBody({ rules: ODD_RULES }));
    expect(await cloud.client.updateFirewallRules(id, OPEN)).toEqual(OPEN);
    expect(await cloud.client.getFirewallRules(id)).toEqual(OPEN);
  });

  it("reaches the machine without what only people need", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    await cloud.client.createFirewall(
      firewallBody({ rules: ODD_RULES, devices: { linodes: [id] } }),
    );
    expect(cloud.machines.wall(id)).toEqual({
      inbound: [
        {
          action: "ACCEPT",
          label: "web",
          protocol: "TCP",
          ports: "443,80",
          addresses: { ipv6: ["::/0"] },
        },
        { action: "DROP", protocol: "ICMP", addresses: { ipv4: ["10.0.0.1/8"] } },
        rule(),
      ],
      inboundPolicy: "DROP",
      outbound: [],
      outboundPolicy: "ACCEPT",
    });
  });
});

describe("the wall of a Linode", () => {
  it("is up before the first boot when the Linode is created with a firewall", async () => {
    const cloud = await startCloud();
    const firewall = await cloud.client.createFirewall(firewallBody());
    const { id } = await runningLinode(cloud, { firewall_id: firewall.id });
    expect(cloud.machines.calls).toEqual([`create ${id}`, `setFirewall ${id}`, `boot ${id}`]);
    expect(cloud.machines.wall(id)?.inbound).toEqual([rule()]);
    const { data } = await cloud.client.getFirewallDevices(firewall.id);
    expect(data).toMatchObject([{ entity: { id, type: "linode", label: "stronghold-local-app" } }]);
  });

  it("is up also before a Linode that is not to be booted yet", async () => {
    const cloud = await startCloud();
    const firewall = await cloud.client.createFirewall(firewallBody());
    const body = linodeBody({ booted: false, firewall_id: firewall.id });
    const { id } = await cloud.client.createLinode(body);
    await cloud.api.idle();
    expect(cloud.machines.wall(id)?.inbound).toEqual([rule()]);
  });

  it("keeps the Linode from booting when it cannot be put up", async () => {
    const cloud = await startCloud();
    cloud.machines.break("setFirewall", "nft said no");
    const { id } = await cloud.client.createLinode(linodeBody());
    await cloud.api.idle();
    expect(cloud.machines.calls).not.toContain(`boot ${id}`);
  });

  it("is in force before the new rules are answered", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const firewall = await cloud.client.createFirewall(
      firewallBody({ devices: { linodes: [id] } }),
    );
    const release = cloud.machines.hold("setFirewall");
    let answered = false;
    const update = cloud.client.updateFirewallRules(firewall.id, OPEN).then(() => {
      answered = true;
    });
    const count = cloud.machines.calls.length;
    await poll(
      () => Promise.resolve(cloud.machines.calls.length),
      (length) => length > count,
    );
    expect((await cloud.client.getLinode(id)).status).toBe("running");
    expect(answered).toBe(false);
    release();
    await update;
    expect(cloud.machines.wall(id)?.inboundPolicy).toBe("ACCEPT");
  });

  it("ends with the rules that were sent last", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const firewall = await cloud.client.createFirewall(
      firewallBody({ devices: { linodes: [id] } }),
    );
    const release = cloud.machines.hold("setFirewall");
    const updates = [];
    for (const port of ["1001", "1002", "1003"]) {
      const rules = { ...OPEN, inbound: [rule({ ports: port })] };
      updates.push(cloud.client.updateFirewallRules(firewall.id, rules));
      await poll(
        () => cloud.client.getFirewallRules(firewall.id),
        (stored) => JSON.stringify(stored) === JSON.stringify(rules),
      );
    }
    release();
    await Promise.all(updates);
    expect(cloud.machines.wall(id)?.inbound).toEqual([rule({ ports: "1003" })]);
  });

  it("stays, and so do the rules, when new ones cannot be put in force", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const firewall = await cloud.client.createFirewall(
      firewallBody({ devices: { linodes: [id] } }),
    );
    cloud.machines.break("setFirewall", "nft said no");
    const refusals = [
      cloud.client.updateFirewallRules(firewall.id, OPEN),
      cloud.client.disableFirewall(firewall.id),
      cloud.client.deleteFirewall(firewall.id),
    ];
    for (const refusal of refusals) {
      expect(await failureOf(refusal)).toEqual({
        status: 500,
        errors: [
          {
            reason: `The firewall could not be put in force and is as it was before. Linode ${id}: nft said no`,
          },
        ],
      });
    }
    const now = await cloud.client.getFirewall(firewall.id);
    expect(now).toEqual({ ...firewall, updated: now["updated"] });
    expect((await cloud.client.getFirewallDevices(firewall.id)).results).toBe(1);
    expect(cloud.machines.wall(id)?.inboundPolicy).toBe("DROP");
  });

  it("comes and goes with the device", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const firewall = await cloud.client.createFirewall(firewallBody());
    const device = await cloud.client.addFirewallDevice(firewall.id, { id, type: "linode" });
    expect(cloud.machines.wall(id)).toBeDefined();
    expect(await cloud.client.getFirewallDevice(firewall.id, device.id)).toEqual(device);
    expect((await cloud.client.getFirewall(firewall.id)).entities).toMatchObject([{ id }]);
    await cloud.client.deleteFirewallDevice(firewall.id, device.id);
    expect(cloud.machines.wall(id)).toBeUndefined();
  });

  it("goes while the firewall is disabled", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    const firewall = await cloud.client.createFirewall(
      firewallBody({ devices: { linodes: [id] } }),
    );
    expect((await cloud.client.disableFirewall(firewall.id)).status).toBe("disabled");
    expect(cloud.machines.wall(id)).toBeUndefined();
    await cloud.client.enableFirewall(firewall.id);
    expect(cloud.machines.wall(id)?.inbound).toEqual([rule()]);
  });

  it("goes with the firewall, which may be deleted with devices attached", async () => {
    const cloud = await startCloud();
    const firewall = await cloud.client.createFirewall(firewallBody());
    const { id } = await runningLinode(cloud, { firewall_id: firewall.id });
    await cloud.client.deleteFirewall(firewall.id);
    expect(cloud.machines.wall(id)).toBeUndefined();
    expect((await send(cloud, "GET", `/networking/firewalls/${firewall.id}`)).status).toBe(404);
  });
});

describe("a firewall", () => {
  it("loses the devices of a Linode that is deleted", async () => {
    const cloud = await startCloud();
    const firewall = await cloud.client.createFirewall(firewallBody());
    const { id } = await runningLinode(cloud, { firewall_id: firewall.id });
    const destroyed = cloud.machines.hold("destroy");
    await cloud.client.deleteLinode(id);
    expect((await cloud.client.getFirewallDevices(firewall.id)).results).toBe(0);
    expect((await cloud.client.getFirewall(firewall.id)).entities).toEqual([]);
    destroyed();
    await cloud.api.idle();
    expect((await cloud.client.getFirewallDevices(firewall.id)).results).toBe(0);
  });

  it("takes a new label and tags, and leaves the rest alone", async () => {
    const cloud = await startCloud();
    const firewall = await cloud.client.createFirewall(firewallBody());
    const updated = await cloud.client.updateFirewall(firewall.id, {
      label: "renamed",
      tags: ["edge"],
    });
    expect(updated).toEqual({
      ...firewall,
      label: "renamed",
      tags: ["edge"],
      updated: updated["updated"],
    });
  });
});
