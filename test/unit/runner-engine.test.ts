// The engine over handlers that do nothing real: what is carried out, in which order, and what is kept.
// That the real handlers do what they say is proved by the other runner tests and on real hosts.
import { secret } from "@pulumi/pulumi";

import { RunnerError } from "../../local/runner/failures";
import { Bench, Group, Thing } from "./fixtures/runner-bench";

let bench: Bench;
beforeEach(() => (bench = new Bench()));
afterEach(() => {
  bench.dispose();
});

const made = (): string[] => bench.calls.filter((call) => !call.startsWith("begin"));

describe("a first run", () => {
  it("makes what another resource depends on first, whatever the order of declaration", async () => {
    await bench.up(() => {
      const wall = new Thing("wall");
      new Thing("step", {}, { dependsOn: new Thing("server", { wall: wall.id }) });
    });
    expect(made()).toEqual(["create wall", "create server", "create step"]);
  });

  it("makes independent resources side by side", async () => {
    let waiting = 0;
    bench.midway = async () => {
      waiting += 1;
      while (waiting < 2) await new Promise(setImmediate);
    };
    await bench.up(() => [new Thing("app"), new Thing("db")]);
    expect(made()).toHaveLength(2);
  });

  it("hands the program the ids and outputs, and answers with its exports", async () => {
    const { outputs } = await bench.up(() => {
      const server = new Thing("server");
      return { id: server.id, password: secret("hunter2"), nested: { deep: secret(1) } };
    });
    expect(outputs).toEqual({
      id: { value: "server-id", secret: false },
      password: { value: "hunter2", secret: true },
      nested: { value: { deep: 1 }, secret: true },
    });
  });

  it("refuses a type that it does not know", async () => {
    const program = (): unknown => new Thing("queue", {}, {}, "Queue");
    await expect(bench.up(program)).rejects.toThrow(
      "the embedded runner does not carry out test:index:Queue; install the Pulumi CLI, which does",
    );
  });

  it("refuses two resources of one type and name", async () => {
    const program = (): unknown => [new Thing("app"), new Thing("app")];
    await expect(bench.up(program)).rejects.toThrow('two resources test:index:Thing named "app"');
  });
});

describe("a second run", () => {
  it("does nothing when nothing changed", async () => {
    const program = (): unknown => new Thing("app", { tags: ["a"], key: secret("s3cret") });
    await bench.up(program);
    const { created, updated, deleted, same } = await bench.up(program);
    expect({ created, updated, deleted, same }).toEqual({
      created: 0,
      updated: 0,
      deleted: 0,
      same: 1,
    });
    expect(bench.calls).toEqual([]);
  });

  it("is not moved by the order of keys, nor by a value becoming secret", async () => {
    await bench.up(() => new Thing("app", { a: 1, inner: { b: 2, c: 3 } }));
    await bench.up(() => new Thing("app", { inner: secret({ c: 3, b: 2 }), a: 1 }));
    expect(bench.calls).toEqual([]);
  });

  it("updates in place what changed, and says what did", async () => {
    await bench.up(() => new Thing("app", { label: "a", type: "small" }));
    const { updated } = await bench.up(() => new Thing("app", { label: "b", type: "small" }));
    expect(bench.calls).toEqual(["update(label) app"]);
    expect(updated).toBe(1);
  });

  it("makes anew what cannot be updated, and what a trigger replaces", async () => {
    const program = (value: string): unknown => [
      new Thing("draw", { length: value }, {}, "Draw"),
      new Thing("step", { triggers: [value] }, { replaceOnChanges: ["triggers[*]"] }, "Step"),
    ];
    await bench.up(() => program("1"));
    const { created } = await bench.up(() => program("2"));
    expect(made().sort()).toEqual(["create draw", "create step"]);
    expect(created).toBe(2);
  });

  it("makes nothing anew that is protected", async () => {
    const program = (length: string): unknown =>
      new Thing("draw", { length }, { protect: true }, "Draw");
    await bench.up(() => program("1"));
    await expect(bench.up(() => program("2"))).rejects.toThrow('"draw" is protected');
    expect(bench.calls).toEqual([]);
  });

  it("ignores changes as told, also deep inside a secret", async () => {
    const program = (host: string, proxy: string): unknown =>
      new Thing(
        "step",
        { connection: secret({ host, proxy: { host: proxy } }), create: proxy },
        { ignoreChanges: ["connection.proxy", "create"] },
      );
    await bench.up(() => program("db", "one"));
    await bench.up(() => program("db", "two"));
    expect(bench.calls).toEqual([]);
    await bench.up(() => program("other", "two"));
    expect(bench.calls).toEqual(["update(connection) step"]);
  });

  it("deletes what the program no longer declares, dependents first", async () => {
    await bench.up(() => {
      const wall = new Thing("wall");
      new Thing("server", { wall: wall.id });
      new Thing("kept");
    });
    bench.slow.add("server");
    const { deleted } = await bench.up(() => new Thing("kept"));
    expect(bench.calls).toEqual(["delete server", "delete wall"]);
    expect(deleted).toBe(2);
  });

  it("deletes nothing at all while something protected is among it", async () => {
    await bench.up(() => [new Thing("db", {}, { protect: true }), new Thing("app")]);
    await expect(bench.up(() => undefined)).rejects.toThrow('"db" is protected');
    expect(bench.calls).toEqual([]);
  });

  it("makes anew what is gone from outside, with all that lived on it", async () => {
    const program = (): unknown => {
      const server = new Thing("server");
      return new Thing("step", { host: "same address" }, { deletedWith: server }, "Step");
    };
    await bench.up(program);
    bench.lost.add("server");
    await bench.up(program);
    expect(made()).toEqual(["create server", "create step"]);
    expect(bench.events).toContainEqual({
      event: "notice",
      message: '"server" (server-id) is gone from the API, not by this stack: made again',
    });
  });

  it("names the resource that cannot be looked at, and the way out", async () => {
    await bench.up(() => new Thing("server"));
    const thing = bench.handlers.get("test:index:Thing");
    if (thing) thing.isThere = () => Promise.reject(new RunnerError("[500] it did not boot"));
    await expect(bench.up(() => new Thing("server"))).rejects.toThrow(
      /"server" cannot be looked at: \[500\] it did not boot\n.*`down` and `up` again/,
    );
  });

  it("knows resources of one name in two components apart", async () => {
    const program = (): unknown => {
      const app = new Thing("seed", {}, { parent: new Group("app") });
      return { app };
    };
    await bench.up(program);
    await bench.up(() => {
      program();
      new Thing("seed");
    });
    expect(made()).toEqual(["create seed"]);
  });
});

describe("destroy", () => {
  it("deletes in reverse order, forgets what has no deletion, and leaves no state", async () => {
    const program = (): unknown => {
      const server = new Thing("server", { wall: new Thing("wall").id });
      return new Thing("step", {}, { dependsOn: server }, "Step");
    };
    await bench.up(program);
    expect((await bench.destroy()).deleted).toBe(3);
    expect(bench.calls).toEqual(["delete server", "delete wall"]);
    await bench.up(program);
    expect(made()).toHaveLength(3);
  });

  it("destroys what is protected only when forced", async () => {
    await bench.up(() => new Thing("db", {}, { protect: true }));
    await expect(bench.destroy()).rejects.toThrow("protected");
    await bench.destroy({ force: true });
    expect(bench.calls).toEqual(["delete db"]);
  });

  it("goes on with the others when one deletion fails, and keeps that one", async () => {
    await bench.up(() => [new Thing("app"), new Thing("db")]);
    bench.failing.add("app");
    await expect(bench.destroy()).rejects.toThrow('delete of "app" failed');
    bench.failing.clear();
    await bench.destroy();
    expect(bench.calls).toEqual(["delete app"]);
  });
});
