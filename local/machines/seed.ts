import type { MachineSpec } from "../types";
import { ROUTER_IPV4 } from "./network";

/** The NoCloud seed of one machine: what cloud-init reads in place of the vendor's metadata service. */
export interface Seed {
  "meta-data": string;
  "user-data": string;
  "network-config": string;
}

/** One network card with all addresses but a VPC's, as on Linode; JSON is YAML, and needs no quoting rules. */
export function renderSeed(spec: MachineSpec): Seed {
  const addresses = [`${spec.publicIPv4}/24`, `${spec.publicIPv6}/128`];
  if (spec.privateIPv4 !== undefined) addresses.push(`${spec.privateIPv4}/17`);
  const { vpc } = spec;
  // No route: what is not in the subnet is not behind it either.
  const closed = { dhcp4: false, dhcp6: false, "accept-ra": false };
  const second = vpc ? { eth1: { addresses: [`${vpc.address}/${vpc.prefix}`], ...closed } } : {};
  const network = {
    version: 2,
    ethernets: {
      ...second,
      eth0: {
        addresses,
        dhcp4: false,
        dhcp6: false,
        "accept-ra": false,
        routes: [
          { to: "0.0.0.0/0", via: ROUTER_IPV4 },
          { to: "::/0", via: "fe80::1" },
        ],
      },
    },
  };
  return {
    "meta-data": `${JSON.stringify({ "instance-id": `linode-${spec.id}`, "local-hostname": spec.label })}\n`,
    "user-data": spec.userData ?? "#cloud-config\n{}\n",
    "network-config": `${JSON.stringify(network)}\n`,
  };
}

/** `/etc/shadow` with root's password hash replaced. */
export function withRootPassword(shadow: string, hash: string): string {
  return shadow.replace(/^root:[^:]*:/m, () => `root:${hash}:`);
}
