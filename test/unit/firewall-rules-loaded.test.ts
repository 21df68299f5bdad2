/**
 * The kernel's own reading of the host's wall: loaded into an empty network namespace, it must come
 * back word for word. It does not show what the rules do to a packet; the host layer does.
 */
import { spawnSync } from "node:child_process";

import { appRules, databaseRules, type Rule } from "../../components/lib/firewall-rules";
import { renderIPv4Rules, renderIPv6Rules } from "../../components/lib/host-firewall-rules";

const IN_NAMESPACE = ["--net", "--", "sh", "-euc"];

function inNamespace(script: string, input: string): { status: number | null; stdout: string } {
  const done = spawnSync("unshare", [...IN_NAMESPACE, script], { input, encoding: "utf8" });
  return { status: done.status, stdout: done.stdout };
}

const isPossible =
  inNamespace("iptables-restore --version && ip6tables-restore --version", "").status === 0;
const describeWithNamespaces = isPossible || process.env["CI"] ? describe : describe.skip;

/** Tables by name, since the order in which they are printed means nothing. */
function tables(text: string): string[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return lines
    .join("\n")
    .replace(/\[\d+:\d+\]/g, "[0:0]")
    .split("COMMIT\n")
    .filter((table) => table !== "")
    .sort();
}

const WALLS: [string, Rule[]][] = [
  ["the app server", appRules(["203.0.113.10/32", "198.51.100.0/24", "2001:db8:10::10/128"])],
  ["the app server, open to all", appRules(["0.0.0.0/0", "::/0"])],
  ["the database server", databaseRules("192.168.129.10")],
  [
    "a server with ranges of ports",
    [
      {
        label: "web",
        protocol: "udp",
        ports: [53, [3000, 3003]],
        sources: ["10.0.0.0/8", "2001:db8::/32"],
      },
    ],
  ],
];

describeWithNamespaces("loading the wall (needs root and iptables)", () => {
  it.each(WALLS)("changes nothing about the rules of %s", (_, rules) => {
    for (const [restore, save, text] of [
      ["iptables-restore", "iptables-save", renderIPv4Rules(rules)],
      ["ip6tables-restore", "ip6tables-save", renderIPv6Rules(rules)],
    ] as const) {
      const script = `text=$(cat); echo "$text" | ${restore} --test; echo "$text" | ${restore}; ${save}`;
      const loaded = inNamespace(script, text);
      expect(loaded.status).toBe(0);
      expect(tables(loaded.stdout)).toEqual(tables(text));
    }
  });
});
