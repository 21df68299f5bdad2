import type { Machines, MachineSpec } from "../types";
import { vpcAddressOf } from "./resources/instance-interfaces";
import type { Linode, State, Task } from "./state/model";
import type { Store } from "./state/store";
import type { Walls } from "./walls";

/** What is needed once, to make a machine, and kept nowhere: it holds secrets. */
export type Making = Pick<MachineSpec, "rootPass" | "userData" | "authorizedKeys">;

interface Means {
  store: Store;
  machines: Machines;
  walls: Walls;
}

/** Carries out one task on the machines. */
export async function runTask(
  means: Means,
  linode: Linode,
  kind: Task["kind"],
  making: Making | undefined,
): Promise<void> {
  const { machines } = means;
  switch (kind) {
    case "provision":
      await provision(means, linode, making);
      return;
    case "boot":
    case "reboot":
      await bootBehindWall(means, linode, kind);
      return;
    case "shutdown":
    // The vendor moves a Linode to its new plan while it is off, and it stays off.
    case "resize":
      await machines.shutdown(linode.id);
      return;
    case "delete":
      await machines.destroy(linode.id);
      return;
    default:
      throw new Error(`No such task: ${String(kind satisfies never)}`);
  }
}

async function provision(means: Means, linode: Linode, making?: Making): Promise<void> {
  const { store, machines } = means;
  if (!linode.made) {
    if (!making) {
      throw new Error(
        "The local cloud stopped before this Linode was made, and its password is not kept: " +
          "delete it and create it again.",
      );
    }
    await machines.create(machineSpec(store.state, linode, making));
    store.change((draft) => {
      for (const record of draft.linodes) if (record.id === linode.id) record.made = true;
    });
  }
  if (linode.bootWanted) await bootBehindWall(means, linode, "boot");
  else await means.walls.enforce(linode.id);
}

/** The wall first, every time: no server is ever up without it. */
async function bootBehindWall(
  { store, machines, walls }: Means,
  { id }: Linode,
  kind: "boot" | "reboot",
): Promise<void> {
  await walls.enforce(id);
  store.change((draft) => {
    for (const record of draft.linodes) {
      if (record.id === id && record.status === "provisioning") record.status = "booting";
    }
  });
  if (kind === "reboot" && machines.status(id) !== "offline") await machines.reboot(id);
  else await machines.boot(id);
}

function machineSpec(state: Readonly<State>, linode: Linode, making: Making): MachineSpec {
  const vpc = vpcAddressOf(state, linode);
  const { id, label, image, publicIPv4, privateIPv4, publicIPv6 } = linode;
  return {
    id,
    label,
    image,
    publicIPv4,
    ...(privateIPv4 === null ? {} : { privateIPv4 }),
    ...(vpc === undefined ? {} : { vpc }),
    publicIPv6,
    ...making,
  };
}
