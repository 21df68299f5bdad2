/**
 * The control `firewall`: the running rules are the given ones, at once, whole, and still so after a
 * restart, an upgrade and a reboot.
 *
 * What the rules do to those who knock is in firewall-traffic.test.ts.
 */
import { packagesOf } from "../../components/lib/bundle";
import { appWall } from "../../components/lib/firewall-rules";
import { renderIPv4Rules, renderIPv6Rules } from "../../components/lib/host-firewall-rules";
import {
  BUNDLE,
  base64,
  DEPLOYER,
  itWithJournal,
  OPERATOR_FROM,
  type Parameters,
  type Report,
  TestServer,
} from "./harness";
import { eventually, IMAGE } from "./test-machines";
import { grouped } from "./tampers";

const server = new TestServer("a0c704");
const it = itWithJournal(server);

const WALL = appWall({ sshFrom: OPERATOR_FROM.split(","), outbound: "anywhere" });
/** Spelt otherwise than iptables-save would: it is the rule that counts, not the text. */
const respelt = (text: string): string =>
  text.replace("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "--protocol tcp --syn");
const V4 = respelt(renderIPv4Rules(WALL));
const V6 = respelt(renderIPv6Rules(WALL));
const GOOD: Parameters = { RULES_V4_B64: base64(V4), RULES_V6_B64: base64(V6) };
const drive = (verb: string, parameters = GOOD): Report =>
  server.drive(verb, "firewall", parameters);
const reaches = (from: "operator" | "stranger", address: string): boolean =>
  server.cloud.connects(from, address, 22);
const ids = (...numbers: string[]): string[] => numbers.map((number) => `FIREWALL-${number}`);

/** As a vandal would: a file of one's own that changes the unit. */
const changeUnit = (text: string): string =>
  `mkdir -p ${UNIT}.d && printf '${text}' >${UNIT}.d/x.conf && systemctl daemon-reload`;
const UNIT = "/etc/systemd/system/netfilter-persistent.service";
const SETTINGS = "/etc/default/netfilter-persistent";
const RIVAL = "[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n";

beforeAll(async () => {
  await server.boot();
  const packages = { PACKAGES: packagesOf(["firewall"], BUNDLE).join(" ") };
  // The control finds its packages installed; it never installs any.
  expect(drive("audit")).toMatchObject({ code: 1, fails: ["FIREWALL-00"] });
  expect(server.drive("apply", "packages", packages).code).toBe(0);
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control firewall", () => {
  it("drops all but what is listed, over both families, and then has nothing to do", async () => {
    // Ubuntu comes with ufw, which would flush the rules at boot.
    const rival = IMAGE.startsWith("linode/ubuntu") ? ["05"] : [];
    const fails = ids("01", "02", "03", "04", ...rival, "07", "09", "11");
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
  }, 90_000);

  it.each(
    grouped([
      ["a surplus rule", "iptables -I INPUT -p tcp --dport 80 -j ACCEPT", ["01"]],
      ["a surplus rule of IPv6", "ip6tables -A TCP -p tcp --dport 80 -j ACCEPT", ["02"]],
      ["a port behind a redirect opened", "iptables -A TCP -p tcp --dport 3000 -j ACCEPT", ["01"]],
      ["another redirect", "iptables -t nat -A PREROUTING -p tcp --dport 81 -j REDIRECT", ["01"]],
      ["a missing redirect", "ip6tables -t nat -D PREROUTING 1", ["02"]],
      ["a missing rule", "iptables -D INPUT 1", ["01"]],
      [
        "rules in another order",
        "ip6tables -D INPUT 1; ip6tables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        ["02"],
      ],
      [
        "the older back end, which does not see our rules",
        "update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy",
        ["01", "06", "07", "11"],
      ],
      [
        "rules of the older back end beside ours",
        "ip6tables-legacy -P INPUT DROP; ip6tables-legacy -N X; ip6tables-legacy -A INPUT -j X",
        ["06"],
      ],
      ["an open policy", "iptables -P INPUT ACCEPT", ["01", "07"]],
      [
        "flushed rules",
        "iptables -P INPUT ACCEPT; iptables -F; ip6tables -P INPUT ACCEPT; ip6tables -F",
        ["01", "02", "07", "11"],
      ],
      ["metadata for everybody", "iptables -D OUTPUT 1", ["01", "11"]],
      ["metadata for everybody over IPv6", "ip6tables -I OUTPUT -j ACCEPT", ["02", "11"]],
      ["other rules for the next boot", "echo '# saved' >>/etc/iptables/rules.v4", ["03"]],
      ["the rules of another day", "sed -i '/--dport 22/d' /etc/iptables/rules.v4", ["03", "09"]],
      ["no rules for the next boot", "rm /etc/iptables/rules.v6", ["04", "09"]],
      ["rules that everyone may read", "chmod 644 /etc/iptables/rules.v6", ["04"]],
      ["nobody to load them", "systemctl -q disable netfilter-persistent 2>&1", ["05"]],
      ["a loader that is masked", "systemctl -q mask netfilter-persistent 2>&1", ["05", "08"]],
      [
        "a rival that flushes them at boot",
        `printf '${RIVAL}' >/etc/systemd/system/nftables.service; systemctl -q enable nftables 2>&1`,
        ["05"],
      ],
      [
        "a loader that comes after the network",
        `sed s/^Before=.*/After=network.target/ /usr${UNIT.replace("/etc", "/lib")} >${UNIT} && systemctl daemon-reload`,
        ["08"],
      ],
      [
        "a loader that flushes in the end",
        changeUnit("[Service]\\nExecStartPost=/usr/sbin/iptables -F\\n"),
        ["08"],
      ],
      ["a loader that flushes when it stops", `sed -i s/STOP=0/STOP=1/ ${SETTINGS}`, ["09"]],
      [
        "a loader that adds to what is there",
        `echo IP6TABLES_RESTORE_NOFLUSH=yes >>${SETTINGS}`,
        ["09"],
      ],
      [
        "a loader without its part for IPv6",
        "chmod a-x /usr/share/netfilter-persistent/plugins.d/25-ip6tables",
        ["09"],
      ],
      [
        "an upgrade that would save what runs",
        "echo iptables-persistent iptables-persistent/autosave_v6 boolean true | debconf-set-selections",
        ["10"],
      ],
    ]),
  )("notices and mends: %s", (_what, { rows, numbers }) => {
    for (const [, tamper] of rows) server.must(tamper);
    expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
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

  it.each<[string, string, string, string]>([
    ["let in by default", "INPUT DROP", "INPUT ACCEPT", "FIREWALL-07"],
    ["let everybody ask for metadata", " ! --uid-owner 0", "", "FIREWALL-11"],
  ])("names rules that %s, however they are wished for", (_what, from, to, id) => {
    const wished = { ...GOOD, RULES_V4_B64: base64(V4.replace(from, to)) };
    expect(drive("apply", wished)).toMatchObject({ code: 1, fails: [id] });
    expect(drive("apply")).toMatchObject({ code: 0 });
    expect(drive("confirm")).toMatchObject({ code: 0, fails: [] });
  });

  it("does not trust a loader that is not the package's, which it cannot mend", () => {
    const plugin = "/usr/share/netfilter-persistent/plugins.d/15-ip4tables";
    server.must(`cp -a ${plugin} /root/plugin && printf '#!/bin/sh\n' >${plugin}`);
    const failed = drive("apply");
    server.must(`cp -a /root/plugin ${plugin}`);
    expect(failed).toMatchObject({ code: 1, fails: ["FIREWALL-09"] });
    expect(failed.stdout).toContain("reinstall it and iptables-persistent");
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
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
    const other = { ...GOOD, RULES_V4_B64: base64(V4.replace("203.0.113.10", "203.0.113.66")) };
    const failed = drive("apply", other);
    server.must(`mv ${link}.kept ${link}`);
    expect(failed).toMatchObject({ code: 70, fails: [] });
    expect(failed.stderr).toContain("the old ones are back");
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    expect(reaches("operator", server.ipv4)).toBe(true);
  });

  it("keeps its rules, and whoever is in, through restarts of what is around it", async () => {
    const session = await server.session(DEPLOYER);
    for (const words of [
      "restart netfilter-persistent",
      "stop netfilter-persistent",
      "start netfilter-persistent",
      "restart ssh",
      "restart systemd-networkd",
    ]) {
      server.must(`systemctl ${words}`);
      expect([words, drive("audit").fails]).toEqual([words, []]);
      expect([words, reaches("stranger", server.ipv4)]).toEqual([words, false]);
      expect([words, await eventually(() => reaches("operator", server.ipv6))]).toEqual([
        words,
        true,
      ]);
    }
    session.say("still here");
    expect(await eventually(() => session.hears("still here"))).toBe(true);
    session.close();
  }, 180_000);

  it("keeps its rules through upgrades and questions of its packages, which save nothing", () => {
    const packages = "iptables iptables-persistent netfilter-persistent";
    // What runs at that moment must not become what is loaded ever after.
    server.must("iptables -A TCP -p tcp --dport 81 -j ACCEPT");
    server.must(`apt-get -q update && apt-get -q -y install --reinstall ${packages} 2>&1`);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    server.must("ip6tables -A TCP -p tcp --dport 81 -j ACCEPT");
    server.must("DEBIAN_FRONTEND=noninteractive dpkg-reconfigure iptables-persistent 2>&1");
    server.must("systemctl restart netfilter-persistent");
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  }, 360_000);

  it("has its rules again after a reboot, before any network", async () => {
    await server.cloud.machines.reboot(1001);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    const moment = (property: string, unit: string): number =>
      Number(server.must(`systemctl show -P ${property} ${unit}`));
    const loaded = moment("ActiveEnterTimestampMonotonic", "netfilter-persistent");
    expect(loaded).toBeGreaterThan(0);
    expect(loaded).toBeLessThan(moment("ExecMainStartTimestampMonotonic", "systemd-networkd"));
    expect(reaches("operator", server.ipv4)).toBe(true);
    expect(reaches("stranger", server.ipv6)).toBe(false);
  }, 180_000);
});
