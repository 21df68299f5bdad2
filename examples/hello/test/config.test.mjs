import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { configWith, folder, makeCertificate } from "./support.mjs";

const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
const tls = makeCertificate("config");

/** Starts the application as systemd does, and waits for its end. */
function start(env, entry = ".", input = "") {
  const { PATH } = process.env;
  const ran = spawnSync(process.execPath, [entry], {
    ...{ cwd: root, env: { PATH, ...env }, input, encoding: "utf8", timeout: 10_000 },
  });
  return { code: ran.status, stderr: ran.stderr, stdout: ran.stdout };
}

let files = 0;
function file(content) {
  const name = join(folder, `config-${(files += 1)}.json`);
  writeFileSync(name, typeof content === "string" ? content : JSON.stringify(content));
  return { APPLICATION_CONFIG: name };
}

function change(edit) {
  const config = configWith(tls);
  config.listen.port = 8443;
  edit(config);
  return file(config);
}

for (const [what, env, said] of [
  ["without APPLICATION_CONFIG", {}, /APPLICATION_CONFIG has to name/],
  ["with a file that is not there", { APPLICATION_CONFIG: "/nowhere" }, /cannot be read: ENOENT/],
  ["with a file that is not JSON", file('{"password":"secret"'), /is not JSON/],
  ["without a password", change((c) => delete c.database.password), /database\.password: /],
  ["with a port that is none", change((c) => (c.database.port = "3306")), /database\.port: /],
  [
    "without TLS to a database elsewhere",
    change((c) => (c.database.host = "192.168.128.3")),
    /database\.tls: may be left out only/,
  ],
  [
    "without TLS on an address that others reach",
    change((c) => {
      delete c.tls;
      c.listen.host = "0.0.0.0";
    }),
    /tls: may be left out only/,
  ],
  ["without a place to listen", change((c) => delete c.listen), /LISTEN_FDS/],
]) {
  test(`refuses to start ${what}, in one line`, () => {
    const { code, stderr, stdout } = start(env);
    assert.deepEqual([code, stdout], [78, ""]);
    assert.match(stderr, said);
    assert.match(stderr, /^hello cannot start: [^\n]+\n$/);
    assert.doesNotMatch(stderr, /secret/);
  });
}

test("does not take a socket that was passed to another process", () => {
  const { code, stderr } = start({
    ...change((c) => delete c.listen),
    ...{ LISTEN_FDS: "1", LISTEN_PID: "1" },
  });
  assert.equal(code, 78);
  assert.match(stderr, /has passed no socket/);
});

test("the migration refuses to start without credentials, and repeats none", () => {
  const { code, stderr } = start(
    change(() => undefined),
    "dist/migrate.js",
    '{"user":"secret"}',
  );
  assert.equal(code, 78);
  assert.match(stderr, /^the migration failed: stdin has to be [^\n]+\n$/);
  assert.doesNotMatch(stderr, /secret/);
});

test("the migration says why it has no database", () => {
  const credentials = '{"database":{"user":"d","password":"secret"}}';
  const { code, stderr } = start(
    change(() => undefined),
    "dist/migrate.js",
    credentials,
  );
  assert.equal(code, 1);
  assert.match(stderr, /^the migration failed: ECONNREFUSED/);
});
