/**
 * The same program on the real engine with the real providers, against the local cloud.
 *
 * Proves what the embedded runner cannot: that the vendor's own code agrees with the program and with
 * the local API. It skips where no Pulumi CLI is on PATH.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type Enrolments, MASKED, outputFaults } from "../../components/lib/outputs-contract";
import { CONTROL_PLAN } from "../../components/lib/control-plan";
import { vantageCommand } from "../../local/machines/vantage";
import { attempt } from "../e2e/attempt";
import { TestCloud } from "../e2e/cloud";
import { settingsFile } from "../e2e/settings";
import { traces } from "../machine-view";
import { nothing, pulumiOf, stateFile } from "./local-engine";

const cloud = new TestCloud("engine");

const { pulumi, destroyAll } = pulumiOf(cloud);
const ids = (): number[] => cloud.status().machines.map(({ id }) => id);

/** The steps that a changed connection repeats, on all servers: the bundle and the controls. */
const STEPS = Object.values(CONTROL_PLAN)
  .map((plan) => 1 + plan.length + plan.filter(({ confirmed }) => confirmed).length)
  .reduce((sum, steps) => sum + steps);

/** A component, a password, a secret and scratch codes, on each of the three servers. */
const CREDENTIALS_OF_A_PERSON = 12;

beforeAll(() => {
  cloud.down();
}, 60_000);

afterAll(() => {
  cloud.down();
}, 60_000);

describe("the real engine", () => {
  it("stands the environment up", () => {
    const report = cloud.up("--engine", "pulumi");
    expect(report).toMatchObject({ engine: "pulumi", updated: 0, deleted: 0 });
    expect(cloud.login("db").code).toBe(0);
  }, 300_000);

  it("changes nothing in a second up, a preview and a refresh", async () => {
    expect(cloud.up("--engine", "pulumi")).toMatchObject(nothing);
    const pack = ["--policy-pack", join(cloud.paths.projectDir, "policy")];
    expect(await pulumi("preview", "--expect-no-changes", ...pack)).toMatchObject(nothing);
    expect(await pulumi("refresh", "--expect-no-changes")).toMatchObject(nothing);
  }, 300_000);

  it("lets a new admin in, in place, and takes the access of a removed one away", async () => {
    const before = ids();
    const file = settingsFile((config) => {
      config["stronghold:admins"].push({ name: "grace", keys: [] });
    });
    const report = cloud.up("--engine", "pulumi", "--settings", file);
    expect(report).toMatchObject({ created: CREDENTIALS_OF_A_PERSON, deleted: 0 });
    expect(cloud.run(["console", "app", "--", "id", "-nG", "grace"]).stdout).toContain("ssh-users");
    const { enrolments } = cloud.status("--show-secrets").outputs as { enrolments: Enrolments };
    const scratchCodes = [...(enrolments.app["grace"]?.scratchCodes ?? [])];
    const asGrace = (): Promise<string> =>
      attempt(vantageCommand(cloud.paths.cloudId, "operator"), {
        user: "grace",
        address: (cloud.status().outputs["app"] as { publicIPv4: string }).publicIPv4,
        key: join(cloud.paths.operatorDir, "grace_ed25519"),
        answers: [scratchCodes.pop() ?? ""],
      });
    expect(await asGrace()).toBe("in");
    expect(cloud.up("--engine", "pulumi")).toMatchObject({
      created: 0,
      deleted: CREDENTIALS_OF_A_PERSON,
    });
    expect(await asGrace()).toBe("refused");
    for (const host of ["app", "db", "backup"]) {
      const groups = cloud.run(["console", host, "--", "id", "-nG", "grace"]).stdout;
      expect([host, groups]).not.toEqual([host, expect.stringContaining("ssh-users")]);
    }
    expect(ids()).toEqual(before);
  }, 600_000);

  it("refuses an edit that would replace the servers, before anything happens", () => {
    const before = ids();
    const file = settingsFile((config) => {
      config["stronghold:region"] = "eu-west";
    });
    expect(() => cloud.up("--engine", "pulumi", "--settings", file)).toThrow(
      /unable to replace resource .*environment-database-instance/,
    );
    expect(ids()).toEqual(before);
    expect(cloud.up("--engine", "pulumi")).toMatchObject(nothing);
  }, 300_000);

  it("takes the deployer's key from the settings, and keeps it out of sight", () => {
    const key = readFileSync(join(cloud.paths.operatorDir, "deployer_ed25519"), "utf8");
    const file = settingsFile((config) => {
      config["stronghold:deployerPrivateKey"] = key;
    });
    const report = cloud.up("--engine", "pulumi", "--settings", file);
    // Every step but the hand-overs, which are over for good.
    expect(report).toMatchObject({ created: 0, updated: STEPS, deleted: 0 });
  }, 300_000);

  it("restricts what goes out in place, on both walls, without drift", async () => {
    const before = ids();
    const file = settingsFile((config) => {
      // The local cloud's way to the package archive, which on a real server is plain HTTPS.
      const archive = { to: ["203.0.113.1/32"], ports: [3142] };
      config["stronghold:outbound"] = { policy: "drop", allow: [archive] };
    });
    const report = cloud.up("--engine", "pulumi", "--settings", file);
    expect(report).toMatchObject({ created: 0, deleted: 0 });
    expect(ids()).toEqual(before);
    expect(await pulumi("refresh", "--expect-no-changes")).toMatchObject(nothing);
    expect(cloud.run(["console", "db", "--", "iptables", "-S", "OUTPUT"]).stdout).toContain(
      "-P OUTPUT DROP",
    );
    expect(cloud.login("db").code).toBe(0);
    cloud.up("--engine", "pulumi");
  }, 300_000);

  it("keeps the contract of its outputs, and masks two of them", () => {
    expect(outputFaults(cloud.status("--show-secrets").outputs)).toEqual([]);
    const { outputs } = cloud.status();
    expect(outputFaults(outputs)).toEqual([]);
    const masked = Object.entries(outputs).filter(([, value]) => value === MASKED);
    expect(masked.map(([name]) => name).sort()).toEqual(["databaseAccess", "enrolments"]);
  }, 60_000);

  it("keeps secrets out of its state", () => {
    const text = readFileSync(stateFile(cloud), "utf8");
    expect(text).toContain("linode:index/instance:Instance");
    const deployer = readFileSync(join(cloud.paths.operatorDir, "deployer_ed25519"), "utf8");
    const { enrolments } = cloud.status("--show-secrets").outputs as { enrolments: Enrolments };
    const people = Object.values(enrolments).flatMap((all) =>
      Object.values(all).flatMap(({ secret = "", scratchCodes = [], password = "" }) => [
        ["a TOTP secret", secret] as const,
        ["a password", password.replace(/[.+]/g, "\\$&")] as const,
        ...scratchCodes.map((code) => ["a scratch code", code] as const),
      ]),
    );
    expect(people).toHaveLength(21);
    const secrets: [string, RegExp][] = [
      ["a private key", /BEGIN OPENSSH PRIVATE KEY-----\\+n[\w+/]{20}/],
      ["a private key in base64", /LS0tLS1CRUdJTiBPUEVOU1NI/],
      ["the deployer's key", new RegExp((deployer.split("\n")[2] ?? "").replace(/\+/g, "\\+"))],
      ["first-boot data", /"userData":"/],
      ["a root password", /"rootPass":"/],
      ...people.map(([what, secret]): [string, RegExp] => [what, new RegExp(`"${secret}"`)]),
    ];
    // Named, not shown: a failing test must not print the state.
    expect(secrets.filter(([, pattern]) => pattern.test(text)).map(([what]) => what)).toEqual([]);
  });

  it("destroys everything once they are released", async () => {
    await destroyAll();
    expect(ids()).toEqual([]);
    cloud.down();
    expect(traces(cloud.paths)).toEqual([]);
  }, 120_000);
});
