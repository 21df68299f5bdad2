import type { Handler } from "../call";
import { notFound, refused } from "../errors";
import type { Linode, State } from "../state/model";
import { Faults } from "../validation/faults";
import { vendor } from "../validation/vendor-schemas";
import { addressesOf } from "./domain-records";
import { vpcAddressViews } from "./instance-interfaces";
import { findLinode } from "./instances";

/**
 * Never answers 500, not even for a Linode that did not come up: the provider's client repeats a 500
 * of this route a thousand times.
 */
export const listIps: Handler = ({ store }, call) => {
  const linode = findLinode(store.state, call.id("linodeId"));
  return {
    ipv4: {
      public: [publicView(linode)],
      private: linode.privateIPv4 === null ? [] : [privateView(linode, linode.privateIPv4)],
      shared: [],
      reserved: [],
      vpc: vpcAddressViews(store.state, linode),
    },
    ipv6: { slaac: slaacView(linode), link_local: linkLocalView(linode), global: [], vpc: [] },
  };
};

/** A machine gets its addresses when it is made, so that one more would exist on paper only. */
export const addIp: Handler = ({ store }, call) => {
  const linode = findLinode(store.state, call.id("linodeId"));
  new Faults().schema(vendor.IPAllocationSchema, call.body).throwIfAny();
  if (call.body["public"] === false && linode.privateIPv4 !== null) {
    throw refused(`Linode ${linode.id} has a private address already: ${linode.privateIPv4}.`);
  }
  throw refused(
    "The local cloud gives addresses at creation only. For a private one create the Linode with private_ip: true.",
  );
};

export const getIp: Handler = ({ store }, call) => viewOf(store.state, call.name("address"));

/** Its name, which has to lead back to the address; null brings the vendor's own one back. */
export const updateIp: Handler = ({ store }, call) => {
  const address = call.name("address");
  holderOf(store.state, address);
  const { rdns } = call.body as { rdns?: string | null };
  const leadsBack = (): boolean =>
    rdns === null || rdns === undefined || addressesOf(store.state, rdns).includes(address);
  new Faults()
    .check("rdns", leadsBack, `Unable to perform a lookup for '${String(rdns)}' at this time.`)
    .throwIfAny();
  return store.change((draft) => {
    const linode = holderOf(draft, address);
    const others = Object.entries(linode.reverseNames ?? {}).filter(([of]) => of !== address);
    const own = typeof rdns === "string" ? [[address, rdns] as const] : [];
    linode.reverseNames = Object.fromEntries([...others, ...own]);
    return viewOf(draft, address);
  });
};

function holderOf({ linodes }: Readonly<State>, address: string): Linode {
  const holder = linodes.find(({ publicIPv4, publicIPv6 }) =>
    [publicIPv4, publicIPv6].includes(address),
  );
  if (!holder) throw notFound();
  return holder;
}

function viewOf(state: Readonly<State>, address: string) {
  const holder = holderOf(state, address);
  return address === holder.publicIPv4 ? publicView(holder) : slaacView(holder);
}

function publicView(linode: Linode) {
  const { publicIPv4: address } = linode;
  return {
    ...shared(linode, "ipv4", true),
    address,
    gateway: "203.0.113.1",
    subnet_mask: "255.255.255.0",
    prefix: 24,
    rdns:
      linode.reverseNames?.[address] ?? `${address.replaceAll(".", "-")}.ip.linodeusercontent.com`,
  };
}

function privateView(linode: Linode, address: string) {
  return {
    ...shared(linode, "ipv4", false),
    address,
    gateway: null,
    subnet_mask: "255.255.128.0",
    prefix: 17,
    rdns: null,
  };
}

function slaacView(linode: Linode) {
  const { publicIPv6: address, reverseNames } = linode;
  const rdns = reverseNames?.[address] ?? null;
  return { ...shared(linode, "ipv6", true), ...IPV6, address, prefix: 128, rdns };
}

function linkLocalView(linode: Linode) {
  const address = linode.publicIPv6.replace(/^.*::/, "fe80::");
  return { ...shared(linode, "ipv6", false), ...IPV6, address, prefix: 64 };
}

const IPV6 = {
  gateway: "fe80::1",
  subnet_mask: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  rdns: null,
} as const;

function shared({ id, region }: Linode, type: "ipv4" | "ipv6", isPublic: boolean) {
  return {
    type,
    public: isPublic,
    linode_id: id,
    interface_id: null,
    region,
    vpc_nat_1_1: null,
    reserved: false,
  };
}
