// Connections and commands: the machine's own `ssh` against an SSH server in this process. That sshd
// itself behaves like it, and lets such a client in once it is hardened, is for the tests on real hosts.
import { setTimeout as delay } from "node:timers/promises";

import { commandHandler } from "../../local/runner/resources/command";
import type { Connection } from "../../local/runner/ssh/connection";
import type { WireObject } from "../../local/runner/wire";
import { descendants, SshBench } from "./fixtures/ssh-bench";
import { GREETING, type KeyPair, makeKey, type SshServer } from "./fixtures/ssh-server";

let hostKey: KeyPair, userKey: KeyPair, otherKey: KeyPair;
let bench: SshBench;
let server: SshServer;
let connection: Connection;

beforeAll(() => {
  [hostKey, userKey, otherKey] = [makeKey(), makeKey(), makeKey()];
});

beforeEach(async () => {
  bench = await SshBench.open(hostKey, userKey);
  ({ server, connection } = bench);
});

afterEach(() => server.close());

const run: SshBench["run"] = (...args) => bench.run(...args);

describe("a command", () => {
  it("gets its stdin and answers with its output", async () => {
    server.reply = () => ({
      stdout: "PASS\tSSH-01\tok\nSUMMARY\tssh\tpass=1 fail=0\n",
      stderr: "e\n",
    });
    const { outputs } = await run({ create: "sudo bash driver apply ssh", stdin: "A=b\n" });
    expect(server.received).toEqual([{ command: "sudo bash driver apply ssh", stdin: "A=b\n" }]);
    expect(outputs["stdout"]).toBe("PASS\tSSH-01\tok\nSUMMARY\tssh\tpass=1 fail=0");
    expect(outputs["stderr"]).toBe("e");
    expect(bench.said).toEqual(["pass=1 fail=0"]);
  });

  it("fails by its exit code, with the tail of what it said and never its stdin or text", async () => {
    const stdout = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
    server.reply = () => ({ stdout, stderr: "why it failed", code: 7 });
    const failed = run({ create: "secret-command", stdin: "PASSWORD=hunter2" });
    const error: unknown = await failed.catch((caught: unknown) => caught);
    const { message } = error as Error;
    expect(message).toContain("the command exited 7 on deployer@127.0.0.1");
    expect(message).toContain("why it failed");
    expect(message).toContain("line 39");
    expect(message).not.toContain("line 19\n");
    expect(message).not.toMatch(/hunter2|secret-command/);
  });

  it("fails when a signal ends it, and when the connection is lost", async () => {
    server.reply = () => ({ signal: "KILL" });
    await expect(run()).rejects.toThrow("was ended by a signal on deployer@127.0.0.1");
    server.reply = () => ({ drop: true });
    await expect(run()).rejects.toThrow("the connection was lost before the command ended");
    // Neither is a reason to run it again.
    expect(server.received).toHaveLength(2);
  });

  it("may exit with what `ssh` says of its own failures", async () => {
    server.reply = () => ({ code: 255, stderr: "Permission denied (publickey).\n" });
    await expect(run()).rejects.toThrow("the command exited 255 on deployer@127.0.0.1");
    expect(server.received).toHaveLength(1);
  });

  it("answers with what it said itself, not with the host's greeting", async () => {
    server.reply = () => ({ stdout: "out", stderr: "err" });
    const { outputs } = await run();
    expect(outputs).toEqual({ stdout: "out", stderr: "err" });
    server.reply = () => ({ code: 1 });
    await expect(run()).rejects.not.toThrow(GREETING);
  });

  it.each(["-v", "a 'b' \"c\" %h $HOME\n\\ `id`", "é"])("arrives as it is: %j", async (create) => {
    await run({ create });
    expect(server.received).toEqual([{ command: create, stdin: "" }]);
  });

  it("may read and say more than a connection takes at once", async () => {
    const stdout = "0123456789abcdef".repeat(256 * 1024);
    server.reply = () => ({ stdout });
    const { outputs } = await run({ stdin: stdout });
    expect(outputs["stdout"] === stdout).toBe(true);
    expect(server.received[0]?.stdin === stdout).toBe(true);
  });

  it("that is empty does nothing, rather than run what it reads", async () => {
    const { outputs } = await run({ create: "", stdin: "reboot" });
    expect(outputs).toEqual({ stdout: "", stderr: "" });
    expect(server.connections).toBe(0);
  });

  it("shows neither what it reads nor the key on any process's command line or environment", async () => {
    let seen = "";
    server.reply = () => {
      seen = descendants();
      return {};
    };
    const secret = userKey.privateKey.split("\n")[2] ?? "";
    await run({ stdin: "PASSWORD=hunter2" });
    expect(seen).toContain("target true");
    expect(secret).toHaveLength(70);
    expect(seen).not.toContain(secret);
    expect(seen).not.toContain("hunter2");
  });

  it("runs `update` when it changes, or `create` if there is none", async () => {
    const inputs = { connection, create: "create" } as unknown as WireObject;
    await commandHandler.update?.(bench.work(), { id: "1", outputs: {} }, inputs, ["create"]);
    await commandHandler.update?.(
      bench.work(),
      { id: "1", outputs: {} },
      { ...inputs, update: "up" },
      [],
    );
    expect(server.received.map(({ command }) => command)).toEqual(["create", "up"]);
  });

  it("connects anew each time, which is what a confirming step proves", async () => {
    await run();
    await run();
    expect(server.connections).toBe(2);
  });

  it.each([
    ["delete", { delete: "rm -rf /" }, "does not run their `delete`"],
    ["environment", { environment: { A: "b" } }, "hand values over on `stdin`"],
  ])("with `%s` is refused", async (_, inputs, message) => {
    await expect(run(inputs)).rejects.toThrow(message);
    expect(server.connections).toBe(0);
  });
});

describe("the host's key", () => {
  it("must be given", async () => {
    await expect(run({}, { hostKey: undefined })).rejects.toThrow("has no `hostKey`");
    expect(server.connections).toBe(0);
  });

  it("must be given for the proxy too, and for the host behind it, before anything is sent", async () => {
    await expect(run({}, { proxy: { ...connection, hostKey: undefined } })).rejects.toThrow(
      "has no `hostKey`",
    );
    await expect(run({}, { hostKey: "", proxy: connection })).rejects.toThrow("has no `hostKey`");
    expect(server.connections).toBe(0);
  });

  it("must be the one that the host holds", async () => {
    const failed = run({ stdin: "PASSWORD=hunter2" }, { hostKey: otherKey.publicKey });
    await expect(failed).rejects.toThrow("presents another host key than the pinned one");
    expect(server.received).toEqual([]);
  });

  it("must be well formed", async () => {
    await expect(run({}, { hostKey: "AAAA" })).rejects.toThrow('must read "<algorithm> <base64>"');
  });
});

describe("a connection", () => {
  it.each<[string, Partial<Connection>]>([
    ["host", { host: "a\nProxyCommand touch /tmp/x" }],
    ["host", { host: "-oProxyCommand=x" }],
    ["user", { user: "a b" }],
    ["port", { port: 22.5 }],
    ["agentSocketPath", { privateKey: "", agentSocketPath: 'a"b' }],
  ])("is refused if its `%s` is more than one word", async (name, changes) => {
    await expect(run({}, changes)).rejects.toThrow(`the connection's \`${name}\` cannot be`);
    expect(server.connections).toBe(0);
  });

  it.each([
    ["hostKey", { hostKey: "ssh-ed25519\tAAAA\nHost=*" }],
    ["two lines of it", { hostKey: "ssh-ed25519 AAAA\n* ssh-ed25519 AAAA" }],
  ])("takes one host key and nothing with it: %s", async (_, changes) => {
    await expect(run({}, changes)).rejects.toThrow("presents another host key");
    expect(server.received).toEqual([]);
  });
});

describe("dialling", () => {
  it("tries again while the host is not there yet", async () => {
    const { port = 0 } = connection;
    await server.close();
    const running = run({}, { dialErrorLimit: 60 });
    setTimeout(() => void server.listen(port), 250);
    await running;
    expect(server.received).toHaveLength(1);
  });

  it("gives up after as many errors as allowed", async () => {
    await server.close();
    await expect(run({}, { dialErrorLimit: 2 })).rejects.toThrow(
      /cannot be reached: .*Connection refused/,
    );
    await server.listen();
  });

  it("tries again when nobody is let in yet, as while a host boots", async () => {
    server.refusals = 1;
    await run({}, { dialErrorLimit: 60 });
    expect(server.connections).toBe(2);
  });

  it("ends at once when the user interrupts", async () => {
    await server.close();
    const running = run({}, { dialErrorLimit: -1 });
    setTimeout(() => {
      bench.controller.abort();
    }, 50);
    await expect(running).rejects.toThrow("aborted");
    await server.listen();
  });

  it("leaves a command that was begun to its work when the user interrupts", async () => {
    server.reply = async () => {
      bench.controller.abort();
      await delay(300);
      return { stdout: "done" };
    };
    expect((await run()).outputs["stdout"]).toBe("done");
  });
});
