/** Every fault in the settings with the exact words in which a user reads it. */
import { parseSettings } from "../../components/lib/settings";
import { ed25519Line, ed25519Private, keyLine, rsaLine } from "./fixtures/keys";
import { faultsOf, goodSettings, RECIPIENT } from "./fixtures/settings";

const KEYS =
  "a public key is one line of a .pub file, of type Ed25519, ECDSA, a security key (sk-), or RSA with at least " +
  "3072 bits";
const NAMES =
  "a user name begins with a lower-case letter and has lower-case letters, digits and hyphens, at most 31 " +
  "characters; choose another name";
const PLANS =
  "a type is the id of a Linode plan, such as g6-standard-1; `linode-cli linodes types` has them all";
const REGIONS =
  "a region is the id of a Linode data centre, such as us-east or de-fra-2; `linode-cli regions list` has them all";
const IMAGES =
  "an image is linode/debian13, linode/ubuntu24.04 or linode/ubuntu26.04, for which the controls are made and tested, or " +
  "an image of your own that is made from one of them; write one of these or private/<number>";
const NETWORKS =
  'each item is an IPv4 or IPv6 network in CIDR form; write it like "203.0.113.10/32" or "2001:db8::/64"';
const ALL =
  "the settings are region, app, application, database, backup, ssh, admins, deployer, passwords, twoFactor, clock, network, outbound, alerts, dns, tags, " +
  "replacing, deployerPrivateKey; correct the name or remove it";
const SYSTEM = "this name belongs to the system; choose the name of a person";
const PRIVATE = "an unencrypted private key in OpenSSH's format is allowed, and this one";

const key = ed25519Line(1);
const ada = (keys: unknown, name: unknown = "ada"): object => ({ admins: [{ name, keys }] });
const from = (...allowFrom: unknown[]): object => ({ ssh: { allowFrom } });

const admin = (more: object): object => ({ admins: [{ name: "ada", keys: [key], ...more }] });
const reach = (rule: object): object => ({ outbound: { policy: "drop", allow: [rule] } });
const SLACK = { webhook: "https://hooks.example.org/services/T0/B0/x" };
const mail = (more: object): object => ({
  alerts: {
    mail: {
      relay: "smtp.example.org:587",
      user: "alerts",
      password: "secret",
      from: "stronghold@example.org",
      to: ["ada@example.org"],
      ...more,
    },
  },
});

/** What is given over good settings, and the one line that comes of it. */
const ROWS: [given: object, line: string][] = [
  [
    { region: 5 },
    "region: 5 is not allowed: the id of a Linode data centre; write for example us-east",
  ],
  [{ region: "" }, `region: "" is not allowed: ${REGIONS}`],
  [{ region: "US-East" }, `region: "US-East" is not allowed: ${REGIONS}`],
  [{ regoin: "us-east" }, `regoin: is not a setting: ${ALL}`],
  [
    { app: "g6-nanode-1" },
    "app: a text is not allowed: an object with type, image and linodeBackups; write for example {type: g6-nanode-1}",
  ],
  [{ app: { type: "nanode" } }, `app.type: "nanode" is not allowed: ${PLANS}`],
  [
    { app: { type: true } },
    "app.type: true is not allowed: the id of a Linode plan; write for example g6-nanode-1",
  ],
  ...[
    "linode/ubuntu22.04",
    "linode/ubuntu26.10",
    "linode/debian12",
    "ubuntu24.04",
    "private/x",
  ].map((image): [object, string] => [
    { app: { image } },
    `app.image: "${image}" is not allowed: ${IMAGES}`,
  ]),
  [
    { database: { size: 2 } },
    "database.size: is not a setting: database has type, image, linodeBackups, engine, source, schema, passwords, certificates, auditLog; correct the name or remove it",
  ],
  [
    { database: null },
    "database: an empty value is not allowed: an object with type, image, linodeBackups, engine, source, schema, passwords, certificates and auditLog; write for example {type: g6-standard-1}",
  ],
  [
    { ssh: undefined },
    'ssh: is missing: an object with allowFrom; write for example {allowFrom: ["203.0.113.10/32"]}',
  ],
  [
    { ssh: {} },
    'ssh.allowFrom: is missing: the list of at least one network from which SSH is allowed; write for example ["203.0.113.10/32"]',
  ],
  [
    from(),
    'ssh.allowFrom: an empty list is not allowed: the list of at least one network from which SSH is allowed; write for example ["203.0.113.10/32"]',
  ],
  [
    { ssh: { allowFrom: "anywhere" } },
    'ssh.allowFrom: a text is not allowed: the list of at least one network from which SSH is allowed; write for example ["203.0.113.10/32"]',
  ],
  [
    from(8),
    'ssh.allowFrom[0]: 8 is not allowed: a network in CIDR form; write for example "203.0.113.10/32"',
  ],
  [
    from("203.0.113.10"),
    'ssh.allowFrom[0]: "203.0.113.10" is not allowed: each item is a network in CIDR form; write "203.0.113.10/32"',
  ],
  [
    from("2001:DB8::1"),
    'ssh.allowFrom[0]: "2001:DB8::1" is not allowed: each item is a network in CIDR form; write "2001:db8::1/128"',
  ],
  [from("office.example"), `ssh.allowFrom[0]: "office.example" is not allowed: ${NETWORKS}`],
  [from("203.0.113.10/33"), `ssh.allowFrom[0]: "203.0.113.10/33" is not allowed: ${NETWORKS}`],
  [
    from("203.0.113.10/24"),
    'ssh.allowFrom[0]: "203.0.113.10/24" is not allowed: the address has bits beyond its prefix; write "203.0.113.0/24" for the network or "203.0.113.10/32" for the address',
  ],
  [
    from("0.0.0.0/0"),
    'ssh.allowFrom[0]: "0.0.0.0/0" is not allowed: it means every address; write ["anywhere"] if you want that',
  ],
  [
    from("10.0.0.0/8", "::/0"),
    'ssh.allowFrom[1]: "::/0" is not allowed: it means every address; write ["anywhere"] if you want that',
  ],
  [
    from("128.0.0.0/1"),
    'ssh.allowFrom[0]: "128.0.0.0/1" is not allowed: a network here is at least a /8; name your own addresses, or write ["anywhere"]',
  ],
  [
    from("2000::/3"),
    'ssh.allowFrom[0]: "2000::/3" is not allowed: a network here is at least a /19; name your own addresses, or write ["anywhere"]',
  ],
  [
    from("203.0.113.10/32", "anywhere"),
    'ssh.allowFrom[1]: "anywhere" is not allowed: it stands alone, since it covers all else; remove it or the others',
  ],
  [
    from("10.0.0.0/8", "10.1.0.0/16"),
    'ssh.allowFrom[1]: "10.1.0.0/16" is not allowed: it lies within ssh.allowFrom[0]; remove one of the two',
  ],
  [
    from("2001:db8::/64", "2001:0DB8::/64"),
    'ssh.allowFrom[1]: "2001:db8::/64" is not allowed: it lies within ssh.allowFrom[0]; remove one of the two',
  ],
  [
    from(...Array.from({ length: 256 }, (_, at) => `10.0.${at}.0/32`)),
    "ssh.allowFrom: so long a list is not allowed: a rule of the Cloud Firewall holds at most 255 networks; join neighbouring ones into wider ones",
  ],
  [
    { dns: { zone: "example.org" } },
    "dns: either id or email is needed, and not both: the number of a zone that is in the account, or the address for a zone that the stack makes; `linode-cli domains list` shows the numbers",
  ],
  [
    { dns: { zone: "example.org", id: 7, email: "a@example.org" } },
    "dns: either id or email is needed, and not both: the number of a zone that is in the account, or the address for a zone that the stack makes; `linode-cli domains list` shows the numbers",
  ],
  [
    { dns: { zone: "Example.org", id: 7 } },
    'dns.zone: "Example.org" is not allowed: a zone is a domain of yours in lower-case letters; write it like example.org',
  ],
  [
    { dns: { zone: "example.org", id: "7" } },
    "dns.id: a text is not allowed: the number of a zone that is in the account; `linode-cli domains list` shows it",
  ],
  [
    { dns: { zone: "example.org", id: 7, app: "www.shop" } },
    'dns.app: "www.shop" is not allowed: a name is what stands before the zone, one word in lower-case letters, or "@" for the zone itself; write for example www',
  ],
  [
    { dns: { zone: "example.org", id: 7, app: "backup" } },
    'dns.backup: "backup" is not allowed: it is the app server\'s name, too; choose another',
  ],
  [{ network: { private: "vlan" } }, 'network.private: "vlan" is not allowed: write shared or vpc'],
  [
    { network: { subnet: "10.0.0.0/24" } },
    "network.subnet: a subnet is not allowed here: the shared network has one range for all; write private: vpc too, or remove it",
  ],
  [
    { network: { private: "vpc", subnet: "203.0.113.0/24" } },
    'network.subnet: "203.0.113.0/24" is not allowed: a subnet is a private IPv4 network, a /29 or wider, of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16; write it like 10.0.0.0/24',
  ],
  [
    { network: { private: "vpc", subnet: "10.0.0.1/24" } },
    'network.subnet: "10.0.0.1/24" is not allowed: the address has bits beyond its prefix; write "10.0.0.0/24"',
  ],
  [
    { network: { private: "vpc", subnet: "10.0.0.0/30" } },
    'network.subnet: "10.0.0.0/30" is not allowed: a subnet is a private IPv4 network, a /29 or wider; make it wider',
  ],
  [
    { network: { private: "vpc", subnet: "192.168.0.0/16" } },
    'network.subnet: "192.168.0.0/16" is not allowed: 192.168.128.0/17 is the data centre\'s own; choose another, such as 10.0.0.0/24',
  ],
  [
    { tags: "team" },
    "tags: a text is not allowed: the list of tags of all that the stack makes; write for example [team:payments]",
  ],
  [
    { tags: ["ok1", "db"] },
    'tags[1]: "db" is not allowed: a tag is 3 to 50 letters, digits, blanks and . : = / - _, a letter or digit at either end; write for example team:payments',
  ],
  [
    { tags: ["ssh-from-anywhere"] },
    'tags[0]: "ssh-from-anywhere" is not allowed: the stack itself says so where it is the case; choose another tag',
  ],
  [{ replacing: "db" }, 'replacing: "db" is not allowed: write nothing, app or database'],
  [
    { app: { linodeBackups: "yes" } },
    "app.linodeBackups: a text is not allowed: true or false; leave it out for false",
  ],
  [
    { admins: undefined },
    "admins: is missing: the list of at least one person, each with name and keys; write for example [{name: ada, keys: [...]}]",
  ],
  [
    { admins: [] },
    "admins: an empty list is not allowed: the list of at least one person, each with name and keys; write for example [{name: ada, keys: [...]}]",
  ],
  [
    { admins: ["ada"] },
    "admins[0]: a text is not allowed: an object with name and keys; write for example {name: ada, keys: [...]}",
  ],
  [
    { admins: [{ keys: [key] }] },
    "admins[0].name: is missing: the user name of a person; write for example ada",
  ],
  [ada([key], "Ada"), `admins[0].name: "Ada" is not allowed: ${NAMES}`],
  [ada([key], "a".repeat(32)), `admins[0].name: "${"a".repeat(32)}" is not allowed: ${NAMES}`],
  [ada([key], "ada;reboot"), `admins[0].name: "ada;reboot" is not allowed: ${NAMES}`],
  [ada([key], "root"), `admins[0].name: "root" is not allowed: ${SYSTEM}`],
  [ada([key], "sudo"), `admins[0].name: "sudo" is not allowed: ${SYSTEM}`],
  [ada([key], "systemd-network"), `admins[0].name: "systemd-network" is not allowed: ${SYSTEM}`],
  [
    ada([key], "deployer"),
    'admins[0].name: "deployer" is not allowed: it is the automation\'s account; people have accounts of their own, so choose another name',
  ],
  [
    {
      admins: [
        { name: "ada", keys: [key] },
        { name: "ada", keys: [ed25519Line(3)] },
      ],
    },
    'admins[1].name: "ada" is not allowed: it is also the name of admins[0]; put all keys of a person into one entry',
  ],
  [
    { admins: [{ name: "ada", keys: [key], sudo: false }] },
    "admins[0].sudo: is not a setting: admins[0] has name, keys, enrolment, passwordHash, passwordIssue; correct the name or remove it",
  ],
  [
    ada([]),
    "admins[0].keys: an empty list is not allowed: the list of at least one public key; paste the lines of the person's .pub files",
  ],
  [
    ada(key),
    "admins[0].keys: a text is not allowed: the list of at least one public key; paste the lines of the person's .pub files",
  ],
  [ada([7]), "admins[0].keys[0]: 7 is not allowed: a public key; paste the line of a .pub file"],
  [
    ada([rsaLine(2048)]),
    `admins[0].keys[0]: a 2048-bit RSA key is not allowed: ${KEYS}; make a new one with \`ssh-keygen -t ed25519\``,
  ],
  [
    ada([keyLine("ssh-dss", "p")]),
    `admins[0].keys[0]: a DSA key is not allowed: ${KEYS}; make a new one with \`ssh-keygen -t ed25519\``,
  ],
  [
    ada([`from="10.0.0.1" ${key}`]),
    `admins[0].keys[0]: a key with options in front of it is not allowed: ${KEYS}; remove what stands before the key's type; the stack sets \`from=\` itself`,
  ],
  [
    ada([key.slice(0, -4)]),
    `admins[0].keys[0]: a damaged ssh-ed25519 key is not allowed: ${KEYS}; copy the whole line of the .pub file again`,
  ],
  [
    ada([`${key}\n${ed25519Line(3)}`]),
    `admins[0].keys[0]: a text of several lines is not allowed: ${KEYS}; write each key as an item of its own`,
  ],
  [
    ada([ed25519Private(1)]),
    `admins[0].keys[0]: a private key is not allowed: ${KEYS}; give the public half, which \`ssh-keygen -y -f <file>\` prints, and replace the pasted key: it is exposed`,
  ],
  [
    ada([key, `${key} again`]),
    "admins[0].keys[1]: SHA256:fe85JkIjo8VPe+XqXJGH5Mau1EMFdK1OdKvJUFicyA8 is not allowed: it is the same key as admins[0].keys[0]; remove one, and give each holder a key of their own",
  ],
  [
    { deployer: { keys: [key] } },
    "deployer.keys[0]: SHA256:fe85JkIjo8VPe+XqXJGH5Mau1EMFdK1OdKvJUFicyA8 is not allowed: it is the same key as admins[0].keys[0]; remove one, and give each holder a key of their own",
  ],
  [
    { deployer: undefined },
    "deployer: is missing: an object with keys and name; write for example {keys: [...]}",
  ],
  [
    { deployer: { name: "mysql", keys: [ed25519Line(2)] } },
    `deployer.name: "mysql" is not allowed: ${SYSTEM}`,
  ],
  [
    { deployer: { keys: [ed25519Line(2)], privateKey: "x" } },
    "deployer.privateKey: is not a setting: deployer has name, keys; correct the name or remove it",
  ],
  [
    { deployerPrivateKey: { secure: "x" } },
    "deployerPrivateKey: an object is not allowed: the text of a private key; set it with `pulumi config set --secret`, or leave it out to use the SSH agent",
  ],
  [
    { deployerPrivateKey: ed25519Line(2) },
    `deployerPrivateKey: this key is not allowed: ${PRIVATE} is not in OpenSSH's own format; convert it with \`ssh-keygen -p -f <file>\``,
  ],
  [
    { deployerPrivateKey: ed25519Private(2).replace(/\n.{70}\n/, "\n") },
    `deployerPrivateKey: this key is not allowed: ${PRIVATE} is damaged; give the whole file again`,
  ],
  [
    { deployerPrivateKey: ed25519Private(9) },
    "deployerPrivateKey: this key is not allowed: its public half is none of deployer.keys, so no server would let it in; add to deployer.keys what `ssh-keygen -y -f <file>` prints",
  ],
  [
    admin({ enrolment: "2" }),
    "admins[0].enrolment: a text is not allowed: the number of the person's enrolment in two-factor login; raise it by 1 after a lost phone, 0 means not enrolled",
  ],
  ...[-1, 1.5, 10_000].map((enrolment): [object, string] => [
    admin({ enrolment }),
    `admins[0].enrolment: ${enrolment} is not allowed: an enrolment is a whole number; 1 is the first, a higher one replaces it, 0 means not enrolled`,
  ]),
  [
    admin({ passwordIssue: 0 }),
    "admins[0].passwordIssue: 0 is not allowed: an issue is a whole number from 1; a higher one makes a new initial password",
  ],
  ...["secret", "$1$salt$0123456789abcdef012345", "$6$a:b$" + "a".repeat(86)].map(
    (passwordHash): [object, string] => [
      admin({ passwordHash }),
      "admins[0].passwordHash: this hash is not allowed: a crypt(3) hash that begins with $y$, $gy$ or $6$ is allowed; make one with `mkpasswd --method=yescrypt`",
    ],
  ),
  [
    { passwords: { changeAtFirstUse: "yes" } },
    "passwords.changeAtFirstUse: a text is not allowed: true or false; leave it out for true",
  ],
  [
    { twoFactor: { unenrolled: "allow" } },
    'twoFactor.unenrolled: "allow" is not allowed: write refuse or keyOnly',
  ],
  [
    { twoFactor: false },
    "twoFactor: false is not allowed: an object with unenrolled; write for example {unenrolled: refuse}",
  ],
  [
    { clock: { servers: [] } },
    "clock.servers: an empty list is not allowed: the list of at least one time server; leave it out for Debian's pool of servers",
  ],
  ...["", "ntp.example.org"].map((servers): [object, string] => [
    { clock: { servers } },
    `clock.servers: ${servers === "" ? "an empty text" : "a text"} is not allowed: the list of at least one time server; leave it out for Debian's pool of servers`,
  ]),
  ...["ntp example", "-x", "ntp.example.org iburst", "a\nb"].map((name): [object, string] => [
    { clock: { servers: [name] } },
    `clock.servers[0]: ${name.includes("\n") ? "a text of 3 characters" : `"${name}"`} is not allowed: a time server is a host name or an address; write it like ntp.example.org`,
  ]),
  [
    { clock: { servers: Array.from({ length: 9 }, (_, at) => `ntp${at}`) } },
    "clock.servers: so long a list is not allowed: eight time servers are enough; keep the nearest",
  ],
  [{ outbound: { policy: "deny" } }, 'outbound.policy: "deny" is not allowed: write allow or drop'],
  [
    { outbound: { allow: [{ to: ["198.51.100.0/24"], ports: [1] }] } },
    "outbound.allow: such a list is not allowed: outbound.policy is allow, so everything may be reached already; write policy: drop or remove the list",
  ],
  ...[0, 65_536, 2.5].map((port): [object, string] => [
    reach({ to: ["198.51.100.0/24"], ports: [port] }),
    `outbound.allow[0].ports[0]: ${port} is not allowed: a port is a whole number from 1 to 65535`,
  ]),
  [
    reach({ to: ["198.51.100.0/24"], ports: [] }),
    "outbound.allow[0].ports: an empty list is not allowed: the list of at least one port; write for example [6379]",
  ],
  [
    reach({ to: ["198.51.100.1"], ports: [1] }),
    'outbound.allow[0].to[0]: "198.51.100.1" is not allowed: each item is a network in CIDR form; write "198.51.100.1/32"',
  ],
  [
    reach({ to: ["198.51.100.0/24", "198.51.100.1/32"], ports: [1] }),
    'outbound.allow[0].to[1]: "198.51.100.1/32" is not allowed: it lies within outbound.allow[0].to[0]; remove one of the two',
  ],
  [
    reach({ to: ["198.51.100.0/24"], ports: [1], protocol: "icmp" }),
    'outbound.allow[0].protocol: "icmp" is not allowed: write tcp or udp',
  ],
  [
    { alerts: undefined },
    "alerts: is missing: an object with mail, slack or pushover, or with logOnly; write for example {slack: {webhook: ...}}, or {logOnly: true} if nobody is to be told of logins",
  ],
  ...[{}, { logOnly: false }, { whiteList: ["203.0.113.10"] }].map((alerts): [object, string] => [
    { alerts },
    "alerts: nobody would be told of a login: give mail, slack or pushover, or write logOnly: true if you mean it",
  ]),
  [
    { alerts: { logOnly: true, slack: SLACK } },
    "alerts.logOnly: true is not allowed: alerts go to slack; remove one of the two",
  ],
  [
    mail({ password: undefined }),
    "alerts.mail.password: is missing: the password for the SMTP server; set it with `pulumi config set --secret --path alerts.mail.password`",
  ],
  [
    mail({ password: "a\nb" }),
    "alerts.mail.password: this password is not allowed: a password is one line of printable text",
  ],
  ...["smtp.example.org", "smtp.example.org:0", "smtp://smtp.example.org:587"].map(
    (relay): [object, string] => [
      mail({ relay }),
      `alerts.mail.relay: "${relay}" is not allowed: a relay is the name or IPv4 address of an SMTP server, a colon and its port; write it like smtp.example.org:587`,
    ],
  ),
  [
    mail({ tls: "none" }),
    'alerts.mail.tls: "none" is not allowed: write starttls (usual on port 587) or implicit (port 465)',
  ],
  [
    mail({ to: ["Ada <ada@example.org>"] }),
    'alerts.mail.to[0]: "Ada <ada@example.org>" is not allowed: a mail address has the form name@domain; write it without a display name',
  ],
  ...["http://hooks.example.org/x", "https://u:p@hooks.example.org/x", "https://h/x y"].map(
    (webhook): [object, string] => [
      { alerts: { slack: { webhook } } },
      "alerts.slack.webhook: this address is not allowed: a webhook is an https address such as the one that Slack shows for an incoming webhook",
    ],
  ),
  [
    { alerts: { pushover: { token: "short", user: "u".repeat(30) } } },
    "alerts.pushover.token: this token is not allowed: a Pushover token is 30 letters and digits",
  ],
  [
    { alerts: { slack: SLACK, caCertificate: "-----BEGIN CERTIFICATE-----" } },
    "alerts.caCertificate: this text is not allowed: a certificate in PEM is allowed, from -----BEGIN to -----END CERTIFICATE-----",
  ],
  ...["*", "203.0.113.1*", ".*", "203.0.113.0/24", "2001:DB8::1", "2001:db8:10*", "host"].map(
    (pattern): [object, string] => [
      { alerts: { slack: SLACK, whiteList: [pattern] } },
      `alerts.whiteList[0]: "${pattern}" is not allowed: write an address such as "203.0.113.10", or its beginning up to a dot or colon and an asterisk, such as "203.0.113.*" or "2001:db8:10:*", in lower case`,
    ],
  ),
];

describe("one fault", () => {
  it.each(ROWS)("%#: %j is told in one line", (given, line) => {
    expect(faultsOf({ ...goodSettings(), ...given })).toEqual([line]);
  });

  it.each([undefined, null, [], "text", 5])("is told of settings that are %j", (raw) => {
    expect(faultsOf(raw)).toHaveLength(1);
  });
});

describe("many faults", () => {
  it("are told at once, and none hides another", () => {
    const faults = faultsOf({
      region: 1,
      zone: "a",
      app: { type: "x" },
      database: { schema: "App", source: { kind: "archive" } },
      backup: { keep: 0, recipients: [RECIPIENT, RECIPIENT], server: { region: "us-east" } },
      ssh: { allowFrom: ["203.0.113.10", "10.0.0.0/8", "10.0.0.0/9"] },
      admins: [
        { name: "root", keys: ["x"] },
        { name: "ada", keys: [key] },
        { name: "ada", keys: [key] },
      ],
    });
    expect(faults.map((line) => line.split(":")[0])).toEqual([
      "region",
      "app.type",
      "database.schema",
      "backup.keep",
      "ssh.allowFrom[0]",
      "admins[0].name",
      "admins[0].keys[0]",
      "deployer",
      "alerts",
      "zone",
      "ssh.allowFrom[2]",
      "admins[2].name",
      "admins[2].keys[0]",
      "database.source.kind",
      "backup.recipients[1]",
    ]);
  });

  it("stand below a headline that counts them", () => {
    expect(() => parseSettings({})).toThrow(
      /^The settings have 5 faults; nothing was created\.\n {2}- backup: .*\n {2}- ssh: .*\n {2}- admins: .*\n {2}- deployer: .*\n {2}- alerts: .*$/,
    );
  });
});
