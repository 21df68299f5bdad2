// What happens when a run goes wrong in the middle: failures, kills, interruptions, secrets in messages.
import { readFileSync, statSync } from "node:fs";

import { ResourceError, RunError, secret } from "@pulumi/pulumi";

import { RunFailed } from "../../local/runner/failures";
import { Bench, Thing } from "./fixtures/runner-bench";

let bench: Bench;
beforeEach(() => (bench = new Bench()));
afterEach(() => {
  bench.dispose();
});

const failuresOf = async (run: Promise<unknown>): Promise<string[]> => {
  const error: unknown = await run.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RunFailed);
  return (error as RunFailed).failures;
};

describe("a resource that fails", () => {
  it("stops what is not begun, lets the rest end, and every failure is reported", async () => {
    for (const name of ["app", "db"]) bench.failing.add(name);
    bench.midway = async (name) => {
      if (name === "good") await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const failures = await failuresOf(
      bench.up(() => {
        const app = new Thing("app");
        new Thing("db");
        new Thing("good");
        new Thing("after", {}, { dependsOn: app });
      }),
    );
    expect(failures).toHaveLength(2);
    expect(failures[0]).toContain('create of "app" failed: Error: app does not want to');
    expect(bench.calls).toContain("create good");
    expect(bench.calls).not.toContain("begin after");
  });

  it("is made by the next run, while what succeeded stays", async () => {
    bench.failing.add("app");
    const program = (): unknown => new Thing("app", { seed: new Thing("seed").id });
    await failuresOf(bench.up(program));
    bench.failing.clear();
    await bench.up(program);
    expect(bench.calls).toEqual(["resume app"]);
  });

  it("keeps its old inputs in the state when an update fails, so that the next run tries again", async () => {
    await bench.up(() => new Thing("app", { label: "a" }));
    bench.failing.add("app");
    await failuresOf(bench.up(() => new Thing("app", { label: "b" })));
    bench.failing.clear();
    await bench.up(() => new Thing("app", { label: "b" }));
    expect(bench.calls).toEqual(["update(label) app"]);
  });
});

describe("a fault of the program", () => {
  it.each<[string, () => Error]>([
    ["RunError", () => new RunError("ssh.allowFrom: is missing")],
    ["ResourceError", () => new ResourceError("ssh.allowFrom: is missing", undefined, true)],
  ])("is told without a stack trace if it is a %s", async (_, fault) => {
    const program = (): unknown => {
      throw fault();
    };
    expect(await failuresOf(bench.up(program))).toEqual(["ssh.allowFrom: is missing"]);
  });

  it("is told with one if it is a defect", async () => {
    const program = (): unknown => {
      throw new TypeError("x is not a function");
    };
    expect((await failuresOf(bench.up(program)))[0]).toMatch(
      /^TypeError: x is not a function\n +at /,
    );
  });
});

describe("a run that dies", () => {
  /** Cuts a run off at the creation of `name`: nothing after it happens, as after SIGKILL. */
  async function die(name: string, program: () => unknown): Promise<void> {
    await new Promise<void>((resolve) => {
      bench.midway = (current): Promise<void> | undefined => {
        if (current !== name) return undefined;
        resolve();
        return new Promise(() => undefined);
      };
      void bench.up(program);
    });
    bench.midway = () => undefined;
  }

  it("leaves a state from which the next run goes on, without making anything twice", async () => {
    const program = (): void => {
      const wall = new Thing("wall");
      const server = new Thing("server", { wall: wall.id });
      new Thing("step", { host: server.id });
    };
    await die("server", program);
    const { created, same } = await bench.up(program);
    expect(bench.calls).toEqual(["resume server", "begin step", "create step"]);
    expect({ created, same }).toEqual({ created: 2, same: 1 });
  });

  it("goes on with the inputs that the creation began with, and updates afterwards", async () => {
    await die("server", () => new Thing("server", { label: "a" }));
    await bench.up(() => new Thing("server", { label: "b" }));
    expect(bench.calls).toEqual(["resume server", "update(label) server"]);
    expect(bench.resumedWith).toMatchObject({ label: "a" });
  });

  it("can be destroyed", async () => {
    await die("server", () => new Thing("server"));
    await bench.destroy();
    expect(bench.calls).toEqual(["delete server"]);
  });
});

describe("an interrupted run", () => {
  it("begins nothing more, lets the work under way end, and records that", async () => {
    const program = (): unknown => new Thing("after", { app: new Thing("app").id });
    bench.midway = () => {
      bench.controller.abort();
    };
    await expect(bench.up(program)).rejects.toThrow("interrupted");
    expect(bench.calls).toEqual(["begin app", "create app"]);
    bench.midway = () => undefined;
    const { created, same } = await bench.up(program);
    expect({ created, same }).toEqual({ created: 1, same: 1 });
  });
});

describe("secrets", () => {
  const SECRET = "correct-horse-battery-staple";

  it("come into no event, whatever the handler says of them", async () => {
    bench.failing.add(SECRET);
    const program = (): unknown =>
      new Thing(SECRET, { stdin: secret(`DEPLOYER=deployer\nPASS=${SECRET}`) }, {}, "Step");
    await failuresOf(bench.up(program));
    const messages = bench.resourceEvents().map(({ message }) => message ?? "");
    expect(messages.join()).toContain("[secret] does not want to");
    expect(messages.join()).not.toContain(SECRET);
  });

  it("make outputs that could repeat them secret", async () => {
    const { outputs } = await bench.up(() => {
      const step = (name: string, stdin: unknown): Thing => new Thing(name, { stdin }, {}, "Step");
      const stdout = (thing: Thing): unknown => (thing as unknown as { stdout: unknown }).stdout;
      return { open: stdout(step("a", "plain")), hidden: stdout(step("b", secret(SECRET))) };
    });
    expect(outputs["open"]?.secret).toBe(false);
    expect(outputs["hidden"]?.secret).toBe(true);
  });

  it("are kept in a file that only its owner reads, which says what it holds", async () => {
    await bench.up(() => new Thing("app", { pass: secret(SECRET) }));
    expect(statSync(bench.stateFile).mode & 0o777).toBe(0o600);
    expect(statSync(bench.folder).mode & 0o777).toBe(0o700);
    expect(readFileSync(bench.stateFile, "utf8")).toContain("This file holds secrets");
  });
});
