import type { Handler } from "../call";
import { refused } from "../errors";
import type { Linode } from "../state/model";
import { Faults } from "../validation/faults";
import { vendor } from "../validation/vendor-schemas";
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
      vpc: [],
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

function publicView(linode: Linode) {
  const { publicIPv4: address } = linode;
  return {
    ...shared(linode, "ipv4", true),
    address,
    gateway: "203.0.113.1",
    subnet_mask: "255.255.255.0",
    prefix: 24,
    rdns: `${address.replaceAll(".", "-")}.ip.linodeusercontent.com`,
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
  return { ...shared(linode, "ipv6", true), ...IPV6, address: linode.publicIPv6, prefix: 128 };
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
