/** Both walls from one list: by exact text, and for any list of rules that might come. */
import fc from "fast-check";

import { cloudFirewallRules } from "../../components/lib/cloud-firewall-rules";
import {
  appRules,
  databaseRules,
  type Ports,
  type Rule,
} from "../../components/lib/firewall-rules";
import { renderIPv4Rules, renderIPv6Rules } from "../../components/lib/host-firewall-rules";
import { parseNetwork } from "../../components/lib/networks";

const OPERATOR = ["203.0.113.10/32", "2001:db8:10::10/128"];
const APP = appRules(OPERATOR);
const DATABASE = databaseRules("192.168.129.10");

/** The rules of one chain of the filter table. */
function chain(text: string, name: string): string[] {
  const [, filter = ""] = text.split("*filter\n");
  const lines = (filter.split("COMMIT")[0] ?? "").split("\n");
  return lines.filter((line) => line.startsWith(`-A ${name} `));
}

describe("the Cloud Firewall", () => {
  it("lets the operator reach the app server's SSH, and the ICMP that networks need", () => {
    expect(cloudFirewallRules(APP)).toEqual([
      {
        label: "ssh",
        action: "ACCEPT",
        protocol: "TCP",
        ports: "22",
        ipv4s: ["203.0.113.10/32"],
        ipv6s: ["2001:db8:10::10/128"],
      },
      {
        label: "icmp",
        action: "ACCEPT",
        protocol: "ICMP",
        ipv4s: ["203.0.113.10/32"],
        ipv6s: ["::/0"],
      },
    ]);
  });

  it("lets only the app server's private address reach the database server", () => {
    const ipv4s = ["192.168.129.10/32"];
    expect(cloudFirewallRules(DATABASE)).toEqual([
      { label: "ssh-from-app", action: "ACCEPT", protocol: "TCP", ports: "22", ipv4s },
      { label: "icmp", action: "ACCEPT", protocol: "ICMP", ipv4s, ipv6s: ["::/0"] },
    ]);
  });

  it("names no family that a rule has no source of, since an empty list would be drift", () => {
    const [ssh, icmp] = cloudFirewallRules(appRules(["2001:db8::/64"]));
    expect(ssh).not.toHaveProperty("ipv4s");
    expect(icmp).not.toHaveProperty("ipv4s");
  });

  it("writes ranges and lists of ports as Linode does", () => {
    const rule: Rule = { label: "web", protocol: "udp", ports: [80, [3000, 3003]], sources: [] };
    expect(cloudFirewallRules([rule])[0]).toEqual({
      label: "web",
      action: "ACCEPT",
      protocol: "UDP",
      ports: "80, 3000-3003",
    });
  });
});

describe("rules.v4", () => {
  it("is exactly this for the app server", () => {
    expect(renderIPv4Rules(APP)).toBe(`*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
*security
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ICMP - [0:0]
:TCP - [0:0]
:UDP - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p udp -m conntrack --ctstate NEW -j UDP
-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j TCP
-A INPUT -p icmp -m conntrack --ctstate NEW -j ICMP
-A ICMP -s 203.0.113.10/32 -p icmp -m icmp --icmp-type 8 -m limit --limit 10/sec --limit-burst 20 -j ACCEPT
-A TCP -s 203.0.113.10/32 -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
`);
  });

  it("lets the database server be reached from the app server's private address alone", () => {
    expect(chain(renderIPv4Rules(DATABASE), "TCP")).toEqual([
      "-A TCP -s 192.168.129.10/32 -p tcp -m tcp --dport 22 -j ACCEPT",
    ]);
    expect(chain(renderIPv4Rules(DATABASE), "UDP")).toEqual([]);
  });
});

describe("rules.v6", () => {
  it("lets in the ICMPv6 that IPv6 cannot do without, forged discovery left out, and the operator", () => {
    const [, filter = ""] = renderIPv6Rules(APP).split("*filter\n");
    expect(filter.split("COMMIT")[0]).toBe(`:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ICMP - [0:0]
:TCP - [0:0]
:UDP - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p ipv6-icmp -j ICMP
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p udp -m conntrack --ctstate NEW -j UDP
-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j TCP
-A ICMP -p ipv6-icmp -m icmp6 --icmpv6-type 1 -j ACCEPT
-A ICMP -p ipv6-icmp -m icmp6 --icmpv6-type 2 -j ACCEPT
-A ICMP -p ipv6-icmp -m icmp6 --icmpv6-type 3 -j ACCEPT
-A ICMP -p ipv6-icmp -m icmp6 --icmpv6-type 4 -j ACCEPT
-A ICMP -p ipv6-icmp -m icmp6 --icmpv6-type 133 -m hl --hl-eq 255 -j ACCEPT
-A ICMP -p ipv6-icmp -m icmp6 --icmpv6-type 134 -m hl --hl-eq 255 -j ACCEPT
-A ICMP -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT
-A ICMP -p ipv6-icmp -m icmp6 --icmpv6-type 136 -m hl --hl-eq 255 -j ACCEPT
-A ICMP -s 2001:db8:10::10/128 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -m limit --limit 10/sec --limit-burst 20 -j ACCEPT
-A TCP -s 2001:db8:10::10/128 -p tcp -m tcp --dport 22 -j ACCEPT
`);
  });

  it("opens nothing on the database server", () => {
    expect(chain(renderIPv6Rules(DATABASE), "TCP")).toEqual([]);
    expect(chain(renderIPv6Rules(DATABASE), "ICMP").join()).not.toContain("128");
  });
});

describe("any list of rules", () => {
  const network = fc
    .oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
    )
    .map(([address, prefix]) => parseNetwork(`${address}/${prefix}`)?.cidr ?? "");
  const port = fc.integer({ min: 1, max: 65535 });
  const ports = fc.oneof<fc.Arbitrary<Ports>[]>(
    port,
    fc.tuple(port, port).map(([a, b]): Ports => [Math.min(a, b), Math.max(a, b)]),
  );
  const rule: fc.Arbitrary<Rule> = fc.record({
    label: fc.constant("any"),
    protocol: fc.constantFrom("tcp", "udp"),
    ports: fc.uniqueArray(ports, { minLength: 1, maxLength: 5 }),
    sources: fc.uniqueArray(network, { minLength: 1, maxLength: 5 }),
  });

  /** Every opening as `protocol source port`, as the host's texts state them. */
  function openings(rules: Rule[]): string[] {
    return [renderIPv4Rules(rules), renderIPv6Rules(rules)].flatMap((text, index) =>
      [...chain(text, "TCP"), ...chain(text, "UDP")].map((line) => {
        const [, protocol = "", dport = ""] =
          /-p (\w+) .*--dport ([\d:]+) -j ACCEPT$/.exec(line) ?? [];
        const source = / -s (\S+) /.exec(line)?.[1] ?? (index === 0 ? "0.0.0.0/0" : "::/0");
        return `${protocol} ${source} ${dport.replace(":", "-")}`;
      }),
    );
  }

  it("opens the same on both walls, each opening once for each rule that asks for it", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
        const cloud = cloudFirewallRules(rules)
          .filter(({ protocol }) => protocol !== "ICMP")
          .flatMap(({ protocol, ports: list = "", ipv4s = [], ipv6s = [] }) =>
            [...ipv4s, ...ipv6s].flatMap((source) =>
              list.split(", ").map((item) => `${protocol.toLowerCase()} ${source} ${item}`),
            ),
          );
        expect(openings(rules).sort()).toEqual(cloud.sort());
      }),
    );
  });

  it("accepts nothing else: every rule of INPUT that is no jump is one of the fixed ones", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
        for (const text of [renderIPv4Rules(rules), renderIPv6Rules(rules)]) {
          expect(text).toContain(":INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n");
          const accepting = chain(text, "INPUT").filter((line) => line.endsWith("-j ACCEPT"));
          expect(accepting).toHaveLength(2);
          expect(chain(text, "FORWARD")).toEqual([]);
          expect(chain(text, "OUTPUT")).toEqual([]);
        }
      }),
    );
  });
});
