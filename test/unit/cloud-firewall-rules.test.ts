import { renderRouterRules } from "../../local/machines/cloud-firewall";
import type { CloudFirewall } from "../../local/types";

const closed: CloudFirewall = {
  inbound: [],
  inboundPolicy: "DROP",
  outbound: [],
  outboundPolicy: "ACCEPT",
};

/** The lines of one chain of the rendered script. */
function chain(name: string, firewall: CloudFirewall): string[] {
  const script = renderRouterRules([{ link: "link", firewall }]);
  const [, rest = ""] = script.split(`  chain ${name} {\n`);
  return (rest.split("\n  }")[0] ?? "").split("\n").map((line) => line.trim());
}

describe("the router's rules", () => {
  it("replace the whole table in one transaction", () => {
    const lines = renderRouterRules([]).split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "add table inet cloud",
      "delete table inet cloud",
      "table inet cloud {",
    ]);
  });

  it("check the wall of the sender before the wall of the receiver", () => {
    const script = renderRouterRules([
      { link: "a", firewall: closed },
      { link: "b", firewall: closed },
    ]);
    const order = ["jump out-a", "jump out-b", "jump in-a", "jump in-b"].map((jump) =>
      script.indexOf(jump),
    );
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(order).not.toContain(-1);
  });

  it("drop what no rule accepts, in both families", () => {
    expect(chain("in-link", closed)).toEqual(["drop"]);
    expect(chain("out-link", closed)).toEqual(["return"]);
  });

  it("say nothing about a family that a rule names no addresses of", () => {
    const firewall: CloudFirewall = {
      ...closed,
      inbound: [
        {
          action: "ACCEPT",
          protocol: "TCP",
          ports: "22",
          addresses: { ipv4: ["203.0.113.10/32"] },
        },
      ],
    };
    expect(chain("in-link", firewall)).toEqual([
      "ip saddr { 203.0.113.10/32 } tcp dport { 22 } accept",
      "drop",
    ]);
  });

  it("take a rule without ports for all ports, and keep ranges and lists", () => {
    const addresses = { ipv6: ["2001:db8::/32"] };
    const firewall: CloudFirewall = {
      ...closed,
      inbound: [
        { action: "ACCEPT", protocol: "UDP", addresses },
        { action: "DROP", protocol: "TCP", ports: "80, 443,8000-8010", addresses },
      ],
    };
    expect(chain("in-link", firewall).slice(0, 2)).toEqual([
      "ip6 saddr { 2001:db8::/32 } meta l4proto udp accept",
      "ip6 saddr { 2001:db8::/32 } tcp dport { 80,443,8000-8010 } drop",
    ]);
  });

  it("match ICMP in the family of the address", () => {
    const addresses = { ipv4: ["0.0.0.0/0"], ipv6: ["::/0"] };
    const firewall: CloudFirewall = {
      ...closed,
      inbound: [{ action: "ACCEPT", protocol: "ICMP", addresses }],
    };
    expect(chain("in-link", firewall).slice(0, 2)).toEqual([
      "ip saddr { 0.0.0.0/0 } meta l4proto icmp accept",
      "ip6 saddr { ::/0 } meta l4proto icmpv6 accept",
    ]);
  });

  it("let everywhere swallow the narrower addresses beside it, which nft would refuse", () => {
    const addresses = { ipv4: ["203.0.113.0/24", "0.0.0.0/0"] };
    const firewall: CloudFirewall = {
      ...closed,
      outboundPolicy: "DROP",
      outbound: [{ action: "ACCEPT", protocol: "TCP", ports: "443", addresses }],
    };
    expect(chain("out-link", firewall)).toEqual([
      "ip daddr { 0.0.0.0/0 } tcp dport { 443 } return",
      "drop",
    ]);
  });

  it.each([
    { ipv4: ["0.0.0.0/0 } accept; delete table inet cloud; #"] },
    { ipv6: ["::/0\n}"] },
    { ipv4: ["0.0.0.0/0"], ports: "22 } accept" },
  ])("are not made of anything but addresses and ports: %j", ({ ports, ...addresses }) => {
    const rule = { action: "ACCEPT", protocol: "TCP", addresses, ...(ports && { ports }) } as const;
    expect(() => chain("in-link", { ...closed, inbound: [rule] })).toThrow(
      /is no address and no list of ports: the firewall is left as it was$/,
    );
  });
});
