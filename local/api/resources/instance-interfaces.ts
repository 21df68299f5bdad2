import { parseNetwork } from "../../../components/lib/networks";
import type { VpcPlace } from "../../types";
import type { Linode, State } from "../state/model";

/** The network cards of a Linode's config, as the vendor shows them. */
export function interfaceViews({ subnets }: Readonly<State>, { interfaces = [], status }: Linode) {
  return interfaces.map((card) => {
    const { id, purpose, primary } = card;
    const base = { id, purpose, primary, active: status === "running" };
    const rest = { label: null, ipam_address: null, ip_ranges: [] };
    if (card.purpose === "public") {
      return { ...base, ...rest, subnet_id: null, vpc_id: null, ipv4: null };
    }
    const vpcId = subnets.find((subnet) => subnet.id === card.subnetId)?.vpcId ?? null;
    const ipv4 = { vpc: card.address, nat_1_1: null };
    return { ...base, ...rest, subnet_id: card.subnetId, vpc_id: vpcId, ipv4 };
  });
}

/** Its addresses in VPCs, as `GET .../ips` shows them. */
export function vpcAddressViews(state: Readonly<State>, linode: Linode) {
  return interfaceViews(state, linode).flatMap(({ id, ipv4, subnet_id, vpc_id, active }) =>
    ipv4 === null
      ? []
      : [
          {
            address: ipv4.vpc,
            ...{
              address_range: null,
              nat_1_1: null,
              gateway: null,
              subnet_mask: null,
              prefix: null,
            },
            ...{ vpc_id, subnet_id, interface_id: id, active },
            ...{ linode_id: linode.id, config_id: linode.configs[0]?.id ?? null },
            region: linode.region,
          },
        ],
  );
}

/** Where its machine stands in a VPC. */
export function vpcAddressOf(
  { subnets }: Readonly<State>,
  { interfaces = [] }: Linode,
): VpcPlace | undefined {
  for (const card of interfaces) {
    if (card.purpose === "public") continue;
    const subnet = subnets.find(({ id }) => id === card.subnetId);
    const prefix = parseNetwork(subnet?.ipv4 ?? "")?.prefix;
    if (subnet && prefix !== undefined) return { id: subnet.vpcId, address: card.address, prefix };
  }
  return undefined;
}
