/**
 * What SSH shows and lets pass besides logins: host keys, algorithms, forwarding.
 *
 * Proves G01, G05 and G06 by real clients. Who gets in is attack.test.ts's.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { vantageCommand } from "../../local/machines/vantage";
import { sshAudit } from "../ssh-audit";
import type { TestCloud } from "./cloud";

export function describeAccess(cloud: TestCloud): void {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-access-"));
  let app: { id: number; publicIPv4: string };
  let database: { privateIPv4: string };
  let backup: { publicIPv4: string };

  beforeAll(() => {
    ({ app, database, backup } = cloud.status().outputs as {
      app: typeof app;
      database: typeof database;
      backup: typeof backup;
    });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** As automation, which needs no second factor; exit 255 is ssh's own refusal. */
  function ssh(knownHosts: string, ...words: string[]): number {
    const options = ["IdentityAgent=none", "BatchMode=yes", "StrictHostKeyChecking=yes"];
    return cloud.from(
      "operator",
      ...["ssh", "-F", "none", "-i", join(cloud.paths.operatorDir, "deployer_ed25519")],
      ...[...options, `UserKnownHostsFile=${knownHosts}`].flatMap((option) => ["-o", option]),
      ...[`deployer@${app.publicIPv4}`, ...words],
    ).code;
  }

  it("no private key of a person lies on a server", () => {
    const words = ["grep", "-rlE", "^-----BEGIN [A-Z ]*PRIVATE KEY", "/home", "/root", "/tmp"];
    for (const host of ["app", "db", "backup"]) {
      expect(cloud.run(["console", host, "--", ...words]).stdout).toBe("");
    }
  });

  describe("verifying the host key", () => {
    it("refuses a host whose key is not the one in known_hosts", () => {
      const foreign = join(folder, "foreign");
      spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", foreign]);
      const wrong = join(folder, "known_hosts");
      writeFileSync(wrong, `${app.publicIPv4} ${readFileSync(`${foreign}.pub`, "utf8")}`);
      expect(ssh(cloud.paths.knownHosts, "true")).toBe(0);
      expect(ssh(wrong, "true")).toBe(255);
    });

    it("finds one host key, and not the one of the first boot", () => {
      for (const host of ["app", "db", "backup"]) {
        const keys = cloud.run(["console", host, "--", "ls", "/etc/ssh"]).stdout;
        expect(keys.match(/ssh_host_\w+_key\.pub/g)).toEqual(["ssh_host_ed25519_key.pub"]);
      }
      const scanned = cloud.from("operator", "ssh-keyscan", "-T", "30", app.publicIPv4).stdout;
      const [, ...key] = scanned.trim().split(" ");
      // Nothing would be part of anything.
      expect(key).toHaveLength(2);
      expect(readFileSync(cloud.paths.knownHosts, "utf8")).toContain(key.join(" "));
    });
  });

  it.each([
    ["the app server, from outside", () => "operator" as const, () => app.publicIPv4],
    ["the database server, from the app server", () => app.id, () => database.privateIPv4],
    ["the backup server, from outside", () => "operator" as const, () => backup.publicIPv4],
  ])("ssh-audit finds no failure and no warning at %s", (_, place, address) => {
    const findings = sshAudit(vantageCommand(cloud.paths.cloudId, place()), address());
    expect(findings).toMatchObject({ fail: [], warn: [] });
  });

  describe("moving on from the app server", () => {
    it.each([
      ["the database server's SSH", () => `${database.privateIPv4}:22`, 0],
      ["the database itself", () => `${database.privateIPv4}:3306`, 255],
      ["the app server itself", () => "127.0.0.1:22", 255],
      ["the world", () => "203.0.113.66:22", 255],
    ])("forwarding to %s", (_, target, code) => {
      expect(ssh(cloud.paths.knownHosts, "-W", target())).toBe(code);
    });
  });
}
