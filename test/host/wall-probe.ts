/** Real clients on all sides of a server's walls, and what they find. */
import { type ChildProcess, spawn } from "node:child_process";

import { packagesOf } from "../../components/lib/bundle";
import { cloudFirewallRules } from "../../components/lib/cloud-firewall-rules";
import type { Wall } from "../../components/lib/firewall-rules";
import { renderIPv4Rules, renderIPv6Rules } from "../../components/lib/host-firewall-rules";
import { type Vantage, VANTAGE_ADDRESSES, vantageCommand } from "../../local/machines/vantage";
import type { CloudFirewall } from "../../local/types";
import { base64, BUNDLE, type TestServer } from "./harness";
import { eventually, run } from "./test-machines";

export type Place = Vantage | number;
export type Side = "v4" | "v6" | "private";

/** The server with rules of its own, and one without, which is also another customer's. */
export const GUARDED = 1001;
export const BARE = 1002;

const ADDRESSES = {
  [GUARDED]: { v4: "203.0.113.101", v6: "2001:db8:113::1", private: "192.168.129.11" },
  [BARE]: { v4: "203.0.113.102", v6: "2001:db8:113::2", private: "192.168.129.12" },
};

/** Where Linode's metadata service is; here the router plays it. */
export const METADATA = { v4: "169.254.169.254", v6: "fd00:a9fe:a9fe::1" };

/** Ports that an account without privilege listens on, on the server with rules. */
const LISTENING = [3000, 3003, 3306, 8080];
export const OF_INTEREST = [22, 80, 443, ...LISTENING].join();

const { operator, neighbour } = VANTAGE_ADDRESSES;
const PRIVATE_NEIGHBOUR = neighbour.privateIPv4 ?? "";

/** What answers on the network, every request with its port. */
const ANSWERING: [Vantage | "router", readonly string[], readonly number[]][] = [
  ["router", [METADATA.v4, METADATA.v6], [80]],
  ["operator", [operator.publicIPv4, operator.publicIPv6], [443, 444, 6379]],
  ["neighbour", [PRIVATE_NEIGHBOUR], [22, 3306, 8080]],
];

/** The same inside the server, which has no Node.js. */
const LISTENER = `
import socket, sys, threading
def serve(port):
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        peer = listener.accept()[0]
        peer.recv(4096)
        peer.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n%d" % port)
        peer.close()
for port in sys.argv[1:]:
    threading.Thread(target=serve, args=(int(port),)).start()
`;

// -g: the brackets of an IPv6 address are no pattern. A wall shows as a connection that is not made; who
// has been let in may be kept waiting by a busy machine.
const CURL = "curl -s -g --connect-timeout 2 -m 20 --noproxy".split(" ");

export class WallProbe {
  private readonly children: ChildProcess[] = [];

  constructor(private readonly server: TestServer) {}

  /** Boots both servers and whatever answers, with the packages of the firewall but without a rule. */
  async start(): Promise<void> {
    const { server } = this;
    const { cloud } = server;
    await server.boot();
    await cloud.boot(cloud.spec(2));
    const packages = { PACKAGES: packagesOf(["firewall"], BUNDLE).join(" ") };
    expect(server.drive("apply", "packages", packages).code).toBe(0);
    server.must("cat >/run/listen.py && chmod 644 /run/listen.py", LISTENER);
    server.must(`systemd-run -q --uid=nobody python3 /run/listen.py ${LISTENING.join(" ")}`);
    const router = vantageCommand(cloud.cloudId, "router");
    for (const address of Object.values(METADATA)) {
      run([...router, ..."ip address replace dev lo".split(" "), address]);
    }
    const all = ANSWERING.flatMap(([place, addresses, ports]) =>
      addresses.flatMap((address) => ports.map((port) => ({ place, address, port }))),
    );
    for (const { place, address, port } of all) this.listen(place, address, port);
    const areUp = (): boolean =>
      all.every(({ address, port }) => cloud.connects(BARE, address, port)) &&
      LISTENING.every((port) => cloud.connects("stranger", ADDRESSES[GUARDED].v4, port));
    expect(await eventually(areUp)).toBe(true);
  }

  async end(): Promise<void> {
    for (const child of this.children) child.kill("SIGKILL");
    await this.server.end();
  }

  /** Puts the host's own rules in force. */
  raise(wall: Wall): void {
    const { server } = this;
    const parameters = {
      RULES_V4_B64: base64(renderIPv4Rules(wall)),
      RULES_V6_B64: base64(renderIPv6Rules(wall)),
    };
    expect(server.drive("apply", "firewall", parameters)).toMatchObject({ code: 0, fails: [] });
    expect(server.drive("confirm", "firewall", parameters)).toMatchObject({ code: 0, fails: [] });
  }

  /** Puts the Cloud Firewall in force before the server without rules. */
  async raiseBeforeBare(wall: Wall): Promise<void> {
    const { inboundPolicy, inbounds, outboundPolicy, outbounds = [] } = cloudFirewallRules(wall);
    const rules = (list: typeof inbounds): CloudFirewall["inbound"] =>
      list.map(({ action, protocol, ports, ipv4s, ipv6s }) => {
        const addresses = { ...(ipv4s && { ipv4: ipv4s }), ...(ipv6s && { ipv6: ipv6s }) };
        return { action, protocol, ...(ports && { ports }), addresses };
      });
    const [inbound, outbound] = [rules(inbounds), rules(outbounds)];
    const firewall = { inbound, inboundPolicy, outbound, outboundPolicy };
    await this.server.cloud.machines.setFirewall(BARE, firewall);
  }

  /** What answers there from outside, or how it fails: 28 is no answer at all, 7 a refusal. */
  asks(from: Place, address: string, port: number): string {
    const ran = this.server.cloud.from(from, ...CURL, "*", url(address, port));
    return ran.code === 0 ? ran.stdout : `failed with ${ran.code}`;
  }

  /** The same of the server with rules, by one of its addresses. */
  asksGuarded(from: Place, side: Side, port: number): string {
    return this.asks(from, ADDRESSES[GUARDED][side], port);
  }

  /** The same from inside that server, as root or through some other command. */
  asksFromInside(as: string, address: string, port: number): string {
    const ran = this.server.root(`${as} ${CURL.join(" ")} '*' '${url(address, port)}'`);
    return ran.code === 0 ? ran.stdout : `failed with ${ran.code}`;
  }

  /** The ports from which anything comes back, as nmap finds them. */
  reachable(from: Place, id: 1001 | 1002, side: Side, ports: string, ...how: string[]): number[] {
    const pace = "-n -Pn -T5 --max-retries 1 --min-rate 30000 -oG -".split(" ");
    const stdout = this.nmap(from, id, side, ...pace, ...how, "-p", ports);
    expect(stdout).toContain("1 IP address (1 host up) scanned");
    const found = [...stdout.matchAll(/(\d+)\/(?:open|closed|unfiltered)\//g)];
    return found.map(([, port]) => Number(port));
  }

  /** The same where some have to be found: what a busy machine has lost of a scan is looked for again. */
  shows(
    from: Place,
    id: 1001 | 1002,
    side: Side,
    ports: string,
    wanted: readonly number[],
  ): number[] {
    const found = new Set(this.reachable(from, id, side, ports));
    for (let again = 0; again < 5; again += 1) {
      const lost = wanted.filter((port) => !found.has(port));
      if (lost.length === 0) break;
      for (const port of this.reachable(from, id, side, lost.join())) found.add(port);
    }
    return [...found].sort((one, other) => one - other);
  }

  /** Whether an echo request is answered; without ARP, by which the router would answer for all. */
  pings(from: Place, side: Side): boolean {
    const how = "-n -sn -PE --disable-arp-ping".split(" ");
    return this.nmap(from, GUARDED, side, ...how).includes("(1 host up)");
  }

  private nmap(from: Place, id: 1001 | 1002, side: Side, ...words: string[]): string {
    const family = side === "v6" ? ["-6"] : [];
    return this.server.cloud.from(from, "nmap", ...family, ...words, ADDRESSES[id][side]).stdout;
  }

  /** Something of that place that answers, for as long as the test runs. */
  private listen(place: Vantage | "router", address: string, port: number): void {
    const script = `require("net").createServer((peer) => {
      peer.on("error", () => undefined);
      peer.once("data", () => peer.end("HTTP/1.0 200 OK\\r\\n\\r\\n${port}"));
    }).listen(${port}, "${address}")`;
    const [command = "", ...words] = vantageCommand(this.server.cloud.cloudId, place);
    const child = spawn(command, [...words, process.execPath, "-e", script], { stdio: "ignore" });
    this.children.push(child);
  }
}

function url(address: string, port: number): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}/`;
}
