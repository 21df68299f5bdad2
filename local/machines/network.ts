import { existsSync } from "node:fs";

import { renderRouterRules, type Wall } from "./cloud-firewall";
import { run } from "./run";
import {
  type Addresses,
  namespaceName,
  type Vantage,
  VANTAGE_ADDRESSES,
  VANTAGE_POINTS,
  vantageCommand,
} from "./vantage";

/** Where every host finds its way out; held by the router on its loopback. */
export const ROUTER_IPV4 = "203.0.113.1";
const ROUTER_LINK_LOCAL = "fe80::1";

/**
 * The networks of one cloud: a router, and one link from it to each host and vantage point.
 *
 * There is no shared segment. The router answers ARP for everybody (proxy_arp), so a host sees the
 * same on-link /24 and /17 as on Linode, while each packet between two hosts passes the router and
 * the walls on it. All of it lives in namespaces: the machine's own network is never touched.
 */
export class Network {
  constructor(private readonly cloudId: string) {}

  /** Makes the router and the vantage points; what is there already stays. */
  async start(): Promise<void> {
    const router = namespaceName(this.cloudId, "router");
    if (!existsSync(`/run/netns/${router}`)) {
      await run(["ip", "netns", "add", router]);
      await run(["ip", "-n", router, "link", "set", "lo", "up"]);
      await run(["ip", "-n", router, "address", "add", `${ROUTER_IPV4}/32`, "dev", "lo"]);
      await this.sysctl("router", {
        "net.ipv4.ip_forward": "1",
        "net.ipv6.conf.all.forwarding": "1",
        // ICMP "unreachable" must not tell a scanner more than silence would.
        "net.ipv4.conf.all.rp_filter": "1",
      });
      await this.load([]);
    }
    for (const point of VANTAGE_POINTS) {
      if (existsSync(`/run/netns/${namespaceName(this.cloudId, point)}`)) continue;
      await this.connect(point, VANTAGE_ADDRESSES[point]);
      await this.configureVantage(point);
    }
  }

  /** Makes a namespace for `place` and its link to the router; the host configures its own end. */
  async connect(place: Vantage | number, addresses: Addresses): Promise<void> {
    const router = namespaceName(this.cloudId, "router");
    const namespace = namespaceName(this.cloudId, place);
    const link = this.link(place);
    if (!existsSync(`/run/netns/${namespace}`)) await run(["ip", "netns", "add", namespace]);
    await run(["ip", "-n", namespace, "link", "set", "lo", "up"]);
    await this.sysctl(place, {
      // Duplicate address detection holds a host's IPv6 back for 1.5 s and finds nothing here.
      "net.ipv6.conf.all.accept_dad": "0",
      "net.ipv6.conf.default.accept_dad": "0",
      "net.ipv4.ping_group_range": "0 2147483647",
    });
    const pair = ["type", "veth", "peer", "name", "eth0", "netns", namespace];
    await run(["ip", "-n", router, "link", "add", link, ...pair]);
    await this.sysctl("router", {
      [`net.ipv4.conf.${link}.proxy_arp`]: "1",
      // The kernel waits up to 0.8 s before it answers for somebody else.
      [`net.ipv4.neigh.${link}.proxy_delay`]: "0",
      [`net.ipv6.conf.${link}.accept_dad`]: "0",
    });
    await run([
      "ip",
      "-n",
      router,
      "address",
      "add",
      `${ROUTER_LINK_LOCAL}/64`,
      "dev",
      link,
      "nodad",
    ]);
    await run(["ip", "-n", router, "link", "set", link, "up"]);
    for (const address of [addresses.publicIPv4, addresses.privateIPv4, addresses.publicIPv6]) {
      if (address === undefined) continue;
      const family = address.includes(":") ? "-6" : "-4";
      await run(["ip", family, "-n", router, "route", "replace", address, "dev", link]);
    }
  }

  /** Takes a place off the network: its link first, since a namespace may outlive its name. */
  async disconnect(place: Vantage | number): Promise<void> {
    const router = namespaceName(this.cloudId, "router");
    await run(["ip", "-n", router, "link", "delete", this.link(place)], { allowFailure: true });
    await this.killInside(place);
    await run(["ip", "netns", "delete", namespaceName(this.cloudId, place)], {
      allowFailure: true,
    });
  }

  /** Ends every process that has this place's network. Must come before the namespace loses its name. */
  async killInside(place: Vantage | "router" | number): Promise<void> {
    await killNamespace(namespaceName(this.cloudId, place));
  }

  /** Puts all walls in force at once. */
  async load(walls: readonly { id: number; firewall: Wall["firewall"] }[]): Promise<void> {
    const script = renderRouterRules(
      walls.map(({ id, firewall }) => ({ link: this.link(id), firewall })),
    );
    await run([...vantageCommand(this.cloudId, "router"), "nft", "-f", "-"], { input: script });
  }

  /** The router's end of a link; 15 characters at most (`IFNAMSIZ`). */
  link(place: Vantage | number): string {
    return `s${this.cloudId}${typeof place === "number" ? `h${place}` : `v${place.slice(0, 3)}`}`;
  }

  private async configureVantage(point: Vantage): Promise<void> {
    const { publicIPv4, publicIPv6, privateIPv4 } = VANTAGE_ADDRESSES[point];
    const namespace = namespaceName(this.cloudId, point);
    const ip = (...words: string[]): Promise<string> => run(["ip", "-n", namespace, ...words]);
    await ip("link", "set", "eth0", "up");
    await ip("address", "add", `${publicIPv4}/24`, "dev", "eth0");
    if (privateIPv4 !== undefined) await ip("address", "add", `${privateIPv4}/17`, "dev", "eth0");
    await ip("address", "add", `${publicIPv6}/128`, "dev", "eth0", "nodad");
    await ip("route", "add", "default", "via", ROUTER_IPV4);
    await ip("-6", "route", "add", "default", "via", ROUTER_LINK_LOCAL, "dev", "eth0");
  }

  private async sysctl(
    place: Vantage | "router" | number,
    values: Record<string, string>,
  ): Promise<void> {
    const words = Object.entries(values).map(([key, value]) => `${key}=${value}`);
    await run([...vantageCommand(this.cloudId, place), "sysctl", "-q", "-w", ...words]);
  }
}

export async function killNamespace(namespace: string): Promise<void> {
  const pids = (await run(["ip", "netns", "pids", namespace], { allowFailure: true })).split("\n");
  for (const pid of pids.filter((line) => line !== "")) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself in the meantime.
    }
  }
}
