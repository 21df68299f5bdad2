/** What a Linode and its outer wall are made of, and what a later change may do to them. */
import { parse } from "yaml";

import { keyPairFromSeed } from "../../components/lib/ssh-key-pairs";
import { DEPLOYER_KEY, recordEnvironment, revealed } from "./environment-fixture";
import { type Recording, seedOf } from "./recorder";

let recording: Recording;
beforeAll(async () => {
  recording = await recordEnvironment();
});

describe("the Cloud Firewall", () => {
  it("of the app server lets in the operator's SSH and everybody's web, and drops the rest", () => {
    expect(recording.get("environment-app-wall-rules").inputs).toEqual({
      label: "stronghold-test-app",
      tags: ["stronghold", "stronghold-test", "app"],
      inboundPolicy: "DROP",
      outboundPolicy: "ACCEPT",
      inbounds: [
        {
          label: "ssh",
          action: "ACCEPT",
          protocol: "TCP",
          ports: "22",
          ipv4s: ["203.0.113.10/32"],
          ipv6s: ["2001:db8:10::10/128"],
        },
        {
          label: "http",
          action: "ACCEPT",
          protocol: "TCP",
          ports: "80",
          ipv4s: ["0.0.0.0/0"],
          ipv6s: ["::/0"],
        },
        {
          label: "https",
          action: "ACCEPT",
          protocol: "TCP",
          ports: "443",
          ipv4s: ["0.0.0.0/0"],
          ipv6s: ["::/0"],
        },
        {
          label: "icmp",
          action: "ACCEPT",
          protocol: "ICMP",
          ipv4s: ["203.0.113.10/32"],
          ipv6s: ["::/0"],
        },
      ],
    });
  });

  it("of the database server lets in the app server's private address, and drops the rest", () => {
    const ipv4s = ["192.168.129.101/32"];
    expect(recording.get("environment-database-wall-rules").inputs).toEqual({
      label: "stronghold-test-db",
      tags: ["stronghold", "stronghold-test", "database"],
      inboundPolicy: "DROP",
      outboundPolicy: "ACCEPT",
      inbounds: [
        { label: "ssh-from-app", action: "ACCEPT", protocol: "TCP", ports: "22", ipv4s },
        { label: "mysql-from-app", action: "ACCEPT", protocol: "TCP", ports: "3306", ipv4s },
        { label: "icmp", action: "ACCEPT", protocol: "ICMP", ipv4s, ipv6s: ["::/0"] },
      ],
    });
  });
});

describe.each([
  ["app", "app", "g6-nanode-1", 1001, "us-east"],
  ["database", "db", "g6-standard-1", 2001, "us-east"],
  ["backup", "backup", "g6-nanode-1", 3001, "us-west"],
])("the %s server", (role, shortName, type, firewallId, region) => {
  const name = `environment-${role}-instance`;

  it("is exactly this, its root password and first-boot data secret", () => {
    expect(recording.get(name).inputs).toEqual({
      label: `stronghold-test-${shortName}`,
      tags: ["stronghold", "stronghold-test", role],
      region,
      type,
      image: "linode/debian13",
      backupsEnabled: false,
      firewallId,
      rootPass: { secret: `canary-password-of-environment-${role}-credentials-root-password` },
      metadatas: [{ userData: { secret: expect.any(String) as string } }],
      privateIp: role !== "backup",
      diskEncryption: "enabled",
      booted: true,
    });
  });

  it("gets its wall at birth, not afterwards", () => {
    expect(recording.get(name).dependencies).toContain(`environment-${role}-wall-rules`);
    expect(recording.get(`environment-${role}-wall-rules`).inputs).not.toHaveProperty("linodes");
  });

  it("boots with the first pair of keys alone, and nothing that lasts", () => {
    const [metadata] = recording.get(name).inputs["metadatas"] as { userData: unknown }[];
    const text = Buffer.from(revealed(metadata?.userData) as string, "base64").toString();
    const pair = (key: string): ReturnType<typeof keyPairFromSeed> =>
      keyPairFromSeed(seedOf(`environment-${role}-credentials-${key}`));
    const data = parse(text) as {
      ssh_keys: object;
      users: { name: string; ssh_authorized_keys: string[] }[];
    };
    expect(text).toMatch(/^#cloud-config\n/);
    expect(data.ssh_keys).toEqual({
      ed25519_private: pair("first-host-key").privateKey,
      ed25519_public: `${pair("first-host-key").publicKey}\n`,
    });
    expect(data.users).toMatchObject([
      { name: "deployer", ssh_authorized_keys: [pair("first-login-key").publicKey, DEPLOYER_KEY] },
    ]);
    const lasting = pair("host-key").privateKey.split("\n")[3] ?? "";
    for (const secret of [lasting, "canary-password-of-"]) expect(text).not.toContain(secret);
  });

  it("is not replaced by a change of what matters at birth only, and never moved", () => {
    expect(recording.get(name)).toMatchObject({
      ignoreChanges: ["metadatas", "rootPass"],
      replaceOnChanges: ["region", "privateIp", "interfaces"],
      deleteBeforeReplace: true,
    });
  });

  it(role === "app" ? "may be replaced" : "is protected against deletion", () => {
    expect(recording.get(name).protect).toBe(role !== "app");
  });
});

describe("settings of a server", () => {
  it("reach it and no other", async () => {
    const changed = await recordEnvironment({
      region: "de-fra-2",
      database: { type: "g6-dedicated-8", image: "private/77", linodeBackups: true },
      tags: ["team:payments", "stronghold"],
    });
    expect(changed.get("environment-app-instance").inputs).toMatchObject({
      region: "de-fra-2",
      type: "g6-nanode-1",
      image: "linode/debian13",
    });
    expect(changed.get("environment-database-instance").inputs).toMatchObject({
      region: "de-fra-2",
      type: "g6-dedicated-8",
      image: "private/77",
      backupsEnabled: true,
    });
    const tags = ["stronghold", "stronghold-test", "app", "team:payments"];
    for (const resource of ["instance", "wall-rules"]) {
      expect(changed.get(`environment-app-${resource}`).inputs["tags"]).toEqual(tags);
    }
  });
});
