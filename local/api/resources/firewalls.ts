import { Listing, type Handler } from "../call";
import { notFound } from "../errors";
import { linodeEntity } from "../state/events";
import { type Firewall, type State, takeId, timestamp } from "../state/model";
import { checkFirewallRequest, checkFirewallUpdate, checkRuleSet } from "../validation/firewall";

export function findFirewall(state: Readonly<State>, id: number): Firewall {
  const firewall = state.firewalls.find((candidate) => candidate.id === id);
  if (!firewall) throw notFound();
  return firewall;
}

export const listFirewalls: Handler = ({ store }) =>
  new Listing(store.state.firewalls.map((firewall) => firewallView(store.state, firewall)));

export const getFirewall: Handler = ({ store }, call) =>
  firewallView(store.state, findFirewall(store.state, call.id("firewallId")));

export const getRules: Handler = ({ store }, call) =>
  findFirewall(store.state, call.id("firewallId")).rules;

export const createFirewall: Handler = async ({ store, walls }, { body }) => {
  const request = checkFirewallRequest(body, store.state);
  const linodeIds = [...new Set(request.devices?.linodes ?? [])];
  let id = 0;
  await walls.change(
    (draft) => {
      const times = { created: timestamp(), updated: timestamp() };
      id = takeId(draft, "firewall");
      const { label, rules, tags = [] } = request;
      draft.firewalls.push({ id, label, status: "enabled", tags, rules, ...times });
      for (const linodeId of linodeIds) {
        draft.devices.push({ id: takeId(draft, "device"), firewallId: id, linodeId, ...times });
      }
    },
    (draft) => {
      removeFirewall(draft, id);
    },
    () => linodeIds,
  );
  return firewallView(store.state, findFirewall(store.state, id));
};

/** Disabling takes the wall away, enabling puts it back. */
export const updateFirewall: Handler = async ({ store, walls }, call) => {
  const id = call.id("firewallId");
  const before = findFirewall(store.state, id);
  const update = checkFirewallUpdate(call.body, before, store.state);
  const { label = before.label, tags = before.tags, status = before.status } = update;
  await walls.change(
    (draft) => {
      Object.assign(findFirewall(draft, id), { label, tags, status, updated: timestamp() });
    },
    (draft) => {
      const { label, tags, status, updated } = before;
      Object.assign(findFirewall(draft, id), { label, tags, status, updated });
    },
    () => (status === before.status ? [] : guarded(store.state, id)),
  );
  return firewallView(store.state, findFirewall(store.state, id));
};

/** Replaces the whole set, and answers once it is in force on every Linode. */
export const updateRules: Handler = async ({ store, walls }, call) => {
  const id = call.id("firewallId");
  const before = findFirewall(store.state, id).rules;
  const rules = checkRuleSet(call.body);
  await walls.change(
    (draft) => {
      Object.assign(findFirewall(draft, id), { rules, updated: timestamp() });
    },
    (draft) => {
      Object.assign(findFirewall(draft, id), { rules: before });
    },
    () => guarded(store.state, id),
  );
  return rules;
};

/** Succeeds with devices attached, and leaves them without a wall, as at the vendor. */
export const deleteFirewall: Handler = async ({ store, walls }, call) => {
  const id = call.id("firewallId");
  const before = findFirewall(store.state, id);
  const devices = store.state.devices.filter((device) => device.firewallId === id);
  await walls.change(
    (draft) => {
      removeFirewall(draft, id);
    },
    (draft) => {
      draft.firewalls.push(before);
      draft.devices.push(...devices);
    },
    () => devices.map(({ linodeId }) => linodeId),
  );
  return {};
};

function removeFirewall(draft: State, id: number): void {
  draft.firewalls = draft.firewalls.filter((firewall) => firewall.id !== id);
  draft.devices = draft.devices.filter((device) => device.firewallId !== id);
}

function guarded(state: Readonly<State>, firewallId: number): number[] {
  return state.devices
    .filter((device) => device.firewallId === firewallId)
    .map(({ linodeId }) => linodeId);
}

function firewallView(state: Readonly<State>, firewall: Firewall) {
  const linodeIds = guarded(state, firewall.id);
  const entities = state.linodes
    .filter(({ id, task }) => linodeIds.includes(id) && task?.kind !== "delete")
    .map((linode) => ({ ...linodeEntity(linode), parent_entity: null }));
  return { ...firewall, entities };
}
