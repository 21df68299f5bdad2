// Nothing is given out twice, however creates and deletes fall together.
import fc from "fast-check";

import { ipv6Of, takePrivateIPv4, takePublicIPv4 } from "../../local/api/state/addresses";
import { emptyState, type Linode, takeId } from "../../local/api/state/model";
import { linodeBody, send, startCloud, stopClouds } from "./harness";

afterEach(stopClouds);

describe("addresses", () => {
  it("are unique among Linodes that are created at the same time", async () => {
    const cloud = await startCloud();
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        cloud.client.createLinode(linodeBody({ label: `host-${index}` })),
      ),
    );
    const addresses = made.flatMap(({ ipv4, ipv6 }) => [...ipv4, ipv6]);
    expect(addresses).toHaveLength(120);
    expect(new Set(addresses).size).toBe(120);
    expect(new Set(made.map(({ id }) => id)).size).toBe(40);
    await cloud.api.idle();
    expect(cloud.machines.machines.size).toBe(40);
  });

  it("go to one of two Linodes with the same label, and nothing is left of the other", async () => {
    const cloud = await startCloud();
    const answers = await Promise.all(
      [1, 2].map(() => send(cloud, "POST", "/linode/instances", linodeBody())),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect((await cloud.client.getLinodes()).results).toBe(1);
  });

  it("are unique and in their ranges after any order of creates and deletes", () => {
    const steps = fc.array(fc.oneof(fc.constant("create"), fc.nat({ max: 30 })), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(steps, (todo) => {
        const state = emptyState();
        for (const step of todo) {
          if (step !== "create") {
            state.linodes.splice(step, 1);
            continue;
          }
          const id = takeId(state, "linode");
          const publicIPv4 = takePublicIPv4(state);
          const privateIPv4 = takePrivateIPv4(state);
          state.linodes.push({ id, publicIPv4, privateIPv4, publicIPv6: ipv6Of(id) } as Linode);
        }
        for (const kind of ["id", "publicIPv4", "privateIPv4", "publicIPv6"] as const) {
          const given = state.linodes.map((linode) => linode[kind]);
          expect(new Set(given).size).toBe(given.length);
        }
        for (const { publicIPv4, privateIPv4 } of state.linodes) {
          expect(publicIPv4).toMatch(/^203\.0\.113\.(1\d\d|2[0-4]\d|25[0-4])$/);
          expect(privateIPv4).toMatch(/^192\.168\.129\.([1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/);
        }
      }),
    );
  });

  it("of a Linode that is gone are not its successor's", async () => {
    const cloud = await startCloud();
    const first = await cloud.client.createLinode(linodeBody());
    await cloud.api.idle();
    await cloud.client.deleteLinode(first.id);
    await cloud.api.idle();
    const second = await cloud.client.createLinode(linodeBody());
    expect(second.ipv4.filter((address) => first.ipv4.includes(address))).toEqual([]);
  });

  it("run out with a fault that says what to do", () => {
    const state = emptyState();
    const take = () => {
      const publicIPv4 = takePublicIPv4(state);
      state.linodes.push({ id: takeId(state, "linode"), publicIPv4 } as Linode);
    };
    for (let count = 0; count < 155; count += 1) take();
    expect(take).toThrow(
      "No address is left between 203.0.113.100 and .254: delete a Linode first.",
    );
  });

  it.each([
    [1001, "2001:db8:113::3e9"],
    [0xffff, "2001:db8:113::ffff"],
    [0x1_0000, "2001:db8:113::1:0"],
  ])("of IPv6 hold the id %i", (id, address) => {
    expect(ipv6Of(id)).toBe(address);
  });
});
