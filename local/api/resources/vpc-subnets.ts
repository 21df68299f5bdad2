import { Listing, type Handler } from "../call";
import { notFound, refused } from "../errors";
import { type Linode, type State, type Subnet, takeId, timestamp } from "../state/model";
import { checkSubnet, checkSubnetUpdate } from "../validation/vpc";
import { findVpc } from "./vpcs";

export const listSubnets: Handler = ({ store: { state } }, call) => {
  const { id } = findVpc(state, call.id("vpcId"));
  const own = state.subnets.filter(({ vpcId }) => vpcId === id);
  return new Listing(own.map((subnet) => subnetView(state, subnet)));
};

export const getSubnet: Handler = ({ store: { state } }, call) =>
  subnetView(state, find(state, call.id("vpcId"), call.id("subnetId")));

export const createSubnet: Handler = ({ store }, call) => {
  const { id: vpcId } = findVpc(store.state, call.id("vpcId"));
  const { label, ipv4 } = checkSubnet(call.body, vpcId, store.state);
  return store.change((draft) => {
    const now = timestamp();
    const times = { created: now, updated: now };
    const subnet = { id: takeId(draft, "subnet"), vpcId, label, ipv4, ...times };
    draft.subnets.push(subnet);
    return subnetView(draft, subnet);
  });
};

export const updateSubnet: Handler = ({ store }, call) => {
  const subnet = find(store.state, call.id("vpcId"), call.id("subnetId"));
  const { label = subnet.label } = checkSubnetUpdate(call.body, subnet, store.state);
  return store.change((draft) => {
    const record = find(draft, subnet.vpcId, subnet.id);
    Object.assign(record, { label, updated: timestamp() });
    return subnetView(draft, record);
  });
};

export const deleteSubnet: Handler = ({ store }, call) => {
  const { id } = find(store.state, call.id("vpcId"), call.id("subnetId"));
  if (attached(store.state, id).length > 0) {
    throw refused("Cannot delete a subnet that has Linodes in it.");
  }
  store.change((draft) => {
    draft.subnets = draft.subnets.filter((subnet) => subnet.id !== id);
  });
  return {};
};

/** The Linodes that have a network card in the subnet, those being deleted included. */
export function attached({ linodes }: Readonly<State>, subnetId: number): Linode[] {
  return linodes.filter(({ interfaces = [] }) =>
    interfaces.some((card) => card.purpose === "vpc" && card.subnetId === subnetId),
  );
}

export function subnetView(state: Readonly<State>, subnet: Subnet) {
  const { id: subnetId, label, ipv4, created, updated } = subnet;
  const linodes = attached(state, subnet.id).map(({ id, status, interfaces = [] }) => ({
    id,
    interfaces: interfaces.flatMap((card) =>
      card.purpose === "vpc" && card.subnetId === subnetId
        ? [{ id: card.id, active: status === "running", config_id: null }]
        : [],
    ),
  }));
  return { id: subnetId, label, ipv4, linodes, created, updated };
}

function find({ subnets }: Readonly<State>, vpcId: number, id: number): Subnet {
  const found = subnets.find((subnet) => subnet.vpcId === vpcId && subnet.id === id);
  if (!found) throw notFound();
  return found;
}
