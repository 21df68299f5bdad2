// The API is closed or "killed" at an awkward moment and started again over the same file and machines.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FileStore } from "../../local/api";
import type { FakeMachines } from "./fake-machines";
import {
  type Cloud,
  failureOf,
  firewallBody,
  linodeBody,
  poll,
  rule,
  runningLinode,
  startCloud,
  stopClouds,
} from "./harness";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "stronghold-api-"));
});

afterEach(async () => {
  await stopClouds();
  rmSync(directory, { recursive: true });
});

const file = () => join(directory, "api.json");
const start = (machines?: FakeMachines) =>
  startCloud({ store: new FileStore(file()), ...(machines ? { machines } : {}) });

/** Starts a second API over the state as it is now; whatever the first one still does is held for ever. */
async function restart(cloud: Cloud, alter: (machines: FakeMachines) => void = () => undefined) {
  cloud.machines.calls.length = 0;
  alter(cloud.machines);
  return start(cloud.machines);
}

const called = (cloud: Cloud, call: string) =>
  poll(
    () => Promise.resolve(cloud.machines.calls),
    (calls) => calls.includes(call),
  );

describe("a restart", () => {
  it("keeps everything that can be read", async () => {
    const cloud = await start();
    const firewall = await cloud.client.createFirewall(firewallBody());
    const linode = await runningLinode(cloud, { firewall_id: firewall.id });
    await cloud.api.idle();
    const read = async ({ client }: Cloud) => [
      await client.getLinode(linode.id),
      await client.getLinodeIPs(linode.id),
      await client.getLinodeDisks(linode.id),
      await client.getLinodeConfigs(linode.id),
      await client.getFirewall(firewall.id),
      await client.getFirewallDevices(firewall.id),
      await client.getEvents(),
    ];
    const before = await read(cloud);
    expect(await read(await restart(cloud))).toEqual(before);
  });

  it("brings no id back, not even those of what was deleted", async () => {
    const cloud = await start();
    const { id } = await runningLinode(cloud);
    const firewall = await cloud.client.createFirewall(firewallBody());
    await cloud.client.deleteLinode(id);
    await cloud.client.deleteFirewall(firewall.id);
    await cloud.api.idle();
    const events = (await cloud.client.getEvents()).data.map((event) => event.id);
    const again = await restart(cloud);
    expect((await again.client.createLinode(linodeBody())).id).toBeGreaterThan(id);
    expect((await again.client.createFirewall(firewallBody())).id).toBeGreaterThan(firewall.id);
    const [newest] = (await again.client.getEvents()).data;
    expect(events).not.toContain(newest?.id);
  });

  it("puts the walls up again before it answers", async () => {
    const cloud = await start();
    const firewall = await cloud.client.createFirewall(firewallBody());
    const { id } = await runningLinode(cloud, { firewall_id: firewall.id });
    const again = await restart(cloud, (machines) => {
      machines.machines.get(id)!.wall = undefined;
    });
    expect(again.machines.calls).toEqual([`setFirewall ${id}`]);
    expect(again.machines.wall(id)?.inbound).toEqual([rule()]);
  });

  it("switches a host off whose wall cannot be put up", async () => {
    const cloud = await start();
    const { id } = await runningLinode(cloud);
    const again = await restart(cloud, (machines) => {
      machines.break("setFirewall", "no nft");
    });
    expect(again.machines.status(id)).toBe("offline");
    const reason = "Its firewall could not be put in force after a restart: no nft";
    expect(await failureOf(again.client.getLinode(id))).toEqual({
      status: 500,
      errors: [{ reason: `Linode ${id} (stronghold-local-app) is not up: ${reason}` }],
    });
    expect(again.log).toContain(`ERROR Linode ${id} is switched off. ${reason}`);
  });

  it("believes the machines about what is up", async () => {
    const cloud = await start();
    const { id } = await runningLinode(cloud);
    const again = await restart(cloud, (machines) => {
      machines.machines.get(id)!.status = "offline";
    });
    expect((await again.client.getLinode(id)).status).toBe("offline");
  });

  it("goes on with a boot, behind its wall, and ends its event", async () => {
    const cloud = await start();
    cloud.machines.hold("boot");
    const firewall = await cloud.client.createFirewall(firewallBody());
    const { id } = await cloud.client.createLinode(linodeBody({ firewall_id: firewall.id }));
    await called(cloud, `boot ${id}`);
    const again = await restart(cloud, (machines) => {
      machines.hold("boot")();
    });
    await again.api.idle();
    expect((await again.client.getLinode(id)).status).toBe("running");
    expect(again.machines.calls.slice(0, 2)).toEqual([`setFirewall ${id}`, `setFirewall ${id}`]);
    const [event] = (await again.client.getEvents({}, { "entity.id": id })).data;
    expect(event).toMatchObject({ action: "linode_create", status: "finished" });
  });

  it("gives up a Linode that was not made yet, since its password is not kept, and says so", async () => {
    const cloud = await start();
    cloud.machines.hold("create");
    const { id } = await cloud.client.createLinode(linodeBody());
    await called(cloud, `create ${id}`);
    const again = await restart(cloud);
    await again.api.idle();
    const { status, errors } = await failureOf(again.client.getLinode(id));
    expect(status).toBe(500);
    expect(JSON.stringify(errors)).toContain("delete it and create it again");
    await again.client.deleteLinode(id);
    await again.api.idle();
    expect(again.machines.calls).toEqual([`destroy ${id}`]);
  });

  it("goes on with a deletion and does not show the Linode meanwhile", async () => {
    const cloud = await start();
    const { id } = await runningLinode(cloud);
    cloud.machines.hold("destroy");
    await cloud.client.deleteLinode(id);
    await called(cloud, `destroy ${id}`);
    const again = await restart(cloud, (machines) => {
      machines.hold("destroy")();
    });
    expect((await failureOf(again.client.getLinode(id))).status).toBe(404);
    await again.api.idle();
    expect(again.machines.machines.size).toBe(0);
    const [event] = (await again.client.getEvents({}, { action: "linode_delete" })).data;
    expect(event?.status).toBe("finished");
  });

  it("tries a boot again that had failed", async () => {
    const cloud = await start();
    cloud.machines.break("boot", "out of memory");
    const { id } = await cloud.client.createLinode(linodeBody());
    await cloud.api.idle();
    const again = await restart(cloud, (machines) => {
      machines.mend("boot");
    });
    await again.api.idle();
    expect((await again.client.getLinode(id)).status).toBe("running");
  });
});
