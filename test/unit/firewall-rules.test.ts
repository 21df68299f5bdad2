/** Both walls from one list: by exact text, and for any list of rules that might come. */
import fc from "fast-check";

import {
  type CloudFirewallRule,
  cloudFirewallRules,
} from "../../components/lib/cloud-firewall-rules";
import {
  appWall,
  backupWall,
  databaseWall,
  type OutboundRule,
  type Ports,
  type Rule,
  type Wall,
} from "../../components/lib/firewall-rules";
import { renderIPv4Rules, renderIPv6Rules } from "../../components/lib/host-firewall-rules";
import { ANYWHERE, parseNetwork } from "../../components/lib/networks";

const OPERATOR = ["203.0.113.10/32", "2001:db8:10::10/128"];
const APP = appWall({ sshFrom: OPERATOR, outbound: "anywhere" });
const DATABASE = databaseWall({ appPrivateIPv4: "192.168.129.10", outbound: "anywhere" });
const REDIS: OutboundRule = {
  label: "redis",
  protocol: "tcp",
  ports: [6379],
  destinations: ["198.51.100.0/24", "2001:db8:6::/48"],
};
const RESTRICTED = appWall({ sshFrom: OPERATOR, outbound: [REDIS], relayPort: 465 });

/** The text of one table, without its name and its end. */
function table(text: string, name: string): string {
  const [, rest = ""] = text.split(`*${name}\n`);
  return rest.split("COMMIT")[0] ?? "";
}

/** The rules of one chain of the filter table, or of another one. */
function chain(text: string, name: string, of = "filter"): string[] {
  const lines = table(text, of).split("\n");
  return lines.filter((line) => line.startsWith(`-A ${name} `));
}

describe("the Cloud Firewall", () => {
  const everybody = { action: "ACCEPT", ipv4s: ["0.0.0.0/0"], ipv6s: ["::/0"] };
  const operator = { action: "ACCEPT", ipv4s: OPERATOR.slice(0, 1), ipv6s: OPERATOR.slice(1) };

  it("lets the operator reach the app server's SSH, everybody the web, and the ICMP that networks need", () => {
    expect(cloudFirewallRules(APP)).toEqual({
      inboundPolicy: "DROP",
      inbounds: [
        { label: "ssh", protocol: "TCP", ports: "22", ...operator },
        { label: "http", protocol: "TCP", ports: "80", ...everybody },
        { label: "https", protocol: "TCP", ports: "443", ...everybody },
        { label: "icmp", protocol: "ICMP", ...operator, ipv6s: ["::/0"] },
      ],
      outboundPolicy: "ACCEPT",
    });
  });

  it("lets only the app server's private address reach the database server", () => {
    const ipv4s = ["192.168.129.10/32"];
    expect(cloudFirewallRules(DATABASE)).toEqual({
      inboundPolicy: "DROP",
      inbounds: [
        { label: "ssh-from-app", action: "ACCEPT", protocol: "TCP", ports: "22", ipv4s },
        { label: "mysql-from-app", action: "ACCEPT", protocol: "TCP", ports: "3306", ipv4s },
        { label: "icmp", action: "ACCEPT", protocol: "ICMP", ipv4s, ipv6s: ["::/0"] },
      ],
      outboundPolicy: "ACCEPT",
    });
  });

  it("lets only the operator and the database server reach the backup server", () => {
    const wall = backupWall({
      sshFrom: OPERATOR,
      databaseIPv4: "203.0.113.101",
      outbound: "anywhere",
    });
    expect(cloudFirewallRules(wall).inbounds).toEqual([
      { label: "ssh", protocol: "TCP", ports: "22", ...operator },
      {
        ...{ label: "backups-from-database", action: "ACCEPT", protocol: "TCP", ports: "22" },
        ipv4s: ["203.0.113.101/32"],
      },
      { label: "icmp", protocol: "ICMP", ...operator, ipv6s: ["::/0"] },
    ]);
  });

  it("lets a restricted database server bring its backups, and to the backup server alone once that stands", () => {
    const args = { appPrivateIPv4: "192.168.129.10", outbound: [] };
    const ssh = { label: "backups", action: "ACCEPT", protocol: "TCP", ports: "22" };
    const last = (wall: Wall): unknown => cloudFirewallRules(wall).outbounds?.at(-2);
    expect(last(databaseWall(args))).toEqual({ ...everybody, ...ssh });
    expect(last(databaseWall({ ...args, backupIPv4: "203.0.113.102" }))).toEqual({
      ...ssh,
      ipv4s: ["203.0.113.102/32"],
    });
  });

  it("lets out what is listed and what the server cannot do without", () => {
    const rule = (label: string, protocol: string, ports: string): object => {
      return { label, protocol, ports, ...everybody };
    };
    const { outboundPolicy, outbounds } = cloudFirewallRules(RESTRICTED);
    expect(outboundPolicy).toBe("DROP");
    expect(outbounds).toEqual([
      rule("dns-udp", "UDP", "53"),
      rule("dns-tcp", "TCP", "53"),
      rule("ntp", "UDP", "123"),
      rule("web", "TCP", "80, 443"),
      rule("mail-relay", "TCP", "465"),
      {
        ...{ label: "database", action: "ACCEPT", protocol: "TCP", ports: "22, 3306" },
        ipv4s: ["192.168.128.0/17"],
      },
      {
        ...{ label: "redis", action: "ACCEPT", protocol: "TCP", ports: "6379" },
        ...{ ipv4s: ["198.51.100.0/24"], ipv6s: ["2001:db8:6::/48"] },
      },
      { label: "icmp", action: "ACCEPT", protocol: "ICMP", ipv6s: ["::/0"] },
    ]);
  });

  it("has room for the longest list that the settings allow", () => {
    const outbound = Array<OutboundRule>(10).fill(REDIS);
    const { inbounds, outbounds = [] } = cloudFirewallRules(
      appWall({ sshFrom: OPERATOR, outbound, relayPort: 465 }),
    );
    expect(inbounds.length + outbounds.length).toBeLessThanOrEqual(25);
  });

  it("names no family that a rule has no source of, since an empty list would be drift", () => {
    const { inbounds } = cloudFirewallRules(
      appWall({ sshFrom: ["2001:db8::/64"], outbound: "anywhere" }),
    );
    expect(inbounds.at(0)).not.toHaveProperty("ipv4s");
    expect(inbounds.at(-1)).not.toHaveProperty("ipv4s");
  });

  it("writes ranges and lists of ports as Linode does", () => {
    const rule: Rule = { label: "web", protocol: "udp", ports: [80, [3000, 3003]], sources: [] };
    const { inbounds } = cloudFirewallRules({ inbound: [rule], outbound: "anywhere" });
    expect(inbounds[0]).toEqual({
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
-A OUTPUT -d 169.254.169.254/32 -m owner --socket-exists ! --uid-owner 0 -j REJECT --reject-with icmp-port-unreachable
-A ICMP -s 203.0.113.10/32 -p icmp -m icmp --icmp-type 8 -m limit --limit 10/sec --limit-burst 20 -j ACCEPT
-A TCP -s 203.0.113.10/32 -p tcp -m tcp --dport 22 -j ACCEPT
-A TCP -p tcp -m tcp --dport 3000 -m conntrack --ctorigdstport 80 -j ACCEPT
-A TCP -p tcp -m tcp --dport 3003 -m conntrack --ctorigdstport 443 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3000
-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 3003
COMMIT
`);
  });

  it("lets the database server be reached from the app server's private address alone", () => {
    const text = renderIPv4Rules(DATABASE);
    expect(chain(text, "TCP")).toEqual([
      "-A TCP -s 192.168.129.10/32 -p tcp -m tcp --dport 22 -j ACCEPT",
      "-A TCP -s 192.168.129.10/32 -p tcp -m tcp --dport 3306 -j ACCEPT",
    ]);
    expect(chain(text, "UDP")).toEqual([]);
    expect(chain(text, "ICMP")).toHaveLength(1);
    expect(chain(text, "PREROUTING", "nat")).toEqual([]);
  });

  it("lets out a list and nothing else, the metadata service for root first of all", () => {
    const text = renderIPv4Rules(RESTRICTED);
    expect(table(text, "filter")).toContain(":OUTPUT DROP [0:0]\n:ICMP - [0:0]\n:OUT - [0:0]\n");
    expect(chain(text, "OUTPUT")).toEqual([
      "-A OUTPUT -d 169.254.169.254/32 -m owner --socket-exists ! --uid-owner 0 -j REJECT --reject-with icmp-port-unreachable",
      "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "-A OUTPUT -o lo -j ACCEPT",
      "-A OUTPUT -m conntrack --ctstate NEW -j OUT",
      "-A OUTPUT -j REJECT --reject-with icmp-port-unreachable",
    ]);
    expect(chain(text, "OUT")).toEqual([
      "-A OUT -p udp -m udp --dport 53 -j ACCEPT",
      "-A OUT -p tcp -m tcp --dport 53 -j ACCEPT",
      "-A OUT -p udp -m udp --dport 123 -j ACCEPT",
      "-A OUT -p tcp -m tcp --dport 80 -j ACCEPT",
      "-A OUT -p tcp -m tcp --dport 443 -j ACCEPT",
      "-A OUT -p tcp -m tcp --dport 465 -j ACCEPT",
      "-A OUT -d 192.168.128.0/17 -p tcp -m tcp --dport 22 -j ACCEPT",
      "-A OUT -d 192.168.128.0/17 -p tcp -m tcp --dport 3306 -j ACCEPT",
      "-A OUT -d 198.51.100.0/24 -p tcp -m tcp --dport 6379 -j ACCEPT",
    ]);
  });

  it("lets the database server out for its own needs alone", () => {
    const own = databaseWall({ appPrivateIPv4: "192.168.129.10", outbound: [] });
    const ports = chain(renderIPv4Rules(own), "OUT").map((line) => line.split(" ").at(-3));
    expect(ports).toEqual(["53", "53", "123", "80", "443", "22"]);
  });
});

describe("rules.v6", () => {
  it("lets in the ICMPv6 that IPv6 cannot do without, forged discovery left out, and the operator", () => {
    expect(table(renderIPv6Rules(APP), "filter")).toBe(`:INPUT DROP [0:0]
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
-A OUTPUT -d fd00:a9fe:a9fe::1/128 -m owner --socket-exists ! --uid-owner 0 -j REJECT --reject-with icmp6-port-unreachable
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
-A TCP -p tcp -m tcp --dport 3000 -m conntrack --ctorigdstport 80 -j ACCEPT
-A TCP -p tcp -m tcp --dport 3003 -m conntrack --ctorigdstport 443 -j ACCEPT
`);
  });

  it("redirects the web as rules.v4 does", () => {
    expect(table(renderIPv6Rules(APP), "nat")).toBe(table(renderIPv4Rules(APP), "nat"));
  });

  it("opens nothing on the database server", () => {
    expect(chain(renderIPv6Rules(DATABASE), "TCP")).toEqual([]);
    expect(chain(renderIPv6Rules(DATABASE), "ICMP").join()).not.toContain("128");
  });

  it("lets out its own discovery beside the list, which is never NEW", () => {
    const text = renderIPv6Rules(RESTRICTED);
    expect(chain(text, "OUTPUT")).toEqual([
      "-A OUTPUT -d fd00:a9fe:a9fe::1/128 -m owner --socket-exists ! --uid-owner 0 -j REJECT --reject-with icmp6-port-unreachable",
      "-A OUTPUT -p ipv6-icmp -j OUT",
      "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "-A OUTPUT -o lo -j ACCEPT",
      "-A OUTPUT -m conntrack --ctstate NEW -j OUT",
      "-A OUTPUT -j REJECT --reject-with icmp6-port-unreachable",
    ]);
    const types = chain(text, "OUT").flatMap((line) => /type (\d+)/.exec(line)?.[1] ?? []);
    expect(types).toEqual(["131", "132", "133", "135", "136", "143"]);
    expect(chain(text, "OUT").at(-1)).toBe(
      "-A OUT -d 2001:db8:6::/48 -p tcp -m tcp --dport 6379 -j ACCEPT",
    );
  });
});

describe("a ping", () => {
  it("is answered to SSH's sources, however open the web is", () => {
    const pinging = [...chain(renderIPv4Rules(APP), "ICMP"), ...chain(renderIPv6Rules(APP), "ICMP")]
      .filter((line) => / --icmp(v6)?-type (8|128) /.test(line))
      .map((line) => / -s (\S+)/.exec(line)?.[1]);
    expect(pinging).toEqual(OPERATOR);
  });
});

describe("any wall", () => {
  const network = fc
    .oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
    )
    .map(([address, prefix]) => parseNetwork(`${address}/${prefix}`)?.cidr ?? "");
  const networks = fc.uniqueArray(network, { minLength: 1, maxLength: 5 });
  const port = fc.integer({ min: 1, max: 65535 });
  const ports = fc.uniqueArray(
    fc.oneof<fc.Arbitrary<Ports>[]>(
      port,
      fc.tuple(port, port).map(([a, b]): Ports => [Math.min(a, b), Math.max(a, b)]),
    ),
    { minLength: 1, maxLength: 5 },
  );
  const common = {
    label: fc.constant("any"),
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    ports,
  };
  const rule: fc.Arbitrary<Rule> = fc
    .record({ ...common, sources: networks, redirect: fc.option(port), answersPing: fc.boolean() })
    .map(({ redirect, ...plain }) => {
      return redirect === null ? plain : { ...plain, redirectTo: redirect };
    });
  const wall: fc.Arbitrary<Wall> = fc.record({
    inbound: fc.array(rule, { maxLength: 4 }),
    outbound: fc.oneof(
      fc.constant("anywhere" as const),
      fc.array(fc.record({ ...common, destinations: networks }), { maxLength: 4 }),
    ),
  });
  const texts = (given: Wall): string[] => [renderIPv4Rules(given), renderIPv6Rules(given)];

  /** Every opening of some chains as `protocol network port`, as the host's texts state them. */
  function openings(given: Wall, side: "s" | "d", ...chains: string[]): string[] {
    return texts(given).flatMap((text, index) =>
      chains
        .flatMap((name) => chain(text, name))
        .filter((line) => line.includes("--dport"))
        .map((line) => {
          const protocol = /-p (\w+)/.exec(line)?.[1] ?? "";
          const sent =
            (/--ctorigdstport (\S+)/.exec(line) ?? /--dport (\S+)/.exec(line))?.[1] ?? "";
          expect(line).toMatch(/-j ACCEPT$/);
          const named = new RegExp(` -${side} (\\S+) `).exec(line)?.[1];
          return `${protocol} ${named ?? ANYWHERE[index]} ${sent.replace(":", "-")}`;
        }),
    );
  }

  function cloudOpenings(rules: readonly CloudFirewallRule[]): string[] {
    return rules
      .filter(({ protocol }) => protocol !== "ICMP")
      .flatMap(({ protocol, ports: list = "", ipv4s = [], ipv6s = [] }) =>
        [...ipv4s, ...ipv6s].flatMap((one) =>
          list.split(", ").map((item) => `${protocol.toLowerCase()} ${one} ${item}`),
        ),
      );
  }

  it("opens the same on both sides, each opening once for each rule that asks for it", () => {
    fc.assert(
      fc.property(wall, (given) => {
        const { inbounds, outboundPolicy, outbounds = [] } = cloudFirewallRules(given);
        expect(openings(given, "s", "TCP", "UDP").sort()).toEqual(cloudOpenings(inbounds).sort());
        expect(openings(given, "d", "OUT").sort()).toEqual(cloudOpenings(outbounds).sort());
        for (const text of texts(given)) expect(text).toContain(`:OUTPUT ${outboundPolicy} [0:0]`);
      }),
    );
  });

  it("redirects just what it opens by a redirect, and opens the port behind in no other way", () => {
    fc.assert(
      fc.property(wall, (given) => {
        for (const text of texts(given)) {
          const redirected = chain(text, "PREROUTING", "nat").map((line) =>
            /-p (\w+) .*--dport (\S+) -j REDIRECT --to-ports (\d+)$/.exec(line)?.slice(1).join(" "),
          );
          const behind = [...chain(text, "TCP"), ...chain(text, "UDP")].flatMap((line) => {
            const found = /-p (\w+) .*--dport (\d+) .*--ctorigdstport (\S+) -j ACCEPT$/.exec(line);
            return found ? [`${found[1]} ${found[3]} ${found[2]}`] : [];
          });
          expect(new Set(redirected)).toEqual(new Set(behind));
        }
      }),
    );
  });

  it("accepts nothing else: every rule that is no jump is one of the fixed ones", () => {
    fc.assert(
      fc.property(wall, (given) => {
        const isRestricted = given.outbound !== "anywhere";
        for (const text of texts(given)) {
          const accepting = (name: string): number =>
            chain(text, name).filter((line) => line.endsWith("-j ACCEPT")).length;
          expect(text).toContain(":INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n");
          expect(accepting("INPUT")).toBe(2);
          expect(chain(text, "FORWARD")).toEqual([]);
          expect(accepting("OUTPUT")).toBe(isRestricted ? 2 : 0);
          // Before anything that accepts: nobody but root asks the metadata service.
          expect(chain(text, "OUTPUT")[0]).toMatch(/! --uid-owner 0 -j REJECT/);
        }
      }),
    );
  });
});
