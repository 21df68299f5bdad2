/**
 * The life of a local cloud: up, up again, a changed setting, a crash, a neighbour, down.
 *
 * Proves G17 on the embedded runner; the same on the real engine is test/engine's.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Enrolments } from "../../components/lib/outputs-contract";
import { CONTROL_PLAN } from "../../components/lib/control-plan";
import { runningDaemon } from "../../local/cli/daemon-control";
import { vantageCommand } from "../../local/machines/vantage";
import { machineNetwork, traces } from "../machine-view";
import { attempt } from "./attempt";
import { TestCloud } from "./cloud";
import { settingsFile } from "./settings";

const cloud = new TestCloud("lifecycle");
/** The steps that a changed connection repeats, on all servers: the bundle and the controls. */
const STEPS = Object.values(CONTROL_PLAN)
  .map((plan) => 1 + plan.length + plan.filter(({ confirmed }) => confirmed).length)
  .reduce((sum, steps) => sum + steps);

/** A password, a secret and scratch codes on each of the three servers; this engine counts no components. */
const CREDENTIALS_OF_A_PERSON = 9;
const machineBefore = machineNetwork();

afterAll(() => {
  cloud.down();
}, 180_000);

const ids = (): number[] => cloud.status().machines.map(({ id }) => id);
const login = (host: "app" | "db" | "backup"): number => cloud.login(host).code;

describe("a local cloud", () => {
  it("comes up with three machines, and the machine's own network is untouched", () => {
    cloud.down();
    const report = cloud.up();
    expect(report).toMatchObject({ updated: 0, deleted: 0, same: 0 });
    expect(cloud.status().machines.map(({ status }) => status)).toEqual([
      ...["running", "running", "running"],
    ]);
    expect([login("app"), login("db"), login("backup")]).toEqual([0, 0, 0]);
    expect(machineNetwork()).toBe(machineBefore);
  }, 900_000);

  it("changes nothing when it is brought up again, and says so", () => {
    expect(cloud.up()).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    expect(cloud.run(["up"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Nothing to change") as string,
    });
  }, 180_000);

  const reachable = (from: string): boolean =>
    cloud.from(from, "nc", "-z", "-w", "1", "203.0.113.100", "22").code === 0;

  it("applies changed settings in place, without replacing a server", () => {
    const before = ids();
    const file = settingsFile((config) => {
      config["stronghold:admins"].push({ name: "grace", keys: [] });
      config["stronghold:ssh"].allowFrom.push("203.0.113.66/32");
    });
    expect(reachable("stranger")).toBe(false);
    const report = cloud.up("--settings", file);
    expect(report).toMatchObject({ created: CREDENTIALS_OF_A_PERSON, deleted: 0 });
    expect(report.updated).toBeGreaterThan(0);
    expect(ids()).toEqual(before);
    expect(cloud.run(["console", "db", "--", "id", "-nG", "grace"]).stdout).toContain("sudo");
    // Through both walls: the vendor's and the server's own.
    expect(eventually(() => reachable("stranger"))).toBe(true);
  }, 540_000);

  it("takes the access of a removed admin, and of a removed address, away", async () => {
    const scratchCodes = [...scratchCodesOf("grace")];
    const asGrace = async (): Promise<string> =>
      attempt(vantageCommand(cloud.paths.cloudId, "operator"), {
        user: "grace",
        address: "203.0.113.100",
        key: join(cloud.paths.operatorDir, "grace_ed25519"),
        answers: [scratchCodes.pop() ?? ""],
      });
    expect(await asGrace()).toBe("in");
    cloud.up();
    expect(await asGrace()).toBe("refused");
    expect(reachable("stranger")).toBe(false);
  }, 540_000);

  it("stops at bad settings before anything changes, with all faults at once", () => {
    const file = settingsFile((config) => {
      config["stronghold:ssh"].allowFrom = ["0.0.0.0/0"];
      config["stronghold:region"] = 7;
    });
    const ran = cloud.run(["up", "--settings", file]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("ssh.allowFrom");
    expect(ran.stderr).toContain("region");
    expect(ran.stderr).not.toMatch(/^\s+at /m);
    expect(cloud.up()).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  }, 360_000);

  it("comes back from a crash of the API with its machines and its firewall", () => {
    const before = ids();
    const daemon = runningDaemon(cloud.paths);
    process.kill(daemon?.pid ?? 0, "SIGKILL");
    expect(login("db")).toBe(0);
    expect(ids()).toEqual(before);
    expect(cloud.up()).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    expect(reachable("stranger")).toBe(false);
  }, 360_000);

  it("keeps its rules and its keys through a reboot from inside (G11 for SSH)", () => {
    cloud.run(["console", "app", "--", "systemctl", "reboot", "--no-block"]);
    expect(eventually(() => login("app") === 0)).toBe(true);
    expect(cloud.run(["console", "app", "--", "ip6tables", "-S", "INPUT"]).stdout).toContain(
      "-P INPUT DROP",
    );
  }, 360_000);

  it("has a console that works when the network does not", () => {
    cloud.run(["console", "db", "--", "ip", "link", "set", "eth0", "down"]);
    expect(login("db")).not.toBe(0);
    expect(cloud.run(["console", "db", "--", "cat", "/etc/hostname"]).stdout).toContain("-db");
    cloud.run(["console", "db", "--", "networkctl", "up", "eth0"]);
  }, 180_000);

  it("takes the deployer's key from the settings as well as from the agent", () => {
    const key = readFileSync(join(cloud.paths.operatorDir, "deployer_ed25519"), "utf8");
    const file = settingsFile((config) => {
      config["stronghold:deployerPrivateKey"] = key;
    });
    const before = ids();
    const report = cloud.up("--settings", file);
    // Every step but the hand-overs, which are over for good.
    expect(report).toMatchObject({ created: 0, updated: STEPS, deleted: 0 });
    expect(cloud.up("--settings", file)).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    expect(ids()).toEqual(before);
  }, 540_000);

  it("leaves nothing after down, also after a kill -9 of everything it started", () => {
    const left = traces(cloud.paths);
    expect(left.length).toBeGreaterThan(0);
    process.kill(runningDaemon(cloud.paths)?.pid ?? 0, "SIGKILL");
    spawnSync("pkill", ["-9", "-f", `sh-${cloud.paths.cloudId}-`]);
    expect(cloud.down()).toMatchObject({ code: 0, stderr: expect.any(String) as string });
    expect(traces(cloud.paths)).toEqual([]);
    expect(machineNetwork()).toBe(machineBefore);
  }, 180_000);
});

function scratchCodesOf(person: string): string[] {
  const { enrolments } = cloud.status("--show-secrets").outputs as { enrolments: Enrolments };
  return enrolments.app[person]?.scratchCodes ?? [];
}

/** Polls until `probe` holds, for at most two minutes. */
function eventually(probe: () => boolean): boolean {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) if (probe()) return true;
  return false;
}
