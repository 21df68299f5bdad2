/**
 * The kernel's own reading of the host's wall: loaded into an empty network namespace, it must come
 * back word for word. It does not show what the rules do to a packet; the host layer does.
 */
import { spawnSync } from "node:child_process";

import {
  appWall,
  databaseWall,
  type OutboundRule,
  type Wall,
} from "../../components/lib/firewall-rules";
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

const SSH_FROM = ["203.0.113.10/32", "198.51.100.0/24", "2001:db8:10::10/128"];
const ANY = "anywhere";
const REDIS: OutboundRule = {
  label: "redis",
  protocol: "tcp",
  ports: [6379, [7000, 7010]],
  destinations: ["198.51.100.0/24", "2001:db8:6::/48"],
};

const WALLS: [string, Wall][] = [
  ["the app server", appWall({ sshFrom: SSH_FROM, outbound: ANY })],
  ["the app server, open to all", appWall({ sshFrom: ["0.0.0.0/0", "::/0"], outbound: ANY })],
  [
    "the app server, let out to a list",
    appWall({ sshFrom: SSH_FROM, outbound: [REDIS], relayPort: 587 }),
  ],
  ["the database server", databaseWall({ appPrivateIPv4: "192.168.129.10", outbound: ANY })],
  [
    "the database server, let out for its own needs",
    databaseWall({ appPrivateIPv4: "192.168.129.10", outbound: [] }),
  ],
  [
    "a server with ranges of ports",
    {
      inbound: [
        {
          label: "range",
          protocol: "udp",
          ports: [53, [3000, 3003]],
          sources: ["10.0.0.0/8", "2001:db8::/32"],
        },
        {
          label: "redirect",
          protocol: "tcp",
          ports: [[8000, 8010]],
          sources: SSH_FROM,
          redirectTo: 80,
        },
      ],
      outbound: ANY,
    },
  ],
];

describeWithNamespaces("loading the wall (needs root and iptables)", () => {
  it.each(WALLS)("changes nothing about the rules of %s", (_, wall) => {
    for (const [restore, save, text] of [
      ["iptables-restore", "iptables-save", renderIPv4Rules(wall)],
      ["ip6tables-restore", "ip6tables-save", renderIPv6Rules(wall)],
    ] as const) {
      const script = `text=$(cat); echo "$text" | ${restore} --test; echo "$text" | ${restore}; ${save}`;
      const loaded = inNamespace(script, text);
      expect(loaded.status).toBe(0);
      expect(tables(loaded.stdout)).toEqual(tables(text));
    }
  });
});
