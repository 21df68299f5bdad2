// What the local API refuses, word for word. It does not prove that the vendor uses the same words.
import { firewallBody, KEY, linodeBody, rule, send, startCloud, stopClouds } from "./harness";

type Errors = { field?: string; reason: string }[];
type Case = [title: string, body: unknown, errors: Errors];

const ABLE = "linode/debian13, linode/ubuntu26.04";
const LENGTH = "Label must be between 3 and 50 characters.";
const CHARACTERS =
  "Must begin and end with a letter or digit and use only letters, digits, and single - _ or .";
const KEY_FAULT =
  "SSH Key must be one line: a type such as ssh-ed25519, the key in base64, and a comment if you like.";
const NOT_CARRIED_OUT = "The local cloud does not carry this out.";
const one = (field: string, reason: string): Errors => [{ field, reason }];
const inRules = (rules: object) =>
  firewallBody({ rules: { ...(firewallBody()["rules"] as object), ...rules } });
const inbound = (changes: Record<string, unknown>) => inRules({ inbound: [rule(changes)] });
const many = (count: number) => Array.from({ length: count }, () => rule());
const base64 = (bytes: number) => Buffer.alloc(bytes, "a").toString("base64");

const LINODES: Case[] = [
  [
    "nothing",
    {},
    [
      { field: "type", reason: "Plan is required." },
      { field: "region", reason: "Region is required." },
      { field: "image", reason: `The local cloud makes Linodes of an image: ${ABLE}.` },
      { field: "root_pass", reason: "You must provide a root password." },
    ],
  ],
  ["an unknown region", linodeBody({ region: "mars" }), one("region", "region is not valid")],
  [
    "an unknown plan",
    linodeBody({ type: "g6-huge" }),
    one("type", "A valid plan type by that ID was not found"),
  ],
  ["an unknown image", linodeBody({ image: "linode/dos" }), one("image", "image is not valid")],
  [
    "an image that cannot be booted here",
    linodeBody({ image: "linode/debian12" }),
    one(
      "image",
      `The vendor has this image, the local cloud cannot boot it. It can boot: ${ABLE}.`,
    ),
  ],
  ["a label of 2 characters", linodeBody({ label: "ab" }), one("label", LENGTH)],
  ["a label of 51 characters", linodeBody({ label: "a".repeat(51) }), one("label", LENGTH)],
  ["an empty label", linodeBody({ label: "" }), one("label", LENGTH)],
  ["a label with a blank", linodeBody({ label: "my app" }), one("label", CHARACTERS)],
  ["a label with two dashes in a row", linodeBody({ label: "my--app" }), one("label", CHARACTERS)],
  ["a label that ends in a dash", linodeBody({ label: "app-" }), one("label", CHARACTERS)],
  ["a label that is a number", linodeBody({ label: 7 }), one("label", "Must be of type string.")],
  [
    "a label that is taken",
    linodeBody({ label: "taken" }),
    one("label", "Label must be unique among your resources of this kind."),
  ],
  [
    "no root password",
    linodeBody({ root_pass: undefined }),
    one("root_pass", "You must provide a root password when deploying from an image."),
  ],
  [
    "a root password of 10 characters",
    linodeBody({ root_pass: "Secret7!xy" }),
    one("root_pass", "Password must be between 11 and 128 characters."),
  ],
  [
    "a root password of 129 characters",
    linodeBody({ root_pass: "s".repeat(129) }),
    one("root_pass", "Password must be between 11 and 128 characters."),
  ],
  [
    "a root password that is a number, without repeating it",
    linodeBody({ root_pass: 123456789012 }),
    one("root_pass", "Must be of type string."),
  ],
  [
    "one bad key among good ones",
    linodeBody({ authorized_keys: [KEY, "ssh-ed25519"] }),
    one("authorized_keys[1]", KEY_FAULT),
  ],
  [
    "two keys in one line",
    linodeBody({ authorized_keys: [`${KEY}\n${KEY}`] }),
    one("authorized_keys[0]", KEY_FAULT),
  ],
  [
    "user data that is no base64",
    linodeBody({ metadata: { user_data: "#cloud-config" } }),
    one("metadata.user_data", "user_data must be base64, padded and in one line."),
  ],
  [
    "user data of one byte too many",
    linodeBody({ metadata: { user_data: base64(65_536) } }),
    one("metadata.user_data", "user_data must not exceed 65535 bytes before base64."),
  ],
  [
    "an unknown firewall",
    linodeBody({ firewall_id: 9 }),
    one(
      "firewall_id",
      "Firewall not found. It may have been deleted, or belong to another account.",
    ),
  ],
  [
    "a firewall named by a text",
    linodeBody({ firewall_id: "401" }),
    one("firewall_id", "Must be of type number."),
  ],
  [
    "a short tag",
    linodeBody({ tags: ["app", "db"] }),
    one("tags[1]", "Tag must be between 3 and 50 characters."),
  ],
  [
    "disk encryption that is neither on nor off",
    linodeBody({ disk_encryption: "maybe" }),
    one(
      "disk_encryption",
      "disk_encryption must be one of the following values: enabled, disabled",
    ),
  ],
  ["booted as a text", linodeBody({ booted: "yes" }), one("booted", "Must be of type boolean.")],
  ["a swap size", linodeBody({ swap_size: 256 }), one("swap_size", NOT_CARRIED_OUT)],
  [
    "users to take keys from",
    linodeBody({ authorized_users: ["me"] }),
    one("authorized_users", NOT_CARRIED_OUT),
  ],
  [
    "several faults, each named",
    linodeBody({ region: "mars", label: "x", root_pass: "short", tags: ["a"] }),
    [
      { field: "region", reason: "region is not valid" },
      { field: "root_pass", reason: "Password must be between 11 and 128 characters." },
      { field: "label", reason: LENGTH },
      { field: "tags[0]", reason: "Tag must be between 3 and 50 characters." },
    ],
  ],
  ["a list", [], [{ reason: "The body must be a JSON object." }]],
];

const RANGE_V4 = "Must be an IPv4 range such as 192.0.2.0/24; a single address ends in /32.";
const RANGE_V6 = "Must be an IPv6 range such as 2001:db8::/32; a single address ends in /128.";
const ports = (text: unknown) => inbound({ ports: text });
const v4 = (text: string) => inbound({ addresses: { ipv4: [text] } });
const PORTS = "rules.inbound[0].ports";
const V4 = "rules.inbound[0].addresses.ipv4[0]";

const FIREWALLS: Case[] = [
  [
    "nothing",
    {},
    [
      { field: "label", reason: "Must be of type string." },
      { field: "rules", reason: "rules is required." },
    ],
  ],
  [
    "a label of 33 characters",
    firewallBody({ label: "f".repeat(33) }),
    one("label", "Label must be between 3 and 32 characters."),
  ],
  [
    "a label that is taken",
    firewallBody({ label: "taken" }),
    one("label", "Label must be unique among your resources of this kind."),
  ],
  [
    "no policy",
    inRules({ inbound_policy: undefined }),
    one("rules.inbound_policy", "Inbound policy is required."),
  ],
  [
    "no action",
    inbound({ action: undefined }),
    one("rules.inbound[0].action", "Must be ACCEPT or DROP."),
  ],
  [
    "the protocol of all",
    inbound({ protocol: "ALL" }),
    [
      { field: "rules.inbound[0].protocol", reason: "Must be TCP, UDP, ICMP or IPENCAP." },
      { field: PORTS, reason: "Ports are not allowed for ICMP and IPENCAP protocols." },
    ],
  ],
  [
    "ports for ICMP",
    inbound({ protocol: "ICMP" }),
    one(PORTS, "Ports are not allowed for ICMP and IPENCAP protocols."),
  ],
  ["port 0", ports("0"), one(PORTS, "Must be 1-65535")],
  ["port 65536", ports("22,65536"), one(PORTS, "Must be 1-65535")],
  ["a port with a leading zero", ports("022"), one(PORTS, "Port must not have leading zeroes")],
  [
    "a range that runs backwards",
    ports("200-100"),
    one(PORTS, "Range must start with a smaller number and end with a larger number"),
  ],
  [
    "16 port items, a range counting two",
    ports("1-2,3-4,5-6,7-8,9-10,11-12,13-14,15,16"),
    one(PORTS, "Number of ports or port range endpoints exceeded. Max allowed is 15"),
  ],
  ["ports as a number", ports(22), one(PORTS, "Must be of type string.")],
  ["an address without a length", v4("203.0.113.10"), one(V4, RANGE_V4)],
  ["an IPv6 range among the IPv4 ones", v4("2001:db8::/32"), one(V4, RANGE_V4)],
  [
    "a length of 33",
    v4("203.0.113.0/33"),
    one(V4, "Must be a valid IPv4 or IPv6 address or range."),
  ],
  [
    "an IPv4 range among the IPv6 ones",
    inbound({ addresses: { ipv6: ["203.0.113.0/24"] } }),
    one("rules.inbound[0].addresses.ipv6[0]", RANGE_V6),
  ],
  [
    "no address at all",
    inbound({ addresses: {} }),
    one(
      "rules.inbound[0].addresses",
      "Must list at least one address; 0.0.0.0/0 and ::/0 stand for all of them.",
    ),
  ],
  [
    "a rule label of 2 characters",
    inbound({ label: "ab" }),
    one("rules.inbound[0].label", "Label must be between 3 and 32 characters."),
  ],
  [
    "26 rules in both directions together",
    inRules({ inbound: many(20), outbound: many(6) }),
    one("rules.inbound", "A firewall holds at most 25 rules, these are 26."),
  ],
  [
    "an unknown Linode",
    firewallBody({ devices: { linodes: [9] } }),
    one("devices.linodes[0]", "There is no Linode 9."),
  ],
  [
    "a NodeBalancer",
    firewallBody({ devices: { nodebalancers: [9] } }),
    one("devices.nodebalancers", "The local cloud protects Linodes only."),
  ],
];

afterEach(stopClouds);

describe("creating a Linode", () => {
  it.each(LINODES)("refuses %s", async (_, body, errors) => {
    const cloud = await startCloud();
    await cloud.client.createLinode(linodeBody({ label: "taken" }));
    const answer = await send(cloud, "POST", "/linode/instances", body);
    expect([answer.status, answer.data]).toEqual([400, { errors }]);
    expect((await cloud.client.getLinodes()).results).toBe(1);
  });
});

describe("creating a firewall", () => {
  it.each(FIREWALLS)("refuses %s", async (_, body, errors) => {
    const cloud = await startCloud();
    await cloud.client.createFirewall(firewallBody({ label: "taken" }));
    const answer = await send(cloud, "POST", "/networking/firewalls", body);
    expect([answer.status, answer.data]).toEqual([400, { errors }]);
    expect((await cloud.client.getFirewalls()).results).toBe(1);
  });

  it("takes TCP without ports, which means all, and 25 rules, and 15 port items", async () => {
    const cloud = await startCloud();
    const most = rule({ ports: "1-2,3-4,5-6,7-8,9-10,11-12,13-14,15" });
    const rules = { inbound: [rule({ ports: undefined }), most, ...many(23)] };
    const answer = await send(cloud, "POST", "/networking/firewalls", inRules(rules));
    expect(answer.status).toBe(200);
  });
});
