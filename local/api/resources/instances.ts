import { randomUUID } from "node:crypto";

import { findImage } from "../catalogue/images";
import { planOf } from "../catalogue/types";
import { Listing, type Handler } from "../call";
import { ApiError, busy, notFound } from "../errors";
import { Lifecycle } from "../lifecycle";
import { ipv6Of, takePrivateIPv4, takePublicIPv4 } from "../state/addresses";
import { type Interface, type Linode, type State, takeId, timestamp } from "../state/model";
import type { InterfaceRequest } from "../validation/interfaces";
import { checkLinodeRequest, type LinodeRequest } from "../validation/linode-create";
import { checkLinodeUpdate } from "../validation/linode-update";
import { defaultConfig, defaultDisks } from "./instance-defaults";
import { instanceView } from "./instance-view";

/** The Linode of the path. One that is being deleted is gone for all who ask. */
export function findLinode(state: Readonly<State>, id: number): Linode {
  const linode = state.linodes.find((candidate) => candidate.id === id);
  if (!linode || linode.task?.kind === "delete") throw notFound();
  return linode;
}

export const listInstances: Handler = ({ store }) =>
  new Listing(store.state.linodes.filter(({ task }) => task?.kind !== "delete").map(instanceView));

/**
 * A Linode that did not come up answers 500 with the reason: there is no status for it, and the
 * provider would wait a quarter of an hour for `running`.
 */
export const getInstance: Handler = ({ store }, call) => {
  const linode = findLinode(store.state, call.id("linodeId"));
  if (linode.fault === null) return instanceView(linode);
  const reason = `Linode ${linode.id} (${linode.label}) is not up: ${linode.fault}`;
  throw new ApiError(500, [{ reason }]);
};

/** Answers at once; the machine is made and booted in the background. */
export const createInstance: Handler = (cloud, { body }) => {
  const request = checkLinodeRequest(body, cloud);
  const linode = cloud.store.change((draft) => addLinode(draft, request));
  const encoded = request.metadata?.user_data;
  cloud.lifecycle.start(linode.id, {
    rootPass: request.root_pass,
    authorizedKeys: request.authorized_keys ?? [],
    ...(encoded ? { userData: Buffer.from(encoded, "base64").toString("utf8") } : {}),
  });
  return instanceView(linode);
};

export const updateInstance: Handler = ({ store }, call) => {
  const id = call.id("linodeId");
  const update = checkLinodeUpdate(call.body, findLinode(store.state, id), store.state);
  return store.change((draft) => {
    const linode = findLinode(draft, id);
    Object.assign(linode, update, { updated: timestamp() });
    return instanceView(linode);
  });
};

/** Comes through also while the Linode boots: who gives up waiting wants it gone, not `busy`. */
export const deleteInstance: Handler = ({ store, lifecycle }, call) => {
  const id = call.id("linodeId");
  store.change((draft) => {
    Lifecycle.begin(draft, findLinode(draft, id), "delete");
  });
  lifecycle.start(id);
  return {};
};

/** Refuses an action on a Linode that has not finished its last one. */
export function notBusy(linode: Linode): Linode {
  if (linode.task) throw busy();
  return linode;
}

function addLinode(draft: State, request: LinodeRequest): Linode {
  const id = takeId(draft, "linode");
  const now = timestamp();
  const imageLabel = findImage(request.image)?.label ?? request.image;
  const disks = defaultDisks(draft, planOf(request.type), imageLabel, now);
  const linode: Linode = {
    id,
    label: request.label ?? `linode${id}`,
    group: request.group ?? "",
    tags: request.tags ?? [],
    region: request.region,
    type: request.type,
    image: request.image,
    status: "provisioning",
    created: now,
    updated: now,
    publicIPv4: takePublicIPv4(draft),
    privateIPv4: request.private_ip === true ? takePrivateIPv4(draft) : null,
    publicIPv6: ipv6Of(id),
    hostUuid: randomUUID().replaceAll("-", ""),
    diskEncryption: request.disk_encryption ?? "enabled",
    watchdogEnabled: true,
    alerts: { cpu: 90, network_in: 10, network_out: 10, transfer_quota: 80, io: 10000 },
    backupsEnabled: request.backups_enabled ?? false,
    hasUserData: Boolean(request.metadata?.user_data),
    bootWanted: request.booted ?? true,
    made: false,
    fault: null,
    task: null,
    disks,
    configs: [defaultConfig(draft, imageLabel, disks, now)],
    interfaces: (request.interfaces ?? []).map((card) => interfaceOf(draft, card)),
  };
  draft.linodes.push(linode);
  if (request.firewall_id !== undefined) {
    draft.devices.push({
      id: takeId(draft, "device"),
      firewallId: request.firewall_id,
      linodeId: id,
      created: now,
      updated: now,
    });
  }
  Lifecycle.begin(draft, linode, "provision");
  return linode;
}

function interfaceOf(
  draft: State,
  { purpose, primary, subnet_id, ipv4 }: InterfaceRequest,
): Interface {
  const base = { id: takeId(draft, "interface"), primary: primary ?? false };
  if (purpose === "public") return { ...base, purpose };
  return { ...base, purpose: "vpc", subnetId: subnet_id ?? 0, address: ipv4?.vpc ?? "" };
}
