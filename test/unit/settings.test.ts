import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { parseSettings, SETTING_NAMES } from "../../components/lib/settings";
import { ed25519Line, ed25519Private } from "./fixtures/keys";
import { faultsOf, goodSettings, OTHER_RECIPIENT, RECIPIENT } from "./fixtures/settings";

const HASH = `$y$j9T$${"a".repeat(22)}$${"b".repeat(43)}`;
const CERTIFICATE = readFileSync(join(__dirname, "fixtures", "authority.pem"), "utf8");

const ROOT = join(__dirname, "..", "..");

interface Declaration {
  type?: string;
  default?: unknown;
  description?: string;
}

function readText(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** The values of a file of the form of `Pulumi.yaml`, the namespace left out of their keys. */
function configOf(text: string): Record<string, unknown> {
  const { config } = parse(text) as { config: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("stronghold:", ""), value]),
  );
}

describe("good settings", () => {
  it("are filled up with the secure defaults", () => {
    expect(parseSettings(goodSettings())).toEqual({
      region: "us-east",
      app: { type: "g6-nanode-1", image: "linode/debian13", linodeBackups: false },
      application: {
        memoryMB: 512,
        tasks: 64,
        certificate: { kind: "authority", issue: 1 },
      },
      database: {
        type: "g6-standard-1",
        image: "linode/debian13",
        linodeBackups: false,
        engine: "mysql",
        source: { kind: "vendor", expired: "refuse" },
        schema: "app",
        passwords: { issue: 1, previous: "keep" },
        certificates: { issue: 1 },
        auditLog: false,
      },
      backup: {
        recipients: [RECIPIENT],
        time: "00:01",
        keep: 7,
        sizeChangePercent: 50,
        logMinutes: 5,
        server: {
          ...{ region: "us-west", type: "g6-nanode-1", image: "linode/debian13" },
          linodeBackups: false,
        },
        vault: { quotaGB: 15, keepDays: 35 },
      },
      ssh: { allowFrom: ["203.0.113.10/32"] },
      admins: [
        { name: "ada", keys: [ed25519Line(1, "ada@laptop")], enrolment: 1, passwordIssue: 1 },
      ],
      deployer: { name: "deployer", keys: [ed25519Line(2)] },
      passwords: { changeAtFirstUse: true },
      twoFactor: { unenrolled: "refuse" },
      clock: { servers: ["2.debian.pool.ntp.org"] },
      network: { private: "shared" },
      outbound: { policy: "allow", allow: [] },
      alerts: { whiteList: [], logOnly: true },
      tags: [],
      replacing: "nothing",
    });
  });

  it("may set everything", () => {
    const all = {
      region: "us-lax",
      app: { type: "g6-standard-2", image: "private/123", linodeBackups: true },
      application: {
        memoryMB: 65536,
        tasks: 4096,
        certificate: { kind: "authority", issue: 3 },
      },
      database: {
        type: "g7-highmem-1",
        image: "linode/debian13",
        linodeBackups: true,
        engine: "mysql",
        source: { kind: "suite", suite: "sid", expired: "accept" },
        schema: "to_dos2",
        passwords: { issue: 4, previous: "retire" },
        certificates: { issue: 2 },
        auditLog: true,
      },
      backup: {
        recipients: [RECIPIENT, OTHER_RECIPIENT],
        time: "23:59",
        keep: 366,
        sizeChangePercent: 1000,
        logMinutes: 60,
        server: {
          ...{ region: "de-fra-2", type: "g6-standard-1", image: "private/7" },
          linodeBackups: true,
        },
        vault: { quotaGB: 4000, keepDays: 3650 },
      },
      ssh: { allowFrom: ["198.51.100.0/24", "2001:db8:10::/48"] },
      admins: [
        {
          name: "ada",
          keys: [ed25519Line(1), ed25519Line(3)],
          enrolment: 2,
          passwordIssue: 3,
          passwordHash: HASH,
        },
        { name: "grace-h", keys: [ed25519Line(4)], enrolment: 0, passwordIssue: 1 },
      ],
      deployer: { name: "robot", keys: [ed25519Line(2)] },
      passwords: { changeAtFirstUse: false },
      twoFactor: { unenrolled: "keyOnly" },
      clock: { servers: ["203.0.113.1", "2001:db8::1", "ntp.example.org"] },
      network: { private: "vpc", subnet: "172.20.0.0/22" },
      outbound: {
        policy: "drop",
        allow: [
          { to: ["198.51.100.0/24", "2001:db8:20::/48"], protocol: "udp", ports: [53, 5353] },
        ],
      },
      alerts: {
        mail: {
          relay: "smtp.example.org:465",
          tls: "implicit",
          user: "alerts",
          password: "pass word",
          from: "stronghold@example.org",
          to: ["ada@example.org", "grace@example.org"],
        },
        slack: { webhook: "https://hooks.example.org/services/T0/B0/x" },
        pushover: {
          token: "a".repeat(30),
          user: "u".repeat(30),
          url: "https://push.example.org:8443/1/messages.json",
        },
        caCertificate: CERTIFICATE,
        whiteList: ["203.0.113.10", "198.51.100.*", "2001:db8::1", "2001:db8:10:*"],
        logOnly: false,
      },
      dns: { zone: "example.org", id: 1234, app: "@", backup: "safe", reverse: false },
      tags: ["team:payments", "Cost centre 7"],
      replacing: "app",
      deployerPrivateKey: ed25519Private(2),
    };
    expect(parseSettings(all)).toEqual(all);
  });

  it("fill in one part of a server when the other is given", () => {
    const { app } = parseSettings({ ...goodSettings(), app: { type: "g6-standard-4" } });
    expect(app).toEqual({
      type: "g6-standard-4",
      image: "linode/debian13",
      linodeBackups: false,
    });
  });

  it("open SSH to every address only if the word is typed out", () => {
    const { ssh } = parseSettings({ ...goodSettings(), ssh: { allowFrom: ["anywhere"] } });
    expect(ssh.allowFrom).toEqual(["0.0.0.0/0", "::/0"]);
  });

  it("come back in canonical spelling", () => {
    const settings = parseSettings({
      ...goodSettings(),
      ssh: { allowFrom: ["2001:DB8:0010:0::/64"] },
      admins: [{ name: "ada", keys: [`  ${ed25519Line(1)}   Ada  L. \n`] }],
      deployerPrivateKey: ed25519Private(2).trim().replaceAll("\n", "\r\n"),
    });
    expect(settings.ssh.allowFrom).toEqual(["2001:db8:10::/64"]);
    expect(settings.admins[0]?.keys).toEqual([`${ed25519Line(1)} Ada L.`]);
    expect(settings.deployerPrivateKey).toBe(ed25519Private(2));
  });
});

describe("the project's files", () => {
  const declared = configOf(readText("Pulumi.yaml")) as Record<string, Declaration>;

  it("describe every setting and no other, each with its type", () => {
    expect(Object.keys(declared).sort()).toEqual([...SETTING_NAMES].sort());
    for (const { type, description } of Object.values(declared)) {
      expect(type).toMatch(/^(string|object|array)$/);
      expect(description).toMatch(/\w/);
    }
  });

  it("give the defaults that the program has", () => {
    const defaults = parseSettings(goodSettings());
    for (const name of [
      ...(["region", "app", "database", "passwords", "twoFactor", "clock"] as const),
      ...(["network", "outbound", "application"] as const),
    ]) {
      expect(declared[name]?.default).toEqual(defaults[name]);
    }
  });

  it("hold a local stack that lacks nothing but the keys and alerts that each cloud has its own of", () => {
    const local = configOf(readText("Pulumi.local.yaml"));
    expect(faultsOf(local).map((line) => line.split(/ is (?:not|missing)/)[0])).toEqual([
      "backup:",
      "admins[0].keys: an empty list",
      "deployer.keys: an empty list",
      "alerts:",
    ]);
    const { admins, deployer, alerts, backup } = goodSettings();
    expect(parseSettings({ ...local, admins, deployer, alerts, backup }).ssh.allowFrom).toEqual([
      "203.0.113.10/32",
      "2001:db8:10::10/128",
    ]);
  });

  it("hold a production stack that cannot come up before it is edited", () => {
    const text = readText("Pulumi.prod.yaml");
    expect(Object.keys(configOf(text))).toEqual(["region"]);
    // With the hashes taken out but the places not filled in, each place is named.
    const uncommented = text.replace(/^ {2}# ( *(?:stronghold:|- |[a-zA-Z]+:))/gm, "  $1");
    expect(faultsOf(configOf(uncommented)).map((line) => line.split(":")[0])).toEqual([
      "application.certificate.email",
      "application.certificate.acceptTerms",
      "application.certificate.names[0]",
      "backup.recipients[0]",
      "ssh.allowFrom[0]",
      "ssh.allowFrom[1]",
      "admins[0].name",
      "admins[0].keys[0]",
      "deployer.keys[0]",
      "alerts.mail.relay",
      "alerts.mail.password",
      "alerts.mail.from",
      "alerts.mail.to[0]",
    ]);
  });
});
