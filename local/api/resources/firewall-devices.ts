import { Listing, type Call, type Handler } from "../call";
import { notFound } from "../errors";
import { linodeEntity } from "../state/events";
import { type FirewallDevice, type State, takeId, timestamp } from "../state/model";
import { checkDevice } from "../validation/firewall";
import { findFirewall } from "./firewalls";
import { findLinode } from "./instances";

export const listDevices: Handler = ({ store }, call) =>
  new Listing(devicesOf(store.state, call).map((device) => deviceView(store.state, device)));

export const getDevice: Handler = ({ store }, call) =>
  deviceView(store.state, findDevice(store.state, call));

export const addDevice: Handler = async ({ store, walls }, call) => {
  const firewallId = findFirewall(store.state, call.id("firewallId")).id;
  const linodeId = checkDevice(call.body, store.state);
  const device = await walls.change(
    (draft) => {
      const times = { created: timestamp(), updated: timestamp() };
      const added = { id: takeId(draft, "device"), firewallId, linodeId, ...times };
      draft.devices.push(added);
      return added;
    },
    (draft) => {
      draft.devices = draft.devices.filter((other) => other.linodeId !== linodeId);
    },
    () => [linodeId],
  );
  return deviceView(store.state, device);
};

export const deleteDevice: Handler = async ({ store, walls }, call) => {
  const device = findDevice(store.state, call);
  await walls.change(
    (draft) => {
      draft.devices = draft.devices.filter(({ id }) => id !== device.id);
    },
    (draft) => {
      draft.devices.push(device);
    },
    () => [device.linodeId],
  );
  return {};
};

/** Those of a Linode that is being deleted are gone with it. */
function devicesOf(state: Readonly<State>, call: Call): FirewallDevice[] {
  const { id } = findFirewall(state, call.id("firewallId"));
  const deleted = new Set(
    state.linodes.filter(({ task }) => task?.kind === "delete").map((linode) => linode.id),
  );
  return state.devices.filter(
    (device) => device.firewallId === id && !deleted.has(device.linodeId),
  );
}

function findDevice(state: Readonly<State>, call: Call): FirewallDevice {
  const id = call.id("deviceId");
  const device = devicesOf(state, call).find((candidate) => candidate.id === id);
  if (!device) throw notFound();
  return device;
}

function deviceView(state: Readonly<State>, device: FirewallDevice) {
  const { id, linodeId, created, updated } = device;
  const entity = { ...linodeEntity(findLinode(state, linodeId)), parent_entity: null };
  return { id, entity, created, updated };
}
