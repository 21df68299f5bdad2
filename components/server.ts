import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";

import { CloudFirewall } from "./cloud-firewall";
import type { ServerCredentials } from "./credentials";
import { renderFirstBoot } from "./lib/first-boot";
import type { Wall } from "./lib/firewall-rules";
import type { ServerAddresses } from "./lib/outputs-contract";
import type { Role } from "./lib/roles";
import type { ServerSettings, Settings } from "./lib/settings";
import { labelOf, type StackIdentity, tagsOf } from "./lib/stack-names";
import type { PrivatePlace } from "./private-network";

export interface ServerArgs {
  /** What the server is for. A server that holds data is protected against deletion. */
  role: Role;
  /** Whose stack it is. */
  identity: StackIdentity;
  /** The data centre. */
  region: string;
  /** Its size and system. */
  settings: ServerSettings;
  /** The account that goes on with the set-up. */
  deployer: Settings["deployer"];
  /** What the server is born with. */
  credentials: ServerCredentials;
  /** How it is reached by the others of the stack. */
  place: PrivatePlace;
  /** What may come in and go out. */
  wall: pulumi.Input<Wall>;
  /** Its name in a domain of the owner's. @default none */
  domainName?: string;
  /** Tags beside those that say whose it is and what it is for. @default none */
  tags?: readonly string[];
}

/**
 * One Linode behind its outer wall.
 *
 * Guarantees that the wall is in force before the server first boots, that the server has an encrypted
 * disk, and that the first connection can verify it. Does not guarantee that it is hardened: that is what
 * `Hardening` does, over SSH.
 */
export class Server extends pulumi.ComponentResource {
  /** The Linode, for options such as `deletedWith`. */
  public readonly instance: linode.Instance;
  public readonly addresses: pulumi.Output<ServerAddresses>;

  constructor(name: string, args: ServerArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("stronghold:index:Server", name, {}, opts);
    const { role, identity, wall } = args;
    const label = labelOf(identity, role);
    const tags = [...new Set([...tagsOf(identity, role), ...(args.tags ?? [])])];
    const outer = new CloudFirewall(`${name}-wall`, { label, tags, wall }, { parent: this });
    this.instance = this.createInstance(`${name}-instance`, args, {
      label,
      tags,
      firewallId: outer.firewallId,
    });
    this.addresses = addressesOf(this.instance, args.place, args.domainName ?? "");
    this.registerOutputs({ addresses: this.addresses });
  }

  private createInstance(
    name: string,
    { role, region, settings, deployer, credentials, place }: ServerArgs,
    named: { label: string; tags: string[]; firewallId: pulumi.Output<number> },
  ): linode.Instance {
    const userData = firstBootData(named.label, deployer, credentials);
    return new linode.Instance(
      name,
      {
        ...named,
        region,
        type: settings.type,
        image: settings.image,
        rootPass: credentials.rootPassword,
        metadatas: [{ userData }],
        backupsEnabled: settings.linodeBackups,
        privateIp: place === "shared",
        ...(typeof place === "object" ? { interfaces: cardsFor(place) } : {}),
        diskEncryption: "enabled",
        // Said outright, so that a server found off is drift.
        booted: true,
      },
      {
        parent: this,
        protect: role !== "app",
        // Labels are unique, so a successor cannot exist beside its predecessor.
        deleteBeforeReplace: true,
        // Both matter at birth only, yet a change of either would replace the server.
        ignoreChanges: ["metadatas", "rootPass"],
        // The provider would move the server, or turn it off and on, and addresses would change under the
        // steps that are pinned to them. A move is a new server.
        replaceOnChanges: ["region", "privateIp", "interfaces"],
      },
    );
  }
}

function firstBootData(
  hostName: string,
  deployer: Settings["deployer"],
  { firstHostKey, firstLoginKey }: ServerCredentials,
): pulumi.Output<string> {
  return pulumi
    .all([firstHostKey.privateKey, firstHostKey.publicKey, firstLoginKey.publicKey])
    .apply(([privateKey, publicKey, loginKey]) => {
      const text = renderFirstBoot({
        hostName,
        deployer: deployer.name,
        deployerKeys: [loginKey, ...deployer.keys],
        hostKey: { privateKey, publicKey },
      });
      return Buffer.from(text).toString("base64");
    });
}

/** The first card has the way out; the other one none but to the subnet. */
function cardsFor({ subnetId, address }: Extract<PrivatePlace, object>) {
  return [
    { purpose: "public", primary: true },
    { purpose: "vpc", subnetId, ipv4: { vpc: address } },
  ];
}

function addressesOf(
  instance: linode.Instance,
  place: PrivatePlace,
  domainName: string,
): pulumi.Output<ServerAddresses> {
  // Its successor, the set `ipv4s`, does not say which of its addresses is the public one.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const { id, label, ipAddress, ipv6, privateIpAddress } = instance;
  return pulumi.output({
    id,
    label,
    publicIPv4: ipAddress,
    publicIPv6: ipv6.apply((network) => network.split("/")[0] ?? ""),
    // The provider knows of the shared network's alone, and leaves it out where there is none.
    privateIPv4:
      typeof place === "object"
        ? place.address
        : privateIpAddress.apply((address?: string) => address ?? ""),
    domainName,
  });
}
