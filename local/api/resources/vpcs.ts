import { Listing, type Handler } from "../call";
import { notFound, refused } from "../errors";
import { type State, takeId, timestamp, type Vpc } from "../state/model";
import { type Body, withoutNulls } from "../validation/faults";
import { checkVpc, checkVpcUpdate } from "../validation/vpc";
import { attached, subnetView } from "./vpc-subnets";

export const listVpcs: Handler = ({ store: { state } }) =>
  new Listing(state.vpcs.map((vpc) => view(state, vpc)));

export const getVpc: Handler = ({ store: { state } }, call) =>
  view(state, findVpc(state, call.id("vpcId")));

export const createVpc: Handler = ({ store }, call) => {
  const { label, description = "", region } = checkVpc(call.body, store.state);
  return store.change((draft) => {
    const now = timestamp();
    const times = { created: now, updated: now };
    const vpc = { id: takeId(draft, "vpc"), label, description, region, ...times };
    draft.vpcs.push(vpc);
    return view(draft, vpc);
  });
};

export const updateVpc: Handler = ({ store }, call) => {
  const { id } = findVpc(store.state, call.id("vpcId"));
  checkVpcUpdate(call.body, id, store.state);
  return store.change((draft) => {
    const vpc = findVpc(draft, id);
    Object.assign(vpc, changesOf(withoutNulls(call.body)), { updated: timestamp() });
    return view(draft, vpc);
  });
};

/** With its subnets, unless a Linode is in one. */
export const deleteVpc: Handler = ({ store }, call) => {
  const { id } = findVpc(store.state, call.id("vpcId"));
  if (subnetsOf(store.state, id).some((subnet) => attached(store.state, subnet.id).length > 0)) {
    throw refused("Cannot delete a VPC that has a subnet with Linodes in it.");
  }
  store.change((draft) => {
    draft.vpcs = draft.vpcs.filter((vpc) => vpc.id !== id);
    draft.subnets = draft.subnets.filter(({ vpcId }) => vpcId !== id);
  });
  return {};
};

export function findVpc(state: Readonly<State>, id: number): Vpc {
  const found = state.vpcs.find((vpc) => vpc.id === id);
  if (!found) throw notFound();
  return found;
}

function subnetsOf(state: Readonly<State>, id: number) {
  return state.subnets.filter(({ vpcId }) => vpcId === id);
}

function changesOf({ label, description }: Body): Body {
  return {
    ...(label === undefined ? {} : { label }),
    ...(description === undefined ? {} : { description }),
  };
}

function view(state: Readonly<State>, vpc: Vpc) {
  const subnets = subnetsOf(state, vpc.id).map((subnet) => subnetView(state, subnet));
  return { ...vpc, subnets };
}
