/**
 * What the stack's own rules do to real clients, over both families: the app server's and the database
 * server's, with and without a list of what may go out.
 *
 * Each wall stands alone here, since behind both a hole in one would not show: the host's own rules on
 * a server without a Cloud Firewall, and the Cloud Firewall before a server without rules. That the
 * stack has both in force is the e2e layer's.
 */
import { type ChildProcess, spawn } from "node:child_process";

import { packagesOf } from "../../components/lib/bundle";
import { cloudFirewallRules } from "../../components/lib/cloud-firewall-rules";
import {
  appWall,
  databaseWall,
  type OutboundRule,
  type Wall,
} from "../../components/lib/firewall-rules";
import { renderIPv4Rules, renderIPv6Rules } from "../../components/lib/host-firewall-rules";
import { type Vantage, VANTAGE_ADDRESSES, vantageCommand } from "../../local/machines/vantage";
import type { CloudFirewall } from "../../local/types";
import { base64, BUNDLE, itWithJournal, OPERATOR_FROM, TestServer } from "./harness";
import { eventually, run } from "./test-machines";

const server = new TestServer("a0c707");
const it = itWithJournal(server);

/** A server without rules of its own, and another customer in the private network. */
const BARE = 1002;
const ADDRESSES = {
  1001: { v4: server.ipv4, v6: server.ipv6, private: server.privateIPv4 },
  1002: { v4: "203.0.113.102", v6: "2001:db8:113::2", private: "192.168.129.12" },
};
const { operator, neighbour } = VANTAGE_ADDRESSES;

/** Ports that something listens on, on the server with rules. */
const LISTENING = [22, 3000, 3003, 3306, 8080];
const OF_INTEREST = [22, 80, 443, ...LISTENING.slice(1)].join();

const SSH_FROM = OPERATOR_FROM.split(",");
const APP = appWall({ sshFrom: SSH_FROM, outbound: "anywhere" });
// The neighbour plays the app server.
const DATABASE = databaseWall({
  appPrivateIPv4: neighbour.privateIPv4 ?? "",
  outbound: "anywhere",
});
const LISTED: OutboundRule = {
  label: "listed",
  protocol: "tcp",
  ports: [6379],
  destinations: [`${operator.publicIPv4}/32`, `${operator.publicIPv6}/128`],
};

type Place = Vantage | number;
type Side = "v4" | "v6" | "private";

/** Who gets to what; from everywhere else, and to every other port, there is no answer at all. */
const APP_TABLE: [Place, Side, number[]][] = [
  ["operator", "v4", [22, 80, 443]],
  ["operator", "v6", [22, 80, 443]],
  ["stranger", "v4", [80, 443]],
  ["stranger", "v6", [80, 443]],
  ["neighbour", "private", [80, 443]],
];
const DATABASE_TABLE: [Place, Side, number[]][] = [
  ["neighbour", "private", [22, 3306]],
  ["neighbour", "v4", []],
  ["neighbour", "v6", []],
  ["operator", "v4", []],
  ["operator", "v6", []],
];

const children: ChildProcess[] = [];

/** Something of that place that answers every request with its port, for as long as the test runs. */
function listen(place: Vantage | "router", address: string, port: number): void {
  const script = `require("net").createServer((peer) => {
    peer.on("error", () => undefined);
    peer.once("data", () => peer.end("HTTP/1.0 200 OK\\r\\n\\r\\n${port}"));
  }).listen(${port}, "${address}")`;
  const [command = "", ...words] = vantageCommand(server.cloud.cloudId, place);
  children.push(spawn(command, [...words, process.execPath, "-e", script], { stdio: "ignore" }));
}

/** The same inside the server, by an account without any privilege. */
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

const url = (address: string, port: number): string =>
  `http://${address.includes(":") ? `[${address}]` : address}:${port}/`;
const CURL = ["curl", "-s", "-g", "--noproxy", "*", "-m", "2"];

/** What answers there from outside, or how it fails: 28 is no answer at all, 7 a refusal. */
function asks(from: Place, address: string, port: number): string {
  const ran = server.cloud.from(from, ...CURL, url(address, port));
  return ran.code === 0 ? ran.stdout : `failed with ${ran.code}`;
}

/** The same from inside the server, as root or through some other command. */
function asksFromInside(as: string, address: string, port: number): string {
  const ran = server.root(`${as} ${CURL.join(" ").replace("*", "'*'")} '${url(address, port)}'`);
  return ran.code === 0 ? ran.stdout : `failed with ${ran.code}`;
}

/** The ports from which anything comes back, as nmap finds them. */
function reachable(
  from: Place,
  id: 1001 | 1002,
  side: Side,
  ports: string,
  ...how: string[]
): number[] {
  const address = ADDRESSES[id][side];
  const family = side === "v6" ? ["-6"] : [];
  const pace = ["-n", "-Pn", "-T5", "--max-retries", "1", "--min-rate", "30000"];
  const words = ["nmap", ...family, ...pace, ...how, "-p", ports, "-oG", "-", address];
  const { stdout } = server.cloud.from(from, ...words);
  expect(stdout).toContain("1 IP address (1 host up) scanned");
  const found = [...stdout.matchAll(/(\d+)\/(?:open|closed|unfiltered)\//g)];
  return found.map(([, port]) => Number(port));
}

/** Whether an echo request is answered; without ARP, by which the router would answer for all. */
function pings(from: Place, side: Side): boolean {
  const family = side === "v6" ? ["-6"] : [];
  const words = [
    "nmap",
    ...family,
    "-n",
    "-sn",
    "-PE",
    "--disable-arp-ping",
    ADDRESSES[1001][side],
  ];
  return server.cloud.from(from, ...words).stdout.includes("(1 host up)");
}

function raise(wall: Wall): void {
  const parameters = {
    RULES_V4_B64: base64(renderIPv4Rules(wall)),
    RULES_V6_B64: base64(renderIPv6Rules(wall)),
  };
  expect(server.drive("apply", "firewall", parameters)).toMatchObject({ code: 0, fails: [] });
  expect(server.drive("confirm", "firewall", parameters)).toMatchObject({ code: 0, fails: [] });
}

/** The Cloud Firewall as the local cloud's router takes it, before the server without rules. */
async function raiseBefore(wall: Wall): Promise<void> {
  const { inboundPolicy, inbounds, outboundPolicy, outbounds = [] } = cloudFirewallRules(wall);
  const rules = (list: typeof inbounds): CloudFirewall["inbound"] =>
    list.map(({ action, protocol, ports, ipv4s, ipv6s }) => {
      const addresses = { ...(ipv4s && { ipv4: ipv4s }), ...(ipv6s && { ipv6: ipv6s }) };
      return { action, protocol, ...(ports && { ports }), addresses };
    });
  const firewall = {
    inbound: rules(inbounds),
    inboundPolicy,
    outbound: rules(outbounds),
    outboundPolicy,
  };
  await server.cloud.machines.setFirewall(BARE, firewall);
}

beforeAll(async () => {
  await server.boot();
  await server.cloud.boot(server.cloud.spec(2));
  const packages = { PACKAGES: packagesOf(["firewall"], BUNDLE).join(" ") };
  expect(server.drive("apply", "packages", packages).code).toBe(0);
  server.must("cat >/run/listen.py && chmod 644 /run/listen.py", LISTENER);
  const ports = LISTENING.slice(1);
  server.must(`systemd-run -q --uid=nobody python3 /run/listen.py ${ports.join(" ")}`);
  const { cloud } = server;
  for (const address of [METADATA.v4, METADATA.v6]) {
    run([
      ...vantageCommand(cloud.cloudId, "router"),
      "ip",
      "address",
      "replace",
      address,
      "dev",
      "lo",
    ]);
    listen("router", address, 80);
  }
  for (const port of [443, 444, 6379]) {
    for (const address of [operator.publicIPv4, operator.publicIPv6])
      listen("operator", address, port);
  }
  for (const port of [22, 3306, 8080]) listen("neighbour", neighbour.privateIPv4 ?? "", port);
  const isUp = (): boolean =>
    [22, 3306, 8080].every((port) => cloud.connects(1001, neighbour.privateIPv4 ?? "", port)) &&
    [443, 444, 6379].every((port) => cloud.connects("stranger", operator.publicIPv6, port)) &&
    ports.every((port) => cloud.connects("stranger", server.ipv4, port));
  expect(await eventually(isUp)).toBe(true);
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await server.end();
}, 30_000);

const METADATA = { v4: "169.254.169.254", v6: "fd00:a9fe:a9fe::1" };
const PEOPLE = [
  "setpriv --reuid=65534 --regid=65534 --clear-groups",
  "sudo -u nobody",
  "sudo -u deployer",
];

describe("without a wall", () => {
  it("whoever is on the server gets the metadata, so that below it is the wall that forbids", () => {
    for (const as of ["", ...PEOPLE]) {
      expect([as, asksFromInside(as, METADATA.v4, 80)]).toEqual([as, "80"]);
      expect([as, asksFromInside(as, METADATA.v6, 80)]).toEqual([as, "80"]);
    }
    expect(asks("stranger", server.ipv4, 3000)).toBe("3000");
    expect(pings("stranger", "v4")).toBe(true);
  });
});

describe("the app server's rules", () => {
  beforeAll(() => {
    raise(APP);
  });

  it.each(APP_TABLE)(
    "show %s over %s just the ports %j of all there are",
    (from, side, ports) => {
      expect(reachable(from, 1001, side, "-")).toEqual(ports);
    },
    60_000,
  );

  it.each(APP_TABLE)(
    "lead %s over %s to the unprivileged listeners, by the redirect alone",
    (from, side) => {
      const address = ADDRESSES[1001][side];
      expect(asks(from, address, 80)).toBe("3000");
      expect(asks(from, address, 443)).toBe("3003");
      expect(asks(from, address, 3000)).toBe("failed with 28");
      expect(asks(from, address, 3003)).toBe("failed with 28");
    },
  );

  it("leave the server's own way to its listeners open", () => {
    expect(asksFromInside("", "127.0.0.1", 3000)).toBe("3000");
    expect(asksFromInside("sudo -u nobody", "::1", 3003)).toBe("3003");
  });

  it("answer pings of those who may use SSH alone", () => {
    const answered = APP_TABLE.filter(([from, side]) => pings(from, side));
    expect(answered.map(([from, side]) => `${from} ${side}`)).toEqual([
      "operator v4",
      "operator v6",
    ]);
  });

  it.each(["-sA", "-sF", "-sX", "-sN"])(
    "say nothing to a probe that opens with no SYN (%s)",
    (probe) => {
      expect(reachable("operator", 1001, "v4", OF_INTEREST, probe)).toEqual([]);
      expect(reachable("operator", 1001, "v6", OF_INTEREST, probe)).toEqual([]);
    },
  );

  it.each(["v4", "v6"] as const)("keep the metadata service for root (%s)", (side) => {
    expect(asksFromInside("", METADATA[side], 80)).toBe("80");
    // A refusal, not a wait.
    for (const as of PEOPLE) {
      expect([as, asksFromInside(as, METADATA[side], 80)]).toEqual([as, "failed with 7"]);
    }
  });

  it("let out whatever wants out", () => {
    expect(asksFromInside("sudo -u nobody", operator.publicIPv4, 444)).toBe("444");
    expect(asksFromInside("sudo -u nobody", operator.publicIPv6, 444)).toBe("444");
  });
});

describe("the app server's rules with a list of what may go out", () => {
  it("keep whoever is in, and refuse everything else but the server's own needs", async () => {
    raise(APP);
    const session = await server.session("deployer");
    raise(appWall({ sshFrom: SSH_FROM, outbound: [LISTED] }));
    session.say("still here");
    expect(await eventually(() => session.hears("still here"))).toBe(true);
    session.close();
    for (const address of [operator.publicIPv4, operator.publicIPv6]) {
      expect(asksFromInside("", address, 443)).toBe("443");
      expect(asksFromInside("sudo -u nobody", address, 6379)).toBe("6379");
      expect(asksFromInside("", address, 444)).toBe("failed with 7");
    }
    // Listed for the operator's addresses alone.
    expect(asksFromInside("", neighbour.publicIPv4, 6379)).toBe("failed with 7");
    expect(server.root(`ping -c 1 -W 1 ${operator.publicIPv4}`).code).not.toBe(0);
  }, 30_000);

  it.each(["v4", "v6"] as const)("keep the metadata service for root (%s)", (side) => {
    expect(asksFromInside("", METADATA[side], 80)).toBe("80");
    expect(asksFromInside(PEOPLE[0] ?? "", METADATA[side], 80)).toBe("failed with 7");
  });

  it("reach the database server's ports in the private network, and no other", () => {
    const there = neighbour.privateIPv4 ?? "";
    expect(asksFromInside("sudo -u deployer", there, 22)).toBe("22");
    expect(asksFromInside("sudo -u nobody", there, 3306)).toBe("3306");
    expect(asksFromInside("sudo -u nobody", there, 8080)).toBe("failed with 7");
  });

  it("let others in as before, and find their neighbours anew", () => {
    server.must("ip -6 neighbour flush dev eth0");
    expect(asks("stranger", server.ipv6, 80)).toBe("3000");
    expect(asks("stranger", server.ipv4, 443)).toBe("3003");
    expect([pings("operator", "v4"), pings("operator", "v6"), pings("stranger", "v6")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(asksFromInside("", "127.0.0.1", 3000)).toBe("3000");
  });
});

describe("the database server's rules", () => {
  beforeAll(() => {
    raise(DATABASE);
  });

  it.each([...DATABASE_TABLE, [BARE, "private", []] as [Place, Side, number[]]])(
    "show %s over %s just the ports %j of all there are",
    (from, side, ports) => {
      expect(reachable(from, 1001, side, "-")).toEqual(ports);
    },
    60_000,
  );

  it("answer the app server's pings alone, and keep the metadata service for root", () => {
    expect([pings("neighbour", "private"), pings(BARE, "private")]).toEqual([true, false]);
    expect(asksFromInside("", METADATA.v4, 80)).toBe("80");
    expect(asksFromInside("sudo -u nobody", METADATA.v4, 80)).toBe("failed with 7");
    expect(asksFromInside("sudo -u nobody", METADATA.v6, 80)).toBe("failed with 7");
  });
});

describe("the Cloud Firewall alone", () => {
  it.each([
    ["app", APP, APP_TABLE],
    ["database", DATABASE, DATABASE_TABLE],
  ] as const)(
    "lets the same through to the %s server",
    async (_role, wall, table) => {
      await raiseBefore(wall);
      const found = table.map(([from, side]) => [
        from,
        side,
        reachable(from, BARE, side, OF_INTEREST),
      ]);
      expect(found).toEqual(table);
    },
    60_000,
  );

  it("lets the same out", async () => {
    const leaves = (address: string, port: number): boolean =>
      server.cloud.connects(BARE, address, port);
    const ways = [operator.publicIPv4, operator.publicIPv6].flatMap((address) =>
      [443, 444, 6379].map((port) => [address, port] as const),
    );
    expect(ways.map((way) => leaves(...way))).toEqual(ways.map(() => true));
    await raiseBefore(appWall({ sshFrom: SSH_FROM, outbound: [LISTED] }));
    expect(ways.map((way) => leaves(...way))).toEqual(ways.map(([, port]) => port !== 444));
  }, 30_000);
});
