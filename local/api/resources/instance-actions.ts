import { planOf } from "../catalogue/types";
import type { Call, Handler } from "../call";
import type { Cloud } from "../cloud";
import { refused } from "../errors";
import { Lifecycle } from "../lifecycle";
import { noteEvent } from "../state/events";
import type { Linode, State, Task } from "../state/model";
import { Faults, withoutNulls } from "../validation/faults";
import { checkResize } from "../validation/resize";
import { findLinode, notBusy } from "./instances";

export const bootInstance: Handler = (cloud, call) => {
  const linode = idleLinode(cloud, call);
  checkConfigId(call, linode);
  if (linode.status !== "offline") throw refused("Linode is already booted.");
  return begin(cloud, linode, "boot");
};

/** Works on a Linode that is off, too: after a resize the provider turns it on this way. */
export const rebootInstance: Handler = (cloud, call) => {
  const linode = idleLinode(cloud, call);
  checkConfigId(call, linode);
  return begin(cloud, linode, "reboot");
};

export const shutdownInstance: Handler = (cloud, call) => {
  const linode = idleLinode(cloud, call);
  if (linode.status === "offline") throw refused("Linode is already powered off.");
  return begin(cloud, linode, "shutdown");
};

/** Leaves the Linode off: the provider waits for just that. */
export const resizeInstance: Handler = (cloud, call) => {
  const linode = idleLinode(cloud, call);
  const { type, allow_auto_disk_resize: fits = true } = checkResize(call.body, linode);
  return begin(cloud, linode, "resize", (record) => {
    record.type = type;
    if (fits) fitDisks(record);
  });
};

export const enableBackups: Handler = (cloud, call) => setBackups(cloud, call, true);
export const cancelBackups: Handler = (cloud, call) => setBackups(cloud, call, false);

function setBackups({ store }: Cloud, call: Call, enabled: boolean) {
  const id = call.id("linodeId");
  store.change((draft) => {
    const linode = findLinode(draft, id);
    linode.backupsEnabled = enabled;
    noteEvent(draft, enabled ? "backups_enable" : "backups_cancel", linode);
  });
  return {};
}

function begin(
  { store, lifecycle }: Cloud,
  { id }: Linode,
  kind: Task["kind"],
  alter: (linode: Linode, draft: State) => void = () => undefined,
) {
  store.change((draft) => {
    const linode = findLinode(draft, id);
    Lifecycle.begin(draft, linode, kind);
    alter(linode, draft);
  });
  lifecycle.start(id);
  return {};
}

function idleLinode({ store }: Cloud, call: Call): Linode {
  const linode = notBusy(findLinode(store.state, call.id("linodeId")));
  if (!linode.made) throw refused(linode.fault ?? "It was never made.");
  return linode;
}

function checkConfigId(call: Call, linode: Linode): void {
  const { config_id: configId } = withoutNulls(call.body);
  new Faults()
    .check(
      "config_id",
      () => configId === undefined || linode.configs.some(({ id }) => id === configId),
      "The Linode has no such config.",
    )
    .throwIfAny();
}

/** Gives the first disk what the plan has left, as the vendor does for one disk and a swap. */
function fitDisks(linode: Linode): void {
  const [first, ...others] = linode.disks;
  if (!first) return;
  first.size = planOf(linode.type).disk - others.reduce((sum, { size }) => sum + size, 0);
}
