import type { Cloud } from "./cloud";
import { reasonOf } from "./errors";
import { Lifecycle } from "./lifecycle";
import type { Linode } from "./state/model";

/**
 * Makes state and machines agree after a start. A crash may have come between any two steps: walls are
 * put in force again, unfinished tasks are taken up, and where a host is in another state than
 * remembered, the host is right. Returns once the walls stand; tasks go on in the background.
 */
export async function reconcile(cloud: Cloud): Promise<void> {
  await Promise.all(cloud.store.state.linodes.map((linode) => reconcileOne(cloud, linode)));
}

async function reconcileOne(cloud: Cloud, linode: Linode): Promise<void> {
  const { id, made, task, fault } = linode;
  if (made && task?.kind !== "delete" && !(await standsBehindWall(cloud, linode))) return;
  if (task) {
    cloud.log(`Linode ${id}: going on with its ${task.kind}`);
    cloud.lifecycle.start(id);
    return;
  }
  if (!made) return;
  cloud.store.change((draft) => {
    const record = draft.linodes.find((candidate) => candidate.id === id);
    if (!record) return;
    // A boot that failed is tried again: whoever restarts the cloud has likely repaired its cause.
    if (fault !== null) Lifecycle.begin(draft, record, "boot");
    else record.status = cloud.machines.status(id);
  });
  if (fault !== null) cloud.lifecycle.start(id);
}

/** Fails closed: a host whose wall cannot be put up is switched off. */
async function standsBehindWall({ store, walls, machines, log }: Cloud, { id }: Linode) {
  try {
    await walls.enforce(id);
    return true;
  } catch (error) {
    const reason = `Its firewall could not be put in force after a restart: ${reasonOf(error)}`;
    log(`ERROR Linode ${id} is switched off. ${reason}`);
    store.change((draft) => {
      const record = draft.linodes.find((candidate) => candidate.id === id);
      if (record) Object.assign(record, { fault: reason, status: "offline", task: null });
    });
    await machines.shutdown(id).catch((failure: unknown) => {
      log(`ERROR Linode ${id} could not be switched off either: ${reasonOf(failure)}`);
    });
    return false;
  }
}
