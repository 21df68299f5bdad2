// The runner as a process: what it prints, how it exits, and the plan of a small program.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { stringify } from "yaml";

import { CONTROL_PLAN } from "../../components/lib/control-plan";
import { ROLES } from "../../components/lib/roles";
import type { PlanEvent } from "../../local/runner/events";
import type { Plan } from "../../local/runner/plan";
import { RunnerProcess } from "./fixtures/runner-process";
import { RECIPIENT } from "./fixtures/settings";
import { makeKey } from "./fixtures/ssh-server";

// Each run loads all of a program, some tests run two, and the machine may be busy.
jest.setTimeout(180_000);

let runner: RunnerProcess;
beforeEach(() => (runner = new RunnerProcess()));
afterEach(() => {
  runner.dispose();
});

const LOCAL = { LINODE_URL: "http://127.0.0.1:9", LINODE_TOKEN: "local" };

describe("a call", () => {
  it("prints one event a line, the program's own words among them, and the result last", async () => {
    runner.env = LOCAL;
    const { code, events } = await runner.run("up", { "fixture:case": "talk" });
    expect(code).toBe(0);
    expect(events[0]).toEqual({ event: "notice", message: "said by the program" });
    expect(events.at(-1)).toMatchObject({
      event: "result",
      outputs: { secret: { value: "hunter2", secret: true } },
    });
  });

  it.each([
    [["sideways"], "the first word must be one of up, destroy, plan"],
    [["up", "--config-file"], "config-file"],
    [["plan"], "--config-file is missing"],
    [["up", "--frobnicate"], "frobnicate"],
  ])("that is wrong exits with 64: %s", async (args, message) => {
    runner.env = LOCAL;
    const { code, text } = await runner.call(args);
    expect(code).toBe(64);
    expect(text).toContain(message);
  });

  it("refuses a real account before the program runs", async () => {
    runner.env = { ...LOCAL, LINODE_TOKEN: "0123456789abcdef".repeat(4) };
    const { code, events, text } = await runner.run("up", { "fixture:case": "talk" });
    expect(code).toBe(1);
    expect(events).toHaveLength(1);
    expect(text).toContain("looks like the token of a real account");
    expect(text).not.toContain("0123456789abcdef");
  });

  it.each([
    ["bad", "ssh.allowFrom: is missing; name your address"],
    ["bad-later", "found out later"],
    ["stuck", "the program waits for something that never comes"],
  ])(
    "of a program that is %s exits with 1 and says why, without a stack",
    async (name, failure) => {
      runner.env = LOCAL;
      const { code, events, text } = await runner.run("up", { "fixture:case": name });
      expect(code).toBe(1);
      expect(events.at(-1)).toEqual({ event: "failure", failures: [failure], interrupted: false });
      expect(text).not.toMatch(/^ +at /m);
    },
  );
});

describe("a plan", () => {
  const plan = async (name: string): Promise<PlanEvent> => {
    const { code, events, text } = await runner.run("plan", { "fixture:case": name });
    expect({ code, text: code === 0 ? "" : text }).toEqual({ code: 0, text: "" });
    return events.at(-1) as PlanEvent;
  };
  const all = (tree: Plan): Plan[] => [tree, ...tree.children.flatMap(all)];
  const find = (tree: Plan, name: string): Plan | undefined =>
    tree.name === name ? tree : tree.children.map((child) => find(child, name)).find(Boolean);

  it("needs no API, token, agent or state, and is a tree of what would be made", async () => {
    const { plan: tree, text } = await plan("servers");
    expect(tree).toMatchObject({
      type: "pulumi:pulumi:Stack",
      name: "fixture-local",
      component: true,
    });
    expect(tree.children.map(({ name }) => name)).toEqual(["servers"]);
    expect(find(tree, "app")).toMatchObject({
      type: "linode:index/instance:Instance",
      protect: true,
      inputs: { region: "us-east", firewallId: "<wall id>", privateIp: true },
    });
    expect(text).toContain("└─ servers  (fixture Servers)\n");
    expect(text).toContain("└─ app  (linode Instance, protected)");
    expect(text).toContain(
      "action ACCEPT; ipv4s 203.0.113.10/32; label ssh; ports 22; protocol TCP",
    );
  });

  it("is the same each time", async () => {
    expect(await plan("steps")).toEqual(await plan("steps"));
  });

  it("says what each step applies, with made-up values named and secrets masked", async () => {
    const { plan: tree, text } = await plan("steps");
    expect(find(tree, "firewall-apply")?.step).toMatchObject({
      verb: "apply",
      control: "firewall",
      parameters: [
        { name: "ROLLBACK_SECONDS", value: "120" },
        {
          name: "RULES_V4_B64",
          value: "2 lines of text",
          lines: ["-A INPUT -s <app privateIpAddress> -j ACCEPT", "COMMIT"],
        },
      ],
    });
    expect(find(tree, "hand-over")?.step).toEqual({
      summary: "gives the host its lasting key",
      parameters: [
        { name: "HOST_KEY_B64", value: "[secret]" },
        { name: "DEPLOYER", value: "[secret]" },
      ],
    });
    expect(text).toContain("hand-over  (command Command): gives the host its lasting key");
    expect(text).not.toContain("c2VjcmV0");
  });

  it("of this repository's own program names every step and hides every secret", async () => {
    const keys = [makeKey().publicKey];
    const config = {
      "stronghold:ssh": { allowFrom: ["203.0.113.10/32"] },
      "stronghold:admins": [{ name: "ada", keys }],
      "stronghold:alerts": { logOnly: true },
      "stronghold:deployer": { keys: [makeKey().publicKey] },
      "stronghold:backup": { recipients: [RECIPIENT] },
    };
    const file = join(runner.folder, "real.yaml");
    writeFileSync(file, stringify({ config }));
    const { code, events, text } = await runner.call(["plan", "--config-file", file]);
    expect({ code, text: code === 0 ? "" : text }).toEqual({ code: 0, text: "" });
    const { plan: tree } = events.at(-1) as PlanEvent;
    const controls = all(tree).flatMap(({ step }) => (step?.control ? [step] : []));
    expect(new Set(controls.map(({ control }) => control))).toEqual(
      new Set(ROLES.flatMap((role) => CONTROL_PLAN[role].map(({ name }) => name))),
    );
    for (const { summary } of controls) expect(summary).toMatch(/\w+ \w+/);
    expect(all(tree).filter(({ type }) => type === "linode:index/instance:Instance")).toHaveLength(
      ROLES.length,
    );
    expect(text).not.toMatch(/PRIVATE KEY|192\.0\.2\.|made-up|90000\d\d/);
  });

  it("explains what keeps it from being made", async () => {
    const secure = await runner.run("plan", { "fixture:case": { secure: "AAAA" } });
    expect(secure.code).toBe(1);
    expect(secure.text).toContain("fixture:case is encrypted");
  });
});
