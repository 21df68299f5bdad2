// Connections and commands against an SSH server in this process. That sshd itself behaves like it is
// for the tests on real hosts to show.
import type { Work } from "../../local/runner/handler";
import { commandHandler } from "../../local/runner/resources/command";
import type { Connection } from "../../local/runner/ssh/connection";
import type { WireObject } from "../../local/runner/wire";
import { type KeyPair, makeKey, SshServer } from "./fixtures/ssh-server";

let hostKey: KeyPair, userKey: KeyPair, otherKey: KeyPair;
let server: SshServer;
let connection: Connection;
let said: string[];
let controller: AbortController;

beforeAll(() => {
  [hostKey, userKey, otherKey] = [makeKey(), makeKey(), makeKey()];
});

beforeEach(async () => {
  server = new SshServer(hostKey, userKey);
  said = [];
  controller = new AbortController();
  connection = {
    host: "127.0.0.1",
    port: await server.listen(),
    user: "deployer",
    hostKey: hostKey.publicKey,
    privateKey: userKey.privateKey,
    dialErrorLimit: 3,
    perDialTimeout: 5,
  };
});

afterEach(() => server.close());

const work = (): Work => ({
  name: "ssh-apply",
  signal: controller.signal,
  linode: () => {
    throw new Error("no API here");
  },
  exists: () => undefined,
  say: (message) => said.push(message),
});

const run = (
  inputs: Record<string, unknown> = {},
  changes: Partial<Connection> = {},
): ReturnType<typeof commandHandler.create> =>
  commandHandler.create(work(), {
    connection: { ...connection, ...changes },
    create: "true",
    ...inputs,
  } as unknown as WireObject);

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
    expect(said).toEqual(["pass=1 fail=0"]);
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
    await expect(run()).rejects.toThrow("was ended by signal");
    server.reply = () => ({ drop: true });
    await expect(run()).rejects.toThrow("the connection was lost before the command ended");
  });

  it("runs `update` when it changes, or `create` if there is none", async () => {
    const inputs = { connection, create: "create" } as unknown as WireObject;
    await commandHandler.update?.(work(), { id: "1", outputs: {} }, inputs, ["create"]);
    await commandHandler.update?.(
      work(),
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

describe("dialling", () => {
  it("goes through the proxy, verifying both hosts", async () => {
    const hop = new SshServer(otherKey, userKey);
    const port = await hop.listen();
    const proxy = { ...connection, port, hostKey: otherKey.publicKey };
    try {
      await run({}, { proxy });
      expect(hop.forwarded).toBe(1);
      expect(server.received).toHaveLength(1);
      const wrong = run({}, { proxy, hostKey: otherKey.publicKey });
      await expect(wrong).rejects.toThrow("another host key");
    } finally {
      await hop.close();
    }
  });

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
      /cannot be reached: .*ECONNREFUSED/,
    );
    await server.listen();
  });

  it("tries again when nobody is let in yet, as while a host boots", async () => {
    server.isOpen = false;
    setTimeout(() => (server.isOpen = true), 300);
    await run({}, { dialErrorLimit: 60 });
    expect(server.connections).toBe(2);
  });

  it("says so when no key is accepted", async () => {
    const failed = run({}, { privateKey: otherKey.privateKey, dialErrorLimit: 1 });
    await expect(failed).rejects.toThrow("accepts none of the keys offered");
  });

  it("needs a key or an agent", async () => {
    const { SSH_AUTH_SOCK: saved } = process.env;
    delete process.env["SSH_AUTH_SOCK"];
    await expect(run({}, { privateKey: undefined })).rejects.toThrow(
      "neither `privateKey` nor an SSH agent",
    );
    if (saved !== undefined) process.env["SSH_AUTH_SOCK"] = saved;
  });

  it("ends at once when the user interrupts", async () => {
    await server.close();
    const running = run({}, { dialErrorLimit: -1 });
    setTimeout(() => {
      controller.abort();
    }, 50);
    await expect(running).rejects.toThrow("aborted");
    await server.listen();
  });
});
