/**
 * Secrets stay where they belong: the real ones of a live cloud are looked for wherever they could leak.
 *
 * It does not look into the memory of processes, nor into the state of an engine, which holds them by
 * design (mode 600, or encrypted).
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import type { DatabaseAccess, Enrolments } from "../../components/lib/outputs-contract";
import { ROLES } from "../../components/lib/roles";
import { innerOf, leaksIn, WRITTEN_DOWN } from "../canaries";
import { commandLines } from "../machine-view";
import { ROOT, type TestCloud } from "./cloud";

const HOSTS = ["app", "db", "backup"];

export function describeSecrets(cloud: TestCloud): void {
  /** All that `up` printed, and every command line that was seen while it ran. */
  let seen = "";
  let secrets = new Map<string, string>();

  beforeAll(async () => {
    const words = ["--import", "tsx", "scripts/local.ts", "up", "--engine", "embedded"];
    const child = spawn(process.execPath, words, { cwd: ROOT, env: cloud.env });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    }
    const lines = new Set<string>();
    const watch = setInterval(() => {
      for (const line of commandLines()) lines.add(line);
    }, 20);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(watch);
    if (code !== 0) throw new Error(`up failed:\n${seen}`);
    seen += [...lines].join("\n");
    secrets = findSecrets();
  }, 1200_000);

  function findSecrets(): Map<string, string> {
    const found = new Map<string, string>();
    for (const host of HOSTS) {
      const { stdout } = cloud.run(["console", host, "--", "cat", "/etc/ssh/ssh_host_ed25519_key"]);
      found.set(`${host}'s host key`, innerOf(stdout));
    }
    for (const name of ["ada", "deployer"]) {
      found.set(
        `${name}'s key`,
        innerOf(readFileSync(join(cloud.paths.operatorDir, `${name}_ed25519`), "utf8")),
      );
    }
    const state = JSON.parse(
      readFileSync(join(cloud.paths.stateDir, "runner/local.json"), "utf8"),
    ) as { resources: { type: string; inputs: { rootPass?: { value: string } } }[] };
    for (const { inputs } of state.resources) {
      if (inputs.rootPass) found.set(`root password ${found.size - 4}`, inputs.rootPass.value);
    }
    const { enrolments, databaseAccess } = cloud.status("--show-secrets").outputs as {
      enrolments: Enrolments;
      databaseAccess: DatabaseAccess;
    };
    found.set("the application's password", databaseAccess.application.password);
    found.set("the deployment's password", databaseAccess.deployment.password);
    for (const role of ROLES) {
      const { password = "", secret = "", scratchCodes = [] } = enrolments[role]["ada"] ?? {};
      found.set(`ada's password on ${role}`, password);
      found.set(`ada's TOTP secret on ${role}`, secret);
      scratchCodes.forEach((code, index) =>
        found.set(`scratch code ${index + 1} on ${role}`, code),
      );
    }
    return found;
  }

  const leaks = (text: string): string[] => leaksIn(text, secrets);

  describe("a secret of the stack", () => {
    it("is known to this test: it would find it", () => {
      expect([...secrets.keys()]).toEqual([
        "app's host key",
        "db's host key",
        "backup's host key",
        "ada's key",
        "deployer's key",
        "root password 1",
        "root password 2",
        "root password 3",
        "the application's password",
        "the deployment's password",
        ...ROLES.flatMap((role) => [
          `ada's password on ${role}`,
          `ada's TOTP secret on ${role}`,
          ...[1, 2, 3, 4, 5].map((number) => `scratch code ${number} on ${role}`),
        ]),
      ]);
      expect([...secrets.values()].every((secret) => secret.length >= 8)).toBe(true);
    });

    it("is not printed by up, and in no command line while it runs", () => {
      expect(seen).toContain("created");
      expect(seen).toContain("driver apply ssh");
      expect(leaks(seen)).toEqual([]);
    });

    it("is in no log and not in the API's state", () => {
      const { stateDir } = cloud.paths;
      const files = ["daemon.log", "api.json", "daemon.json"].map((name) => join(stateDir, name));
      const consoles = readdirSync(join(stateDir, "machines")).map((id) =>
        join(stateDir, "machines", id, "console.log"),
      );
      for (const file of [...files, ...consoles]) {
        expect({ file, leaks: leaks(readFileSync(file, "utf8")) }).toEqual({ file, leaks: [] });
      }
    });

    it.each(HOSTS)("is in no journal, history or first-boot data on %s", (host) => {
      const { stdout } = cloud.run(["console", host, "--", "bash", "-c", WRITTEN_DOWN]);
      expect(leaks(stdout)).toEqual([]);
    });

    it("is readable by root alone where it has to be kept", () => {
      const { stateDir, operatorDir } = cloud.paths;
      const files = [
        join(stateDir, "runner/local.json"),
        join(operatorDir, "deployer_ed25519"),
        join(operatorDir, "ada_ed25519"),
        join(operatorDir, "outputs.json"),
        join(stateDir, "token"),
      ];
      expect(files.map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual(
        files.map(() => "600"),
      );
      expect((statSync(stateDir).mode & 0o777).toString(8)).toBe("700");
    });
  });
}
