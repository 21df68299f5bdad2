/**
 * Every secret of a stack is looked for wherever the real engine could let it out: state, preview, its most
 * talkative log, command lines, and what the servers write down.
 *
 * The settings hold their secrets as the README says, encrypted. It does not look into the memory of processes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Enrolments } from "../../components/lib/outputs-contract";
import { prepareOperator } from "../../local/cli/operator";
import { readIdentity } from "../../local/outside/identity";
import { innerOf, leaksIn, WRITTEN_DOWN } from "../canaries";
import type { Ran } from "../e2e/cloud";
import { TestCloud } from "../e2e/cloud";
import { settingsFile } from "../e2e/settings";
import { commandLines } from "../machine-view";
import { pulumiOf, stateFile } from "./local-engine";
import { secretsOf } from "./stack-secrets";

const LIMIT_MS = 900_000;
const HASH = `$y$j9T$${"canary".repeat(4).slice(0, 22)}$${"Canary".repeat(8).slice(0, 43)}`;
/** All that the engine can be made to say. */
const LOUD = ["--logtostderr", "-v=9"];

const cloud = new TestCloud("engine-canaries");
const { cli, tell, destroyAll } = pulumiOf(cloud);
const canaries = new Map<string, string>();
const leaks = (text: string): string[] => leaksIn(text, canaries);

/**
 * Two kinds of lines in which the engine and the SDK write every property that passes between them as it is,
 * whatever it is marked as (CLI 3.259, `plugin/rpc.go`; SDK 3.270, `runtime/resource.js`). No program can keep its
 * values from them, hence the README's warning. Anything else in that log is a leak of ours.
 */
const ENGINES_OWN = /(?:Unm|M)arshaling property for RPC\[|RegisterResource RPC finished/;
const leaksOfOurs = (log: string): string[] =>
  leaks(
    log
      .split("\n")
      .filter((line) => !ENGINES_OWN.test(line))
      .join("\n"),
  );

const must = ({ code, stdout, stderr }: Ran): string => {
  if (code !== 0) throw new Error(`the engine ended with ${code}:\n${stderr.slice(-2000)}`);
  return stdout;
};

/** Runs it while every command line of this machine is read, those on the servers among them. */
async function watched(work: Promise<Ran>): Promise<Ran & { commands: string }> {
  const lines = new Set<string>();
  const watch = setInterval(() => {
    for (const line of commandLines()) lines.add(line);
  }, 20);
  const ran = await work.finally(() => {
    clearInterval(watch);
  });
  return { ...ran, commands: [...lines].join("\n") };
}

let first: Ran & { commands: string };

beforeAll(async () => {
  cloud.down();
  // The cloud comes up, and the stack stops at its settings.
  const bad = settingsFile((config) => (config["stronghold:region"] = 7));
  expect(cloud.run(["up", "--engine", "pulumi", "--settings", bad])).toMatchObject({ code: 1 });
  const good = settingsFile((config) => {
    config["stronghold:admins"].push({ name: "grace", keys: [] });
  });
  prepareOperator(cloud.paths, good);
  for (const [name, setting, value] of planted()) {
    canaries.set(name, value.includes("PRIVATE KEY") ? innerOf(value) : value);
    must(await tell(value, "config", "set", "--secret", "--path", setting));
  }
  first = await watched(cli("up", "--yes", ...LOUD));
  must(first);
  await findMade();
}, 2 * LIMIT_MS);

afterAll(async () => {
  await destroyAll();
  cloud.down();
}, LIMIT_MS);

/** Secret settings: name, setting, value. */
function planted(): [string, string, string][] {
  const { relayPassword, pushoverToken, pushoverUser, webhookPath } = readIdentity(
    cloud.paths.outsideDir,
  );
  const key = readFileSync(join(cloud.paths.operatorDir, "deployer_ed25519"), "utf8");
  return [
    ["the deployer's key", "stronghold:deployerPrivateKey", key],
    ["the relay's password", "stronghold:alerts.mail.password", relayPassword],
    ["the webhook", "stronghold:alerts.slack.webhook", `https://203.0.113.1${webhookPath}`],
    ["Pushover's token", "stronghold:alerts.pushover.token", pushoverToken],
    ["Pushover's user", "stronghold:alerts.pushover.user", pushoverUser],
    ["a person's password hash", "stronghold:admins[1].passwordHash", HASH],
  ];
}

/** What the stack has made, and what leads to it. */
async function findMade(): Promise<void> {
  const exported = must(await cli("stack", "export", "--show-secrets"));
  const outputs = JSON.parse(must(await cli("stack", "output", "--json", "--show-secrets"))) as {
    enrolments: Enrolments;
  };
  for (const [name, value] of secretsOf(exported, outputs.enrolments)) canaries.set(name, value);
  const { stateDir } = cloud.paths;
  canaries.set("the API's token", readFileSync(join(stateDir, "token"), "utf8"));
  canaries.set("the passphrase", readFileSync(join(stateDir, "pulumi/passphrase"), "utf8"));
}

describe("a secret of the stack", () => {
  it("is known to this test, which would find it", async () => {
    expect(canaries.size).toBeGreaterThan(100);
    for (const [name, value] of canaries) expect([name, value.length >= 8]).toEqual([name, true]);
    const shown = must(await cli("stack", "export", "--show-secrets"));
    expect(leaks(shown).length).toBeGreaterThan(50);
    expect(first.stderr).toContain("environment-database-instance");
    expect(first.commands).toContain("driver apply ssh");
  });

  it("is not printed by the update that makes everything", () => {
    expect(leaks(first.stdout)).toEqual([]);
  });

  it("is in the engine's log of that update only where the engine writes all that passes", () => {
    expect(leaksOfOurs(first.stderr)).toEqual([]);
    // An engine that no longer does that makes the exception, and the README's warning, needless.
    expect(leaks(first.stderr)).not.toEqual([]);
  });

  it("is in no command line while it runs, on either side", () => {
    expect(leaks(first.commands)).toEqual([]);
  });

  it("is in no file of the state", () => {
    const file = stateFile(cloud);
    expect(leaks(readFileSync(file, "utf8"))).toEqual([]);
    expect(leaks(readFileSync(cloud.paths.configFile, "utf8"))).toEqual([]);
  });

  it(
    "is in no preview of a change to every step that is told one, and in no log of it",
    async () => {
      must(await cli("config", "set", "--path", "stronghold:database.passwords.issue", "2"));
      must(await cli("config", "rm", "stronghold:deployerPrivateKey"));
      const { stdout, stderr } = await cli("preview", "--diff", ...LOUD);
      expect(stdout).toContain("::environment-database-hardening-database]");
      expect({ stdout: leaks(stdout), stderr: leaksOfOurs(stderr) }).toEqual({
        stdout: [],
        stderr: [],
      });
    },
    LIMIT_MS,
  );

  it(
    "is in no update of all steps, and in no log of it",
    async () => {
      const { stdout, stderr, commands } = await watched(cli("up", "--yes", "--diff", ...LOUD));
      expect(stdout).toContain("::environment-database-hardening-database]");
      const found = {
        stdout: leaks(stdout),
        stderr: leaksOfOurs(stderr),
        commands: leaks(commands),
      };
      expect(found).toEqual({ stdout: [], stderr: [], commands: [] });
    },
    LIMIT_MS,
  );

  it.each(["app", "db", "backup"])("is in no journal, history or first-boot data on %s", (host) => {
    const { stdout } = cloud.run(["console", host, "--", "bash", "-c", WRITTEN_DOWN]);
    expect(stdout).toContain("stronghold");
    // First-boot data holds the first host key, which the hand-over has made worthless.
    expect(leaks(stdout).filter((name) => !name.includes("-first-host-key"))).toEqual([]);
  });
});
