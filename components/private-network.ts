import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";

import { placeInVpc, privateNetworkOf } from "./lib/private-network";
import type { Role } from "./lib/roles";
import type { NetworkSettings } from "./lib/settings-network";
import { originOf, type StackIdentity } from "./lib/stack-names";

/** How a server is on a private network: the data centre's, a VPC under an address of its own, or on none. */
export type PrivatePlace = "shared" | "none" | { subnetId: pulumi.Output<number>; address: string };

export interface VpcArgs {
  network: NetworkSettings;
  identity: StackIdentity;
  /** The data centre; a VPC does not reach beyond it. */
  region: string;
}

/**
 * A private network of the stack's own, in the place of the one that all customers of a data centre share.
 *
 * Guarantees that nobody else has an address in it, so that a stranger's packet never gets as far as the
 * walls. They stand in it nevertheless, and both: Linode's Cloud Firewall covers VPCs, though not VLANs, which
 * is why there is no setting for a VLAN.
 */
export class Vpc extends pulumi.ComponentResource {
  private readonly subnetId: pulumi.Output<number>;

  constructor(
    name: string,
    private readonly args: VpcArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("stronghold:index:Vpc", name, {}, opts);
    const { network, identity, region } = args;
    const label = originOf(identity);
    const description = `Between the servers of ${label}`;
    const vpc = new linode.Vpc(`${name}-vpc`, { label, description, region }, { parent: this });
    const subnet = new linode.VpcSubnet(
      `${name}-subnet`,
      { vpcId: vpc.id.apply(Number), label: "servers", ipv4: privateNetworkOf(network) },
      { parent: this, deletedWith: vpc },
    );
    this.subnetId = subnet.id.apply(Number);
    this.registerOutputs({ subnetId: this.subnetId });
  }

  public placeOf(role: Role): PrivatePlace {
    const address = placeInVpc(this.args.network, role);
    return address === undefined ? "none" : { subnetId: this.subnetId, address };
  }
}
