import { rmdirSync } from "node:fs";

import { addressAt, parseNetwork } from "../../components/lib/networks";
import type { VpcPlace } from "../types";
import { renderRouterRules, type Wall } from "./cloud-firewall";
import { killAll } from "./kill";
import { run } from "./run";
import {
  type Addresses,
  namespaceName,
  type Place,
  type Vantage,
  VANTAGE_ADDRESSES,
  VANTAGE_POINTS,
  vantageCommand,
} from "./vantage";

/** Where every host finds its way out; held by the router on its loopback. */
export const ROUTER_IPV4 = "203.0.113.1";
const ROUTER_IPV6 = "2001:db8::1";
const ROUTER_LINK_LOCAL = "fe80::1";

type Router = "router" | `vpc${number}`;

/**
 * The networks of one cloud: a router, and one link from it to each host and vantage point; and a router
 * for each VPC, which knows nothing but the hosts in that VPC.
 *
 * There is no shared segment. The router answers ARP for everybody (proxy_arp), so a host sees the
 * same on-link /24 and /17 as on Linode, while each packet between two hosts passes the router and
 * the walls on it. All of it lives in namespaces: the machine's own network is never touched.
 */
export class Network {
  private vpcs: Promise<void> = Promise.resolve();

  constructor(private readonly cloudId: string) {}

  /** Makes the router and the vantage points; what is there, whole or half made, is completed. */
  async start(): Promise<void> {
    await this.startRouter("router", ROUTER_IPV4);
    // The source of the router's own "no such host" and "too big"; without one it says nothing.
    await this.ip("router", "address", "replace", `${ROUTER_IPV6}/128`, "dev", "lo");
    await this.sysctl("router", { "net.ipv6.conf.all.forwarding": "1" });
    for (const point of VANTAGE_POINTS) {
      await this.connect(point, VANTAGE_ADDRESSES[point]);
      await this.configureVantage(point);
    }
  }

  /** Makes a namespace for `place` and its links to the routers; a host configures its own ends. */
  async connect(place: Vantage | number, addresses: Addresses): Promise<void> {
    await addNamespace(namespaceName(this.cloudId, place));
    await this.ip(place, "link", "set", "lo", "up");
    await this.sysctl(place, {
      // Duplicate address detection holds a host's IPv6 back for 1.5 s and finds nothing here.
      "net.ipv6.conf.all.accept_dad": "0",
      "net.ipv6.conf.default.accept_dad": "0",
      // Without it nobody in a host can ping, not even root.
      "net.ipv4.ping_group_range": "0 2147483647",
    });
    const { publicIPv4, privateIPv4, publicIPv6, vpc } = addresses;
    const given = [publicIPv4, privateIPv4, publicIPv6];
    await this.link("router", place, "eth0", given);
    const link = this.linkName(place);
    await this.sysctl("router", { [`net.ipv6.conf.${link}.accept_dad`]: "0" });
    const gateway = `${ROUTER_LINK_LOCAL}/64`;
    await this.ip("router", "address", "replace", gateway, "dev", link, "nodad");
    if (vpc) await this.connectVpc(place, vpc);
  }

  /** Takes a place off all networks: its links first, since a namespace may outlive its name. */
  async disconnect(place: Vantage | number): Promise<void> {
    const namespace = namespaceName(this.cloudId, place);
    for (const router of await this.routers()) await this.unlink(router, this.linkName(place));
    await killNamespace(namespace);
    await run(["ip", "netns", "delete", namespace], { allowFailure: true });
  }

  /** Puts all walls in force at once. Like the vendor's, they stand on a host's links to VPCs, too. */
  async load(walls: readonly { id: number; firewall: Wall["firewall"] }[]): Promise<void> {
    const script = renderRouterRules(
      walls.map(({ id, firewall }) => ({ link: this.linkName(id), firewall })),
    );
    for (const router of await this.routers()) {
      await run([...vantageCommand(this.cloudId, router), "nft", "-f", "-"], { input: script });
    }
  }

  private async startRouter(router: Router, address: string): Promise<void> {
    await addNamespace(namespaceName(this.cloudId, router));
    await this.ip(router, "link", "set", "lo", "up");
    await this.ip(router, "address", "replace", `${address}/32`, "dev", "lo");
    await this.sysctl(router, { "net.ipv4.ip_forward": "1" });
  }

  private async connectVpc(place: Vantage | number, vpc: VpcPlace): Promise<void> {
    const subnet = parseNetwork(`${vpc.address}/${vpc.prefix}`);
    if (!subnet) throw new Error(`${vpc.address}/${vpc.prefix} is no place in a VPC`);
    // It stays when its last host has gone: another one may be about to be connected.
    const router: Router = `vpc${vpc.id}`;
    // One at a time: two hosts that are made side by side would both find no router, and make it.
    this.vpcs = this.vpcs
      .catch(() => undefined)
      .then(() => this.startRouter(router, addressAt(subnet, 1)));
    await this.vpcs;
    await this.link(router, place, "eth1", [vpc.address]);
  }

  /** A link from a router to a place, and the way to the place's addresses over it. */
  private async link(
    router: Router,
    place: Vantage | number,
    card: string,
    addresses: readonly (string | undefined)[],
  ): Promise<void> {
    const link = this.linkName(place);
    if (!(await this.hasLink(router, link)) || !(await this.hasLink(place, card))) {
      // A namespace that was lost takes its links along some time after its name: the other end may be there yet.
      await this.unlink(router, link);
      await this.unlink(place, card);
      // Both ends are born inside: the machine's own network never sees them.
      const namespace = namespaceName(this.cloudId, place);
      const pair = ["type", "veth", "peer", "name", card, "netns", namespace];
      await this.ip(router, "link", "add", link, ...pair);
    }
    await this.sysctl(router, {
      [`net.ipv4.conf.${link}.proxy_arp`]: "1",
      // The kernel waits up to 0.8 s before it answers for somebody else.
      [`net.ipv4.neigh.${link}.proxy_delay`]: "0",
    });
    await this.ip(router, "link", "set", link, "up");
    for (const address of addresses) {
      if (address !== undefined) await this.ip(router, "route", "replace", address, "dev", link);
    }
  }

  /** Removes a link, if it is there, by either end. */
  private async unlink(place: Place, link: string): Promise<void> {
    const namespace = namespaceName(this.cloudId, place);
    await run(["ip", "-n", namespace, "link", "delete", link], { allowFailure: true });
  }

  private async routers(): Promise<Router[]> {
    const prefix = namespaceName(this.cloudId, "");
    const names = (await listNamespaces()).map((name) => name.replace(prefix, ""));
    return names.filter((name): name is Router => /^(?:router|vpc\d+)$/.test(name));
  }

  /** The router's end of a link; 15 characters at most (`IFNAMSIZ`). */
  private linkName(place: Vantage | number): string {
    return `s${this.cloudId}${typeof place === "number" ? `h${place}` : `v${place.slice(0, 3)}`}`;
  }

  private async hasLink(place: Place, link: string): Promise<boolean> {
    const shown = await this.ip(place, "-o", "link", "show", "type", "veth");
    return shown.includes(` ${link}@`);
  }

  private async configureVantage(point: Vantage): Promise<void> {
    const { publicIPv4, publicIPv6, privateIPv4 } = VANTAGE_ADDRESSES[point];
    const own = (...words: string[]): Promise<string> => this.ip(point, ...words, "dev", "eth0");
    await this.ip(point, "link", "set", "eth0", "up");
    await own("address", "replace", `${publicIPv4}/24`);
    if (privateIPv4 !== undefined) await own("address", "replace", `${privateIPv4}/17`);
    await own("address", "replace", `${publicIPv6}/128`);
    await own("route", "replace", "default", "via", ROUTER_IPV4);
    await own("route", "replace", "default", "via", ROUTER_LINK_LOCAL);
  }

  private ip(place: Place, ...words: string[]): Promise<string> {
    return run(["ip", "-n", namespaceName(this.cloudId, place), ...words]);
  }

  private async sysctl(place: Place, values: Record<string, string>): Promise<void> {
    const words = Object.entries(values).map(([key, value]) => `${key}=${value}`);
    await run([...vantageCommand(this.cloudId, place), "sysctl", "-q", "-w", ...words]);
  }
}

async function addNamespace(name: string): Promise<void> {
  if (!(await listNamespaces()).includes(name)) await run(["ip", "netns", "add", name]);
}

/** The names of all namespaces of this machine that `ip` knows. */
export async function listNamespaces(): Promise<string[]> {
  const lines = (await run(["ip", "netns", "list"])).split("\n");
  return lines.map((line) => line.split(" ")[0] ?? "").filter((name) => name !== "");
}

/** Ends every process that has this network. Must come before the namespace loses its name. */
export async function killNamespace(namespace: string): Promise<void> {
  await killAll(async () => {
    const pids = await run(["ip", "netns", "pids", namespace], { allowFailure: true });
    return pids.split("\n").filter(Boolean).map(Number);
  });
}

/** `ip` mounts its folder on itself when the first namespace is made, and leaves that behind. */
export async function forgetNamespaceFolder(): Promise<void> {
  if ((await listNamespaces()).length > 0) return;
  // Refused while another cloud's namespace is being made in it, which is right.
  await run(["umount", "/run/netns"], { allowFailure: true });
  try {
    rmdirSync("/run/netns");
  } catch {
    // It was not there, or another cloud has just put something in.
  }
}
