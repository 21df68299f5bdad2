/** What an inventory makes of what servers tell; that they tell it rightly is the host layer's. */
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";

import { renderCycloneDx } from "../../scripts/audit/cyclonedx";
import { assetsIn, type Inventory, renderInventory } from "../../scripts/audit/inventory";

const TOLD = [
  "system\tDebian GNU/Linux 13 (trixie)\tdebian\t13\t6.12.0",
  "package\tlibstdc++6\t14.2.0-19\tamd64\t",
  "package\topenssl\t3.5.1-1\tamd64\t3.5.1-1+deb13u1",
  "lists\t2026-11-29T03:30:00Z",
  "port\ttcp\t203.0.113.101\t22\tsshd",
  "account\tada\t1001\t/bin/bash\tada,ssh-users\tset",
  "key\tada\tED25519\t256\tSHA256:abc\tada@laptop\t2026-11-01T00:00:00Z",
  "certificate\t/etc/mysql/server.pem\tCN=192.168.129.11\t2027-11-01T00:00:00Z",
  "backup\tfull-1.age\t1000\t2026-11-28T00:01:00Z",
  "backup\tfull-2.age\t1100\t2026-11-29T00:01:00Z",
  "hologram\tof a later version",
  "",
].join("\n");

const INVENTORY: Inventory = {
  inventoryVersion: 1,
  stack: 'the stack "prod"',
  time: "2026-11-29T15:00:00.000Z",
  servers: [
    {
      role: "database",
      label: "shop-db",
      addresses: ["203.0.113.101", "192.168.129.11"],
      assets: assetsIn(TOLD),
    },
  ],
};

it("knows every kind by its fields, and passes over what it does not know", () => {
  const { system, package: packages, port, account, key, certificate, backup } = assetsIn(TOLD);
  expect(system).toEqual([
    { name: "Debian GNU/Linux 13 (trixie)", id: "debian", version: "13", kernel: "6.12.0" },
  ]);
  expect(packages.map(({ name, securityUpdate }) => [name, securityUpdate])).toEqual([
    ["libstdc++6", ""],
    ["openssl", "3.5.1-1+deb13u1"],
  ]);
  expect(port[0]).toEqual({
    protocol: "tcp",
    address: "203.0.113.101",
    port: "22",
    program: "sshd",
  });
  expect(account[0]).toMatchObject({ name: "ada", groups: "ada,ssh-users", password: "set" });
  expect(key[0]).toMatchObject({ holder: "ada@laptop", since: "2026-11-01T00:00:00Z" });
  expect(certificate[0]?.until).toBe("2027-11-01T00:00:00Z");
  expect(backup).toHaveLength(2);
});

it("tells people first what waits for them", () => {
  const text = renderInventory(INVENTORY);
  expect(text).toContain("db: shop-db, Debian GNU/Linux 13 (trixie), kernel 6.12.0");
  expect(text).toContain("2, 1 wait for a security update (lists of 2026-11-29T03:30:00Z)");
  expect(text).toContain("openssl 3.5.1-1 -> 3.5.1-1+deb13u1");
  expect(text).toContain("ada: ED25519 256 ada@laptop, since 2026-11-01T00:00:00Z");
  expect(text).toContain("2, the newest of 2026-11-29T00:01:00Z");
});

it("is a bill of materials that CycloneDX's own schema accepts", async () => {
  const text = renderCycloneDx(INVENTORY);
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  expect(await validator.validate(text)).toBeNull();
  const { components } = JSON.parse(text) as {
    components: { name: string; components: { name: string; purl?: string }[] }[];
  };
  expect(components.map(({ name }) => name)).toEqual(["shop-db"]);
  expect(components[0]?.components.map(({ purl }) => purl).filter(Boolean)).toEqual([
    "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64&distro=debian-13",
    "pkg:deb/debian/openssl@3.5.1-1?arch=amd64&distro=debian-13",
  ]);
  expect(text).toContain("3.5.1-1+deb13u1");
});
