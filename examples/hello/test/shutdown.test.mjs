/** How the application goes, as systemd and a client see it: a process of its own, on a passed socket. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, test } from "node:test";
import { connect } from "node:tls";

import { ask, configWith, folder, makeCertificate } from "./support.mjs";

const root = new URL("..", import.meta.url).pathname;
const file = join(folder, "shutdown.json");
const tls = makeCertificate("shutdown");
/** Answers slowly where it is asked to, so that a request can be in flight, and says how far it is. */
const entry = join(folder, "slow.mjs");
writeFileSync(
  entry,
  `import { makeApp } from "${root}dist/app.js";
import { listen, makeServer } from "${root}dist/listen.js";
import { makeDrain } from "${root}dist/shutdown.js";
const config = ${JSON.stringify({ ...configWith(tls), listen: undefined })};
const [slow, grace, limit] = process.env.SLOW_MS.split(" ").map(Number);
const latest = () => {
  if (slow >= 1000) console.log("asked");
  return new Promise((done) => setTimeout(done, slow, []));
};
const server = makeServer(config, makeApp({ latest, isReachable: async () => true }, "1"));
const drain = makeDrain(server, grace, limit);
process.once("SIGTERM", () => {
  drain().then(() => process.exit(0));
  console.log("drains");
});
await listen(server, config);
console.log("listens");
`,
);

/** Holds the socket as systemd does, and starts one process after the other on it. */
const KEEPER = `while read -r _; do
  sh -c 'echo "started $$"; exec "$@"' start "$@" &
  wait $!; echo "ended $?"
done`;

let port;
let keeper;

/** The next line of the keeper, or of the process that it has started. */
async function next() {
  const { value, done } = await keeper.lines.next();
  assert.ok(!done, "the keeper has ended");
  return value;
}

async function keep(words, env = {}) {
  const holder = createServer();
  holder.listen(0, "127.0.0.1");
  await once(holder, "listening");
  ({ port } = holder.address());
  const child = spawn("sh", ["-c", KEEPER, "keeper", process.execPath, ...words], {
    cwd: root,
    env: { PATH: process.env.PATH, LISTEN_FDS: "1", ...env },
    stdio: ["pipe", "pipe", "inherit", holder._handle.fd],
  });
  keeper = { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), pid: 0 };
  // From here on it is the keeper's alone: we would accept what is for the application.
  holder.close();
}

/** What it said when it was ready. */
async function start() {
  keeper.child.stdin.write("\n");
  keeper.pid = Number(/^started (\d+)$/.exec(await next())[1]);
  return next();
}

/** What it said until it had ended, with how, and after which time. The first words are waited for by `onFirst`. */
async function end(onFirst = async () => undefined) {
  const started = Date.now();
  process.kill(keeper.pid, "SIGTERM");
  const said = [await next()];
  await onFirst();
  while (!said.at(-1)?.startsWith("ended ")) said.push(await next());
  return { said, ms: Date.now() - started };
}

const GONE = ["drains", "ended 0"];

afterEach(() => {
  try {
    process.kill(keeper.pid, "SIGKILL");
  } catch {
    // It has ended, as it should.
  }
  keeper.child.kill("SIGKILL");
});

/** The bounds of each test are far apart, since the machine may be busy. */
async function startSlow(ms, { grace = 1_000, limit = 20_000 } = {}) {
  await keep([entry], { SLOW_MS: `${ms} ${grace} ${limit}` });
  await start();
}

test("starts and stops in two lines, at the socket that it was passed", async () => {
  writeFileSync(file, JSON.stringify({ ...configWith(tls), listen: undefined }));
  await keep(["."], { APPLICATION_CONFIG: file });
  assert.equal(await start(), "hello 1.0.0 listens at the socket of systemd");
  assert.equal((await ask(port, "/health")).status, 503);
  assert.deepEqual((await end()).said, ["hello 1.0.0 has stopped", "ended 0"]);
});

test("finishes what it has begun, and says that the connection ends with it", async () => {
  await startSlow(2_000);
  const agent = new Agent({ keepAlive: true });
  const answer = ask(port, "/", { agent });
  assert.equal(await next(), "asked");
  const [{ status, headers }, { said }] = await Promise.all([answer, end()]);
  assert.deepEqual([status, headers.connection, said], [200, "close", GONE]);
});

test("answers on a connection that was kept, tells to close it, and then ends", async () => {
  await startSlow(0, { grace: 10_000 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const kept = await ask(port, "/", { agent });
  assert.equal(kept.headers.connection, "keep-alive");
  const { said, ms } = await end(async () => {
    const { status, headers } = await ask(port, "/", { agent });
    assert.deepEqual([status, headers.connection], [200, "close"]);
  });
  assert.deepEqual(said, GONE);
  assert.ok(ms < 9_000, `nobody was left to wait for, and it took ${ms} ms`);
});

test("lets go of who is idle, and of who has said nothing", async () => {
  await startSlow(0);
  const agent = new Agent({ keepAlive: true });
  await ask(port, "/", { agent });
  const silent = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(silent, "secureConnect");
  silent.resume().on("error", () => undefined);
  const { said, ms } = await end();
  assert.deepEqual(said, GONE);
  assert.ok(ms >= 950 && ms < 15_000, `it took ${ms} ms`);
});

test("ends in time even if a request does not", async () => {
  await startSlow(60_000, { limit: 4_000 });
  const lost = assert.rejects(ask(port));
  assert.equal(await next(), "asked");
  const { said, ms } = await end();
  assert.deepEqual(said, GONE);
  assert.ok(ms < 30_000, `it took ${ms} ms`);
  await lost;
});

test("loses no request while one process follows another", async () => {
  await startSlow(5);
  const kept = new Agent({ keepAlive: true, maxSockets: 8, scheduling: "fifo" });
  let running = true;
  const client = async (options) => {
    let count = 0;
    for (; running; count += 1) assert.equal((await ask(port, "/", options)).status, 200);
    return count;
  };
  const clients = [client({ agent: kept }), client({ agent: kept }), client({}), client({})];
  for (let round = 0; round < 3; round += 1) {
    await new Promise((done) => setTimeout(done, 400));
    assert.deepEqual((await end()).said, GONE);
    await start();
  }
  running = false;
  const counts = await Promise.all(clients);
  assert.ok(
    counts.every((count) => count > 10),
    `it answered ${counts.join(" ")}`,
  );
});
