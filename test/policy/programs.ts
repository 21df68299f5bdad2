/**
 * For each rule of the policy pack a program that it lets pass and programs that it does not.
 *
 * The same programs go past the rules themselves and, where the Pulumi CLI is, past the pack in it.
 */
import * as command from "@pulumi/command";
import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";

/** Declares one resource of that name. */
type Program = (name: string) => void;

export interface Case {
  /** The rule that it is about. */
  rule: string;
  what: string;
  program: Program;
  /** What the rule says of it; nothing if it passes. */
  faults: string[];
}

/** The tags of the stack and of these roles or marks. */
function tagsOf(words: readonly string[]): string[] {
  const project = pulumi.getProject();
  return [project, `${project}-${pulumi.getStack()}`, ...words];
}

/** A server that every rule lets pass, with what the case makes of it. */
function server(
  over: Partial<linode.InstanceArgs> = {},
  opts: pulumi.CustomResourceOptions = {},
  role = "app",
): Program {
  return (name) => {
    const args: linode.InstanceArgs = {
      label: name,
      tags: tagsOf([role]),
      region: "us-east",
      type: "g6-nanode-1",
      image: "linode/debian13",
      firewallId: 1,
      diskEncryption: "enabled",
      ...over,
    };
    new linode.Instance(name, args, opts);
  };
}

function database(over: Partial<linode.InstanceArgs>, opts: pulumi.CustomResourceOptions): Program {
  return server(over, opts, "database");
}

function wall(over: Partial<linode.FirewallArgs> = {}, ...marks: string[]): Program {
  return (name) => {
    const tags = tagsOf(["app", ...marks]);
    const policies = { inboundPolicy: "DROP", outboundPolicy: "ACCEPT" };
    new linode.Firewall(name, { label: name, tags, ...policies, ...over });
  };
}

const open = (ports: string | undefined, ipv4s: string[], ipv6s: string[] = []) => ({
  inbounds: [
    {
      label: "open",
      action: "ACCEPT",
      protocol: "TCP",
      ...(ports === undefined ? {} : { ports }),
      ipv4s,
      ...(ipv6s.length > 0 ? { ipv6s } : {}),
    },
  ],
});

const END = { host: "203.0.113.1", user: "deployer", hostKey: "ssh-ed25519 AAAA" };
const NOBODY = { host: "203.0.113.1", user: "deployer" };

function step(over: Partial<command.remote.CommandArgs> = {}): Program {
  return (name) => {
    new command.remote.Command(name, { connection: END, create: "true", ...over });
  };
}

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----";

const ROWS: [rule: string, what: string, program: Program, faults?: string[]][] = [
  ["server-behind-firewall", "a server with a firewall", server()],
  [
    "server-behind-firewall",
    "a server without one",
    server({ firewallId: undefined }),
    ["it has no firewallId"],
  ],
  ["disk-encrypted", "an encrypted disk", server()],
  [
    "disk-encrypted",
    "a disk in clear",
    server({ diskEncryption: "disabled" }),
    ["its disks are not said to be encrypted"],
  ],
  ["data-protected", "a protected database", database({}, { protect: true })],
  ["data-protected", "an app server, which holds nothing", server()],
  ["data-protected", "an open database", database({}, {}), ["it is not protected"]],
  ["data-protected", "an open backup server", server({}, {}, "backup"), ["it is not protected"]],
  [
    "data-not-replaced",
    "a database whose birth is over",
    database(
      { authorizedKeys: ["ssh-ed25519 AAAA"] },
      { protect: true, ignoreChanges: ["authorizedKeys"] },
    ),
  ],
  [
    "data-not-replaced",
    "a database that a key would make anew",
    database({ authorizedKeys: ["ssh-ed25519 AAAA"] }, { protect: true }),
    ["a change of its authorizedKeys would make it anew"],
  ],
  ["labels-and-tags", "a server with all", server()],
  ["labels-and-tags", "a wall with all", wall()],
  [
    "labels-and-tags",
    "a server without any",
    server({ label: undefined, tags: [] }),
    [
      "it has no label",
      "it lacks the tag <project>",
      "it lacks the tag <project>-<stack>",
      "no tag says its role",
    ],
  ],
  ["labels-and-tags", "a wall of two roles", wall({}, "backup"), ["no tag says its role"]],
  ["wall-drops-the-rest", "a wall that drops", wall()],
  [
    "wall-drops-the-rest",
    "a wall that does not, and is disabled",
    wall({ inboundPolicy: "ACCEPT", disabled: true }),
    ["it lets in what no rule names", "it is disabled"],
  ],
  ["mysql-not-public", "MySQL for a private address", wall(open("3306", ["192.168.129.1/32"]))],
  ["mysql-not-public", "the web for all", wall(open("80, 443", ["0.0.0.0/0"], ["::/0"]))],
  [
    "mysql-not-public",
    "MySQL for all",
    wall(open("3306", ["0.0.0.0/0"], ["::/0"])),
    ["it opens MySQL to 0.0.0.0/0", "it opens MySQL to ::/0"],
  ],
  [
    "mysql-not-public",
    "its other port within a range",
    wall(open("80, 33000-34000", ["198.51.100.0/24"])),
    ["it opens MySQL to 198.51.100.0/24"],
  ],
  [
    "mysql-not-public",
    "MySQL for the whole data centre",
    wall(open("3306", ["192.168.128.0/17"])),
    ["it opens MySQL to 192.168.128.0/17"],
  ],
  [
    "mysql-not-public",
    "an address that only looks private",
    wall(open("3306", ["172.32.0.1/32"])),
    ["it opens MySQL to 172.32.0.1/32"],
  ],
  ["ssh-not-from-anywhere", "SSH for an office", wall(open("22", ["203.0.113.0/24"]))],
  [
    "ssh-not-from-anywhere",
    "SSH for all, typed out",
    wall(open("22", ["0.0.0.0/0"]), "ssh-from-anywhere"),
  ],
  [
    "ssh-not-from-anywhere",
    "SSH for all",
    wall(open("22", ["0.0.0.0/0"], ["::/0"])),
    ["it opens SSH to 0.0.0.0/0", "it opens SSH to ::/0"],
  ],
  [
    "ssh-not-from-anywhere",
    "SSH for all in two halves",
    wall(open("20-25", ["0.0.0.0/1", "128.0.0.0/1"])),
    ["it opens SSH to 0.0.0.0/1", "it opens SSH to 128.0.0.0/1"],
  ],
  [
    "ssh-not-from-anywhere",
    "every port for all",
    wall(open(undefined, ["0.0.0.0/0"])),
    ["it opens SSH to 0.0.0.0/0"],
  ],
  ["host-keys-verified", "a verified connection", step({ connection: { ...END, proxy: END } })],
  [
    "host-keys-verified",
    "a connection to anybody",
    step({ connection: NOBODY }),
    ["it does not verify the server"],
  ],
  [
    "host-keys-verified",
    "a connection through anybody",
    step({ connection: { ...END, proxy: NOBODY } }),
    ["it does not verify the server on the way"],
  ],
  ["secrets-on-stdin", "a secret on stdin", step({ stdin: pulumi.secret(KEY) })],
  [
    "secrets-on-stdin",
    "a secret in a command",
    step({ update: `echo '${KEY}' > key` }),
    ["a secret stands in its update"],
  ],
  [
    "secrets-on-stdin",
    "an environment",
    step({ environment: { LANG: "C" } }),
    ["it hands over an environment"],
  ],
];

export const CASES: readonly Case[] = ROWS.map(([rule, what, program, faults = []]) => ({
  rule,
  what,
  program,
  faults,
}));

/** What no program may show: it stands in the plain programs, and is looked for in all that is printed. */
export const CANARY = "canary-4b7e91";

/** Programs that give in clear what opens a server. */
export const PLAIN: readonly Program[] = [
  server({ metadatas: [{ userData: CANARY }] }),
  step({ stdin: `USER=ada\nPASSWORD_B64=${CANARY}\n` }),
];
