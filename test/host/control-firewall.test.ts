/**
 * The control `firewall`: what answers from inside and outside the rules, over both families.
 *
 * The rules of the stack itself are tested as text in the unit layer; what counts here is that the
 * running rules are the given ones, at once, whole and after a reboot.
 */
import { packagesOf } from "../../components/lib/bundle";
import {
  BUNDLE,
  base64,
  DEPLOYER,
  itWithJournal,
  type Parameters,
  type Report,
  TestServer,
} from "./harness";
import { eventually } from "./test-machines";

const server = new TestServer("a0c704");
const it = itWithJournal(server);

/** `iptables-restore` text: default drop, SSH from the given source. */
const rules = (icmp: string, ...accepted: string[]): string =>
  [
    "*filter",
    ":INPUT DROP [0:0]",
    ":FORWARD DROP [0:0]",
    ":OUTPUT ACCEPT [0:0]",
    ":TCP - [0:0]",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -i lo -j ACCEPT",
    // Spelt otherwise than iptables-save would: it is the rule that counts, not the text.
    `-A INPUT --protocol ${icmp} -j ACCEPT`,
    "-A INPUT -p tcp --syn -j TCP",
    ...accepted.map((source) => `-A TCP -p tcp --dport 22 -s ${source} -j ACCEPT`),
    "COMMIT",
    "",
  ].join("\n");

const GOOD: Parameters = {
  RULES_V4_B64: base64(rules("icmp", "203.0.113.10")),
  RULES_V6_B64: base64(rules("ipv6-icmp", "2001:db8:10::10")),
};
const drive = (verb: string, parameters = GOOD): Report =>
  server.drive(verb, "firewall", parameters);
const reaches = (from: "operator" | "stranger", address: string): boolean =>
  server.cloud.connects(from, address, 22);

beforeAll(async () => {
  await server.boot();
  const packages = { PACKAGES: packagesOf(["firewall"], BUNDLE).join(" ") };
  // The control finds its packages installed; it never installs any.
  expect(drive("audit")).toMatchObject({ code: 1, fails: ["FIREWALL-00"] });
  expect(server.drive("apply", "packages", packages).code).toBe(0);
}, 120_000);

afterAll(async () => {
  await server.end();
}, 30_000);

describe("the control firewall", () => {
  it("drops all but what is listed, over both families, and then has nothing to do", async () => {
    const fails = ["01", "02", "03", "04", "07"].map((number) => `FIREWALL-${number}`);
    expect(drive("audit")).toMatchObject({ code: 1, fails, stderr: "" });
    const session = await server.session(DEPLOYER);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("audit").fails).toEqual(["FIREWALL-00"]);
    expect(server.driveBySsh("confirm", "firewall", GOOD)).toMatchObject({ code: 0, fails: [] });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(reaches("operator", server.ipv4)).toBe(true);
    expect(reaches("operator", server.ipv6)).toBe(true);
    expect(reaches("stranger", server.ipv4)).toBe(false);
    expect(reaches("stranger", server.ipv6)).toBe(false);
    // Whoever was in stays in.
    session.say("still here");
    expect(await eventually(() => session.hears("still here"))).toBe(true);
    session.close();
  }, 30_000);

  it.each<[string, string, string[]]>([
    ["a surplus rule", "iptables -I INPUT -p tcp --dport 80 -j ACCEPT", ["01"]],
    ["a surplus rule of IPv6", "ip6tables -A TCP -p tcp --dport 80 -j ACCEPT", ["02"]],
    ["a redirect", "iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to 22", ["01"]],
    ["a missing rule", "iptables -D INPUT 1", ["01"]],
    [
      "rules in another order",
      "ip6tables -D INPUT 1; ip6tables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      ["02"],
    ],
    ["an open policy", "iptables -P INPUT ACCEPT", ["01", "07"]],
    [
      "flushed rules",
      "iptables -P INPUT ACCEPT; iptables -F; ip6tables -P INPUT ACCEPT; ip6tables -F",
      ["01", "02", "07"],
    ],
    ["other rules for the next boot", "echo '# saved' >>/etc/iptables/rules.v4", ["03"]],
    ["no rules for the next boot", "rm /etc/iptables/rules.v6", ["04"]],
    ["rules that everyone may read", "chmod 644 /etc/iptables/rules.v6", ["04"]],
    ["nobody to load them", "systemctl -q disable netfilter-persistent 2>&1", ["05"]],
    [
      "a rival that flushes them at boot",
      "printf '[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/nftables.service; systemctl -q enable nftables.service 2>&1",
      ["05"],
    ],
  ])("notices %s and mends it", (_what, tamper, numbers) => {
    server.must(tamper);
    const fails = numbers.map((number) => `FIREWALL-${number}`);
    expect(drive("audit")).toMatchObject({ code: 1, fails, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("confirm")).toMatchObject({ code: 0, fails: [] });
  });

  it.each<[string, Parameters, string]>([
    [
      "IPv4 rules that are none",
      { RULES_V4_B64: base64("*filter\n-A NOWHERE\nCOMMIT\n") },
      "FIREWALL-01",
    ],
    [
      "IPv6 rules that are none",
      { RULES_V6_B64: base64("*filter\n-A INPUT -s 203.0.113.10 -j ACCEPT\nCOMMIT\n") },
      "FIREWALL-02",
    ],
  ])("refuses %s, and changes nothing", (_what, bad, id) => {
    expect(drive("apply", { ...GOOD, ...bad })).toMatchObject({ code: 1, fails: [id], changed: 0 });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it("names rules that let in by default, however they are wished for", () => {
    const open = rules("icmp", "203.0.113.10").replace("INPUT DROP", "INPUT ACCEPT");
    const wished = { ...GOOD, RULES_V4_B64: base64(open) };
    expect(drive("apply", wished)).toMatchObject({ code: 1, fails: ["FIREWALL-07"] });
    expect(drive("apply")).toMatchObject({ code: 0 });
    expect(drive("confirm")).toMatchObject({ code: 0, fails: [] });
  });

  it("puts both families back when the second cannot be loaded", () => {
    const link = "/etc/alternatives/ip6tables-restore";
    // Fails once, and only in the server's own network: the rehearsal in a namespace passes.
    const fake = `#!/bin/bash
if [[ ! -e /run/failed && $(readlink /proc/self/ns/net) == "$(readlink /proc/1/ns/net)" ]]; then
  touch /run/failed
  exit 1
fi
exec xtables-nft-multi ip6tables-restore "$@"
`;
    server.must(`mv ${link} ${link}.kept && cat >${link} && chmod 755 ${link}`, fake);
    const other = { ...GOOD, RULES_V4_B64: base64(rules("icmp", "203.0.113.66")) };
    const failed = drive("apply", other);
    server.must(`mv ${link}.kept ${link}`);
    expect(failed).toMatchObject({ code: 70, fails: [] });
    expect(failed.stderr).toContain("the old ones are back");
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    expect(reaches("operator", server.ipv4)).toBe(true);
  });

  it("has its rules again after a reboot, before anyone can knock", async () => {
    await server.cloud.machines.reboot(1001);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    expect(reaches("operator", server.ipv4)).toBe(true);
    expect(reaches("stranger", server.ipv6)).toBe(false);
  }, 60_000);
});
