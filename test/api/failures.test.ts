// What clients are told when machines fail, and that telling it gives away no secret.
import { MemoryStore } from "../../local/api";
import { emptyState } from "../../local/api/state/model";
import {
  awaitEvent,
  failureOf,
  linodeBody,
  poll,
  runningLinode,
  send,
  startCloud,
  stopClouds,
} from "./harness";

afterEach(stopClouds);

describe("a Linode that does not boot", () => {
  it("answers 500 with the reason, so that the provider need not wait", async () => {
    const cloud = await startCloud();
    cloud.machines.break("boot", "no init found");
    const { id } = await cloud.client.createLinode(linodeBody());
    await cloud.api.idle();
    expect(await failureOf(cloud.client.getLinode(id))).toEqual({
      status: 500,
      errors: [{ reason: `Linode ${id} (stronghold-local-app) is not up: no init found` }],
    });
    const [event] = (await cloud.client.getEvents({}, { "entity.id": id })).data;
    expect(event).toMatchObject({
      action: "linode_create",
      status: "failed",
      message: "no init found",
    });
  });

  it("never answers 500 for its addresses, which the provider would ask for a thousand times", async () => {
    const cloud = await startCloud();
    cloud.machines.break("create", "disk full");
    const { id } = await cloud.client.createLinode(linodeBody());
    await cloud.api.idle();
    for (const part of ["ips", "disks", "configs"]) {
      expect((await send(cloud, "GET", `/linode/instances/${id}/${part}`)).status).toBe(200);
    }
    expect((await send(cloud, "POST", `/linode/instances/${id}/boot`, {})).data).toEqual({
      errors: [{ reason: "disk full" }],
    });
  });

  it("is well again after a boot that succeeds", async () => {
    const cloud = await startCloud();
    cloud.machines.break("boot", "no init found");
    const { id } = await cloud.client.createLinode(linodeBody());
    await cloud.api.idle();
    cloud.machines.mend("boot");
    const event = await awaitEvent(cloud, "linode_boot", id, () => cloud.client.linodeBoot(id));
    expect(event.status).toBe("finished");
    expect((await cloud.client.getLinode(id)).status).toBe("running");
  });

  it("is well again when the host comes up by itself", async () => {
    const cloud = await startCloud();
    cloud.machines.break("boot", "sshd was slow");
    const { id } = await cloud.client.createLinode(linodeBody());
    await cloud.api.idle();
    cloud.machines.becomes(id, "running");
    expect((await cloud.client.getLinode(id)).status).toBe("running");
  });

  it("can be deleted", async () => {
    const cloud = await startCloud();
    cloud.machines.break("boot", "no init found");
    const { id } = await cloud.client.createLinode(linodeBody());
    await cloud.api.idle();
    const event = await awaitEvent(cloud, "linode_delete", id, () => cloud.client.deleteLinode(id));
    expect(event.status).toBe("finished");
  });
});

describe("a failed action", () => {
  it.each([
    ["reboot", "linode_reboot"],
    ["shutdown", "linode_shutdown"],
  ] as const)("ends the event of a %s with the reason", async (method, action) => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    cloud.machines.break(method, "it hangs");
    const act = () => send(cloud, "POST", `/linode/instances/${id}/${method}`, {});
    expect(await awaitEvent(cloud, action, id, act)).toMatchObject({
      status: "failed",
      message: "it hangs",
    });
  });

  it("brings a Linode back that could not be destroyed, so that one can try again", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    cloud.machines.break("destroy", "still mounted");
    const act = () => cloud.client.deleteLinode(id);
    expect((await awaitEvent(cloud, "linode_delete", id, act)).message).toBe("still mounted");
    expect((await cloud.client.getLinode(id)).status).toBe("running");
    cloud.machines.mend("destroy");
    expect((await awaitEvent(cloud, "linode_delete", id, act)).status).toBe("finished");
  });
});

describe("a host that changes by itself", () => {
  it("shows in the status", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud);
    for (const status of ["offline", "booting", "running"] as const) {
      cloud.machines.becomes(id, status);
      expect((await cloud.client.getLinode(id)).status).toBe(status);
    }
  });
});

describe("a crash of a handler", () => {
  it("is told in the envelope and in the log", async () => {
    const store = new MemoryStore();
    const cloud = await startCloud({ store });
    breakDown(store);
    const answer = await send(cloud, "GET", "/linode/instances");
    const reason = "The local cloud failed on GET /v4/linode/instances; its log says why.";
    expect([answer.status, answer.data]).toEqual([500, { errors: [{ reason }] }]);
    expect(cloud.log.join("\n")).toContain("ERROR GET /v4/linode/instances: Error: bug");
  });

  it("answers 501 where the provider would repeat a 500 a thousand times", async () => {
    const store = new MemoryStore();
    const cloud = await startCloud({ store });
    breakDown(store);
    expect((await send(cloud, "GET", "/linode/instances/1001/ips")).status).toBe(501);
  });

  it("does not end the cloud when it happens in the background", async () => {
    let isFull = false;
    const store = new MemoryStore(emptyState(), () => {
      if (isFull) throw new Error("disk full");
    });
    const cloud = await startCloud({ store });
    const { id } = await runningLinode(cloud);
    const done = cloud.machines.hold("shutdown");
    await cloud.client.linodeShutdown(id);
    isFull = true;
    done();
    await cloud.api.idle();
    const line = `ERROR Linode ${id}: its state could not be kept: disk full`;
    expect(cloud.log).toContain(line);
    await cloud.client.getLinode(id);
    isFull = false;
    await cloud.client.deleteLinode(id);
    await cloud.api.idle();
    cloud.log.length = 0;
    const other = await runningLinode(cloud);
    isFull = true;
    cloud.machines.becomes(other.id, "offline");
    expect(cloud.log).toContain(line.replace(String(id), String(other.id)));
  });

  function breakDown(store: MemoryStore): void {
    Object.defineProperty(store, "state", {
      get: () => {
        throw new Error("bug");
      },
    });
  }
});

describe("secrets", () => {
  it("stay out of log, answers and events, whatever the machines complain about", async () => {
    const cloud = await startCloud();
    const rootPass = "Canary-7!-root-pass";
    const userData = "#cloud-config\npassword: canary-user-data\n";
    const metadata = { user_data: Buffer.from(userData).toString("base64") };
    cloud.machines.break("create", `could not use ${rootPass} and ${userData}`);
    const { id } = await cloud.client.createLinode(linodeBody({ root_pass: rootPass, metadata }));
    await cloud.api.idle();
    await send(cloud, "POST", "/linode/instances", { root_pass: rootPass, metadata: 7 });
    await send(cloud, "PUT", `/linode/instances/${id}`, { root_pass: rootPass, label: 7 });
    await send(cloud, "POST", "/domains", { root_pass: rootPass });
    const seen = await Promise.all(
      [`/linode/instances/${id}`, "/linode/instances", "/account/events"].map((path) =>
        send(cloud, "GET", path),
      ),
    );
    const text = JSON.stringify([cloud.log, seen.map(({ data }) => data)]);
    expect(text).toContain("could not use [hidden] and [hidden]");
    for (const canary of [rootPass, "canary-user-data", metadata.user_data]) {
      expect(text).not.toContain(canary);
    }
  });

  it("are handed to the machine unharmed", async () => {
    const cloud = await startCloud();
    const { id } = await runningLinode(cloud, { root_pass: "pässwörd-with-ümlaut" });
    await poll(
      () => Promise.resolve(cloud.machines.machines.get(id)?.spec.rootPass),
      (rootPass) => rootPass === "pässwörd-with-ümlaut",
    );
  });
});
