// How the machine's own `ssh` gets in: with which key, through which host, and when it gives up. Against
// SSH servers in this process.
import { spawn } from "node:child_process";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

import type { Connection } from "../../local/runner/ssh/connection";
import { descendants, SshBench, until, withAgent } from "./fixtures/ssh-bench";
import { type KeyPair, makeKey, SshServer } from "./fixtures/ssh-server";

// Each connection is a process or two, and the machine may be busy.
jest.setTimeout(90_000);

let hostKey: KeyPair, userKey: KeyPair, otherKey: KeyPair, hopKey: KeyPair;
let bench: SshBench;
let server: SshServer;
let connection: Connection;

beforeAll(() => {
  [hostKey, userKey, otherKey, hopKey] = [makeKey(), makeKey(), makeKey(), makeKey()];
});

beforeEach(async () => {
  bench = await SshBench.open(hostKey, userKey);
  ({ server, connection } = bench);
});

afterEach(() => server.close());

const run: SshBench["run"] = (...args) => bench.run(...args);

describe("a key to log in with", () => {
  it("is the given one, and no other is shown", async () => {
    await withAgent([otherKey], (socket) => run({}, { agentSocketPath: socket }));
    expect(server.offered).toEqual([userKey.publicKey.split(" ")[1]]);
  });

  it("comes from the agent if none is given, and then only from there", async () => {
    await withAgent([otherKey, userKey], (agentSocketPath) =>
      run({}, { privateKey: undefined, agentSocketPath }),
    );
    const offered = [otherKey, userKey].map(({ publicKey }) => publicKey.split(" ")[1]);
    expect(server.offered).toEqual(offered);
  });

  it("comes from the agent that the environment names", async () => {
    const { SSH_AUTH_SOCK: saved } = process.env;
    try {
      await withAgent([userKey], (socket) => {
        process.env["SSH_AUTH_SOCK"] = socket;
        return run({}, { privateKey: "" });
      });
    } finally {
      process.env["SSH_AUTH_SOCK"] = saved;
      if (saved === undefined) delete process.env["SSH_AUTH_SOCK"];
    }
    expect(server.received).toHaveLength(1);
  });

  it("must be there", async () => {
    const { SSH_AUTH_SOCK: saved } = process.env;
    delete process.env["SSH_AUTH_SOCK"];
    await expect(run({}, { privateKey: undefined })).rejects.toThrow(
      "neither `privateKey` nor an SSH agent",
    );
    if (saved !== undefined) process.env["SSH_AUTH_SOCK"] = saved;
    expect(server.connections).toBe(0);
  });

  it("must be a key, and one without a passphrase", async () => {
    await expect(run({}, { privateKey: "no key" })).rejects.toThrow(
      "the `privateKey` for 127.0.0.1 cannot be used: ",
    );
    expect(server.connections).toBe(1);
    await expect(run({}, { privateKeyPassword: "a phrase" })).rejects.toThrow(
      "takes no `privateKeyPassword` (given for 127.0.0.1)",
    );
    expect(server.connections).toBe(1);
  });

  it("may lack its last line break", async () => {
    await run({}, { privateKey: userKey.privateKey.trimEnd() });
    expect(server.received).toHaveLength(1);
  });

  it("is told of when the host accepts none", async () => {
    const failed = run({}, { privateKey: otherKey.privateKey, dialErrorLimit: 1 });
    await expect(failed).rejects.toThrow("accepts none of the keys offered");
  });
});

describe("a connection through a proxy", () => {
  let hop: SshServer;
  let proxy: Connection;

  beforeEach(async () => {
    hop = new SshServer(otherKey, hopKey);
    const port = await hop.listen();
    const { privateKey } = hopKey;
    proxy = { ...connection, port, hostKey: otherKey.publicKey, privateKey };
  });

  afterEach(() => hop.close());

  it("shows each of both its own key, and verifies both", async () => {
    server.reply = () => ({ stdout: "out", stderr: "err" });
    const { outputs } = await run({ stdin: "in" }, { proxy });
    expect(outputs).toEqual({ stdout: "out", stderr: "err" });
    expect([hop.forwarded, hop.received, server.received.length]).toEqual([1, [], 1]);
    expect(hop.offered).toEqual([hopKey.publicKey.split(" ")[1]]);
    expect(server.offered).toEqual([userKey.publicKey.split(" ")[1]]);
  });

  it("stops at the host that presents another key", async () => {
    const wrong = run({}, { proxy, host: "localhost", hostKey: otherKey.publicKey });
    await expect(wrong).rejects.toThrow("localhost presents another host key");
    expect(server.received).toEqual([]);
    expect(hop.forwarded).toBeGreaterThan(0);
  });

  it("stops at the proxy that presents another key", async () => {
    const wrong = run({}, { host: "localhost", proxy: { ...proxy, hostKey: hostKey.publicKey } });
    await expect(wrong).rejects.toThrow("127.0.0.1 presents another host key");
    expect([hop.offered, server.connections]).toEqual([[], 0]);
  });

  it("says which of both lets nobody in", async () => {
    const once = { dialErrorLimit: 1, host: "localhost" };
    const { privateKey } = otherKey;
    await expect(run({}, { ...once, proxy: { ...proxy, privateKey } })).rejects.toThrow(
      "deployer@localhost through 127.0.0.1: 127.0.0.1 accepts none of the keys",
    );
    await expect(run({}, { ...once, proxy, privateKey })).rejects.toThrow(
      "deployer@localhost through 127.0.0.1: localhost accepts none of the keys",
    );
  });

  it("says which of both is not there", async () => {
    await server.close();
    await expect(run({}, { proxy, dialErrorLimit: 1 })).rejects.toThrow(
      /through 127.0.0.1: the proxy does not connect to it: /,
    );
    await server.listen();
    const gone = { ...proxy, port: 1 };
    await expect(run({}, { host: "localhost", proxy: gone, dialErrorLimit: 1 })).rejects.toThrow(
      "127.0.0.1 cannot be reached: connect to host 127.0.0.1 port 1: Connection refused",
    );
  });

  it("tells what became of the command", async () => {
    server.reply = () => ({ code: 255 });
    await expect(run({}, { proxy })).rejects.toThrow("the command exited 255");
    server.reply = () => ({ drop: true });
    await expect(run({}, { proxy })).rejects.toThrow("the connection was lost");
    expect(server.received).toHaveLength(2);
  });
});

describe("a host that accepts connections and says nothing", () => {
  let silent: Server;
  let port: number;
  const open = new Set<Socket>();

  beforeEach(async () => {
    silent = createServer((socket) => {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => open.delete(socket)).resume();
    });
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
    port = (silent.address() as AddressInfo).port;
  });

  afterEach(() => {
    for (const socket of open) socket.destroy();
    silent.close();
  });

  it("is given the time that was asked for", async () => {
    const failed = run({}, { port, perDialTimeout: 1, dialErrorLimit: 1 });
    await expect(failed).rejects.toThrow("127.0.0.1 cannot be reached: no answer within 1 s");
    await until(() => open.size === 0);
  });

  it("is left at once when the user interrupts", async () => {
    const running = run({}, { port, perDialTimeout: 0 });
    await until(() => open.size === 1);
    bench.controller.abort();
    await expect(running).rejects.toThrow("aborted");
    await until(() => open.size === 0 && !descendants().includes("/fd/"));
  });

  it("is left, through a proxy too, when the run is killed", async () => {
    const hop = new SshServer(otherKey, userKey);
    const proxy = { ...connection, port: await hop.listen(), hostKey: otherKey.publicKey };
    const script = join(__dirname, "fixtures/ssh-run.ts");
    const child = spawn(process.execPath, ["--import", "tsx", script], { stdio: "pipe" });
    child.stdin.end(JSON.stringify({ ...connection, port, proxy, perDialTimeout: 0 }));
    try {
      await until(() => open.size === 1);
      child.kill("SIGKILL");
      await until(() => open.size === 0);
    } finally {
      child.kill("SIGKILL");
      await hop.close();
    }
  });
});
