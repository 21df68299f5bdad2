/**
 * What the stack's own rules do to real clients, over both families: the app server's and the database
 * server's, with and without a list of what may go out.
 *
 * Each wall stands alone here, since behind both a hole in one would not show: the host's own rules on
 * a server without a Cloud Firewall, and the Cloud Firewall before a server without rules. That the
 * stack has both in force is the e2e layer's.
 */
import { appWall, databaseWall, type OutboundRule } from "../../components/lib/firewall-rules";
import { VANTAGE_ADDRESSES } from "../../local/machines/vantage";
import { itWithJournal, OPERATOR_FROM, TestServer } from "./harness";
import { eventually } from "./test-machines";
import {
  BARE,
  GUARDED,
  METADATA,
  OF_INTEREST,
  type Place,
  type Side,
  WallProbe,
} from "./wall-probe";

const server = new TestServer("a0c707");
const probe = new WallProbe(server);
const it = itWithJournal(server);

const { operator, neighbour } = VANTAGE_ADDRESSES;

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

const PEOPLE = [
  "setpriv --reuid=65534 --regid=65534 --clear-groups",
  "sudo -u nobody",
  "sudo -u deployer",
];

beforeAll(async () => {
  await probe.start();
}, 360_000);

afterAll(async () => {
  await probe.end();
}, 90_000);

describe("without a wall", () => {
  it("whoever is on the server gets the metadata, so that below it is the wall that forbids", () => {
    for (const as of ["", ...PEOPLE]) {
      expect([as, probe.asksFromInside(as, METADATA.v4, 80)]).toEqual([as, "80"]);
      expect([as, probe.asksFromInside(as, METADATA.v6, 80)]).toEqual([as, "80"]);
    }
    expect(probe.asksGuarded("stranger", "v4", 3000)).toBe("3000");
    expect(probe.pings("stranger", "v4")).toBe(true);
  });
});

describe("the app server's rules with a list of what may go out", () => {
  it("keep whoever was in before there were any, and refuse all but the list and the server's needs", async () => {
    const session = await server.session("deployer");
    probe.raise(appWall({ sshFrom: SSH_FROM, outbound: [LISTED] }));
    session.say("still here");
    expect(await eventually(() => session.hears("still here"))).toBe(true);
    session.close();
    for (const address of [operator.publicIPv4, operator.publicIPv6]) {
      expect(probe.asksFromInside("", address, 443)).toBe("443");
      expect(probe.asksFromInside("sudo -u nobody", address, 6379)).toBe("6379");
      expect(probe.asksFromInside("", address, 444)).toBe("failed with 7");
    }
    // Listed for the operator's addresses alone.
    expect(probe.asksFromInside("", neighbour.publicIPv4, 6379)).toBe("failed with 7");
    expect(server.root(`ping -c 1 -W 1 ${operator.publicIPv4}`).code).not.toBe(0);
  }, 90_000);

  it.each(["v4", "v6"] as const)("keep the metadata service for root (%s)", (side) => {
    expect(probe.asksFromInside("", METADATA[side], 80)).toBe("80");
    expect(probe.asksFromInside(PEOPLE[0] ?? "", METADATA[side], 80)).toBe("failed with 7");
  });

  it("reach the database server's ports in the private network, and no other", () => {
    const there = neighbour.privateIPv4 ?? "";
    expect(probe.asksFromInside("sudo -u deployer", there, 22)).toBe("22");
    expect(probe.asksFromInside("sudo -u nobody", there, 3306)).toBe("3306");
    expect(probe.asksFromInside("sudo -u nobody", there, 8080)).toBe("failed with 7");
  });

  it("let others in as before, and find their neighbours anew", () => {
    server.must("ip -6 neighbour flush dev eth0");
    expect(probe.asksGuarded("stranger", "v6", 80)).toBe("3000");
    expect(probe.asksGuarded("stranger", "v4", 443)).toBe("3003");
    expect([
      probe.pings("operator", "v4"),
      probe.pings("operator", "v6"),
      probe.pings("stranger", "v6"),
    ]).toEqual([true, true, false]);
    expect(probe.asksFromInside("", "127.0.0.1", 3000)).toBe("3000");
  });
});

describe("the app server's rules", () => {
  beforeAll(() => {
    probe.raise(APP);
  });

  it.each(APP_TABLE)(
    "show %s over %s just the ports %j of all there are",
    (from, side, ports) => {
      expect(probe.shows(from, GUARDED, side, "-", ports)).toEqual(ports);
    },
    180_000,
  );

  it.each(APP_TABLE)(
    "lead %s over %s to the unprivileged listeners, by the redirect alone",
    (from, side) => {
      expect(probe.asksGuarded(from, side, 80)).toBe("3000");
      expect(probe.asksGuarded(from, side, 443)).toBe("3003");
      expect(probe.asksGuarded(from, side, 3000)).toBe("failed with 28");
      expect(probe.asksGuarded(from, side, 3003)).toBe("failed with 28");
    },
  );

  it("leave the server's own way to its listeners open", () => {
    expect(probe.asksFromInside("", "127.0.0.1", 3000)).toBe("3000");
    expect(probe.asksFromInside("sudo -u nobody", "::1", 3003)).toBe("3003");
  });

  it("answer pings of those who may use SSH alone", () => {
    const answered = APP_TABLE.filter(([from, side]) => probe.pings(from, side));
    expect(answered.map(([from, side]) => `${from} ${side}`)).toEqual([
      "operator v4",
      "operator v6",
    ]);
  });

  it.each(["-sA", "-sF", "-sX", "-sN"])(
    "say nothing to a probe that opens with no SYN (%s)",
    (scan) => {
      expect(probe.reachable("operator", GUARDED, "v4", OF_INTEREST, scan)).toEqual([]);
      expect(probe.reachable("operator", GUARDED, "v6", OF_INTEREST, scan)).toEqual([]);
    },
  );

  it.each(["v4", "v6"] as const)("keep the metadata service for root (%s)", (side) => {
    expect(probe.asksFromInside("", METADATA[side], 80)).toBe("80");
    // A refusal, not a wait.
    for (const as of PEOPLE) {
      expect([as, probe.asksFromInside(as, METADATA[side], 80)]).toEqual([as, "failed with 7"]);
    }
  });

  it("let out whatever wants out", () => {
    expect(probe.asksFromInside("sudo -u nobody", operator.publicIPv4, 444)).toBe("444");
    expect(probe.asksFromInside("sudo -u nobody", operator.publicIPv6, 444)).toBe("444");
  });
});

describe("the database server's rules", () => {
  beforeAll(() => {
    probe.raise(DATABASE);
  });

  it.each([...DATABASE_TABLE, [BARE, "private", []] as [Place, Side, number[]]])(
    "show %s over %s just the ports %j of all there are",
    (from, side, ports) => {
      expect(probe.shows(from, GUARDED, side, "-", ports)).toEqual(ports);
    },
    180_000,
  );

  it("answer the app server's pings alone, and keep the metadata service for root", () => {
    expect([probe.pings("neighbour", "private"), probe.pings(BARE, "private")]).toEqual([
      true,
      false,
    ]);
    expect(probe.asksFromInside("", METADATA.v4, 80)).toBe("80");
    expect(probe.asksFromInside("sudo -u nobody", METADATA.v4, 80)).toBe("failed with 7");
    expect(probe.asksFromInside("sudo -u nobody", METADATA.v6, 80)).toBe("failed with 7");
  });
});

describe("the Cloud Firewall alone", () => {
  it.each([
    ["app", APP, APP_TABLE],
    ["database", DATABASE, DATABASE_TABLE],
  ] as const)(
    "lets the same through to the %s server",
    async (_role, wall, table) => {
      await probe.raiseBeforeBare(wall);
      const found = table.map(([from, side, ports]) => [
        from,
        side,
        probe.shows(from, BARE, side, OF_INTEREST, ports),
      ]);
      expect(found).toEqual(table);
    },
    180_000,
  );

  it("lets the same out", async () => {
    const leaves = (address: string, port: number): boolean =>
      server.cloud.connects(BARE, address, port);
    const ways = [operator.publicIPv4, operator.publicIPv6].flatMap((address) =>
      [443, 444, 6379].map((port) => [address, port] as const),
    );
    expect(ways.map((way) => leaves(...way))).toEqual(ways.map(() => true));
    await probe.raiseBeforeBare(appWall({ sshFrom: SSH_FROM, outbound: [LISTED] }));
    expect(ways.map((way) => leaves(...way))).toEqual(ways.map(([, port]) => port !== 444));
  }, 90_000);
});
