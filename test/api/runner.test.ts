// The embedded runner as a process against the local API, over machines of memory. Commands on hosts
// are left out here: the unit tests cover them, and the e2e tests run them on real hosts.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { ResourceEvent, ResultEvent } from "../../local/runner/events";
import { type Ended, RunnerProcess } from "../unit/fixtures/runner-process";
import { type Cloud, startCloud, stopClouds, TOKEN } from "./harness";

// Each run loads all of a program, some tests run three, and the machine may be busy.
jest.setTimeout(180_000);

let cloud: Cloud;
let runner: RunnerProcess;

beforeEach(async () => {
  cloud = await startCloud();
  runner = new RunnerProcess();
  const address = cloud.api.server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  runner.env = { LINODE_URL: `http://127.0.0.1:${address.port}`, LINODE_TOKEN: TOKEN };
});

afterEach(async () => {
  runner.dispose();
  await stopClouds();
});

const SERVERS = { "fixture:case": "servers" };

async function up(config: Record<string, unknown> = {}): Promise<ResultEvent> {
  const { code, events, text } = await runner.run("up", { ...SERVERS, ...config });
  expect({ code, text: code === 0 ? "" : text }).toEqual({ code: 0, text: "" });
  return events.at(-1) as ResultEvent;
}

const stateFile = (): string => join(runner.stateDir, "local.json");

/** Starts `up` with hosts that do not boot yet, and calls `act` once the server is recorded. */
async function upCutShort(act: (end: (signal: NodeJS.Signals) => void) => void): Promise<Ended> {
  return runner.run("up", SERVERS, [], (child) => {
    void (async () => {
      const isBegun = (): boolean =>
        existsSync(stateFile()) && readFileSync(stateFile(), "utf8").includes('"unfinished": true');
      while (child.exitCode === null && !isBegun()) await delay(10);
      act((signal) => child.kill(signal));
    })();
  });
}

describe("up", () => {
  it("makes everything once, behind its wall from the start, and then changes nothing", async () => {
    const first = await up();
    expect(first).toMatchObject({ created: 3, updated: 0, deleted: 0, same: 0 });
    expect(first.outputs["ip"]?.value).toMatch(/^203\./);
    expect(first.outputs["ip"]?.secret).toBe(false);
    expect(first.outputs["password"]?.secret).toBe(true);
    const [id] = [...cloud.machines.machines.keys()];
    const calls = cloud.machines.calls.filter((call) => call.endsWith(` ${String(id)}`));
    expect(calls.slice(0, 3).map((call) => call.split(" ")[0])).toEqual([
      "create",
      "setFirewall",
      "boot",
    ]);

    const second = await up();
    expect(second).toMatchObject({ created: 0, updated: 0, deleted: 0, same: 3 });
    expect(second.outputs).toEqual(first.outputs);
  });

  it("changes rules and labels in place", async () => {
    await up();
    const changed = await up({ "fixture:from": "203.0.113.11/32", "fixture:label": "other" });
    expect(changed).toMatchObject({ created: 0, updated: 2, deleted: 0, same: 1 });
    const [machine] = cloud.machines.machines.values();
    expect(machine?.wall?.inbound[0]?.addresses?.ipv4).toEqual(["203.0.113.11/32"]);
    expect((await cloud.client.getLinodes()).data[0]?.label).toBe("other");
  });

  it("refuses to replace a server, and leaves it as it was", async () => {
    await up();
    const { code, text } = await runner.run("up", { ...SERVERS, "fixture:region": "eu-west" });
    expect(code).toBe(1);
    expect(text).toContain("this would replace the server (changed: region)");
    expect(await up()).toMatchObject({ same: 3 });
  });

  it("makes a server anew that somebody deleted, and says so", async () => {
    await up();
    const [linode] = (await cloud.client.getLinodes()).data;
    await cloud.client.deleteLinode(linode?.id ?? 0);
    await cloud.api.idle();
    const { events } = await runner.run("up", SERVERS);
    expect(events).toContainEqual({
      event: "notice",
      message: `"app" (${String(linode?.id)}) is gone from the API, not by this stack: made again`,
    });
    expect(events.at(-1)).toMatchObject({ created: 1, same: 2 });
  });

  it("makes a server anew that is named, also a protected one, once nothing is left of the old one", async () => {
    const before = await up();
    const { code, events } = await runner.run("up", SERVERS, ["--replace", "app"]);
    expect(code).toBe(0);
    const after = events.at(-1) as ResultEvent;
    expect(after).toMatchObject({ created: 1, updated: 0, deleted: 1, same: 2 });
    expect(after.outputs["ip"]?.value).not.toBe(before.outputs["ip"]?.value);
    expect((await cloud.client.getLinodes()).results).toBe(1);
    expect(await up()).toMatchObject({ same: 3 });
  });

  it("refuses to make anew what there is not, and does nothing then", async () => {
    await up();
    const { code, text } = await runner.run("up", SERVERS, ["--replace", "db"]);
    expect(code).toBe(1);
    expect(text).toContain("there is nothing named");
    expect(await up()).toMatchObject({ same: 3 });
  });

  it("shows the API's own words when it refuses, and never a secret", async () => {
    const { code, events, text } = await runner.run("up", {
      ...SERVERS,
      "fixture:type": "g6-none",
    });
    expect(code).toBe(1);
    const failed = events.find(
      (event): event is ResourceEvent => event.event === "resource" && event.status === "failed",
    );
    expect(failed?.action).toBe("create");
    expect(failed?.message).toContain("[400] [type]");
    const { resources } = JSON.parse(readFileSync(stateFile(), "utf8")) as {
      resources: { name: string; outputs: { result?: { value: string } } }[];
    };
    const password = resources.find(({ name }) => name === "root")?.outputs.result?.value;
    expect(password).toHaveLength(32);
    expect(text).not.toContain(password);
  });
});

describe("a run that is cut short while the server boots", () => {
  it("by SIGKILL, is continued by the next: nothing is made twice", async () => {
    const boot = cloud.machines.hold("boot");
    const killed = await upCutShort((end) => {
      end("SIGKILL");
    });
    expect(killed.code).toBeNull();
    boot();
    expect(await up()).toMatchObject({ created: 1, same: 2 });
    expect((await cloud.client.getLinodes()).data).toHaveLength(1);
  });

  it("by the death of the command that started it, ends by itself", async () => {
    const boot = cloud.machines.hold("boot");
    let begun!: () => void;
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const first = runner.run("up", SERVERS, [], (child) => {
      child.stdout?.once("data", () => {
        child.stdout?.destroy();
        begun();
      });
    });
    await isBegun;
    const second = up();
    boot();
    expect(await second).toMatchObject({ deleted: 0 });
    expect((await first).code).toBe(130);
    expect((await cloud.client.getLinodes()).data).toHaveLength(1);
  });

  it("by Ctrl-C, exits with 130, stops waiting and keeps what it knows", async () => {
    const boot = cloud.machines.hold("boot");
    const { code, events } = await upCutShort((end) => {
      end("SIGINT");
    });
    expect(code).toBe(130);
    expect(events.at(-1)).toMatchObject({ event: "failure", interrupted: true });
    boot();
    expect(await up()).toMatchObject({ created: 1, same: 2 });
  });
});

describe("destroy", () => {
  it("keeps what is protected unless forced, and then leaves nothing", async () => {
    await up();
    const kept = await runner.run("destroy", SERVERS);
    expect(kept.code).toBe(1);
    expect(kept.text).toContain('\\"app\\" is protected');
    expect((await cloud.client.getLinodes()).data).toHaveLength(1);

    const { code, events } = await runner.run("destroy", SERVERS, ["--force"]);
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ event: "result", deleted: 3 });
    expect((await cloud.client.getLinodes()).data).toEqual([]);
    expect((await cloud.client.getFirewalls()).data).toEqual([]);
    expect(cloud.machines.machines.size).toBe(0);
    expect(existsSync(stateFile())).toBe(false);
  });
});
