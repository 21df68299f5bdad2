import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { makeApp } from "../dist/app.js";
import { listen, makeServer } from "../dist/listen.js";
import { reloadTls } from "../dist/tls.js";
import { ask, configWith, makeCertificate, post, stubBook } from "./support.mjs";

const first = makeCertificate("first");
const second = makeCertificate("second");
const config = configWith(first);
const book = stubBook();
const server = makeServer(config, makeApp(book, "1.0.0"));
let port;

before(async () => {
  await listen(server, config, {});
  ({ port } = server.address());
});

after(() => {
  server.closeAllConnections();
  server.close();
});

test("sends headers that keep a browser on our side, and none that names our software", async () => {
  const { status, headers } = await ask(port);
  assert.equal(status, 200);
  assert.equal(headers["strict-transport-security"], "max-age=31536000");
  assert.match(headers["content-security-policy"], /^default-src 'none';style-src 'sha256-/);
  assert.doesNotMatch(headers["content-security-policy"], /unsafe|script/);
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-powered-by"], undefined);
  assert.equal(headers.server, undefined);
});

test("shows who is connected, and over what", async () => {
  const { text } = await ask(port);
  assert.match(text, /<code id="address">127\.0\.0\.1<\/code>/);
  assert.match(text, /<code id="protocol">TLSv1\.3<\/code>/);
});

test("speaks TLS 1.2 with forward secrecy only, and nothing older", async () => {
  const { text } = await ask(port, "/", { maxVersion: "TLSv1.2" });
  assert.match(text, /TLSv1\.2/);
  const old = { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" };
  await assert.rejects(ask(port, "/", old), /alert|EPROTO|ECONNRESET|protocol/i);
  const static_ = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256:AES128-GCM-SHA256" };
  await assert.rejects(ask(port, "/", static_), /handshake/i);
});

test("writes a greeting, answers 303, and shows it without what it holds of HTML", async () => {
  const sent = await post(port, { name: "  Ada ", text: "<script>alert('x')</script>" });
  assert.deepEqual([sent.status, sent.headers.location], [303, "/"]);
  assert.equal(book.rows.at(-1).name, "Ada");
  const { text } = await ask(port);
  assert.match(text, /<strong>Ada<\/strong>: &lt;script&gt;alert\(&#39;x&#39;\)/);
  assert.doesNotMatch(text, /<script/);
});

for (const [what, fields, status] of [
  ["no name", { text: "hello" }, 400],
  ["an empty name", { name: "  ", text: "hello" }, 400],
  ["a name of 41 characters", { name: "a".repeat(41), text: "hello" }, 400],
  ["a greeting of 201 characters", { name: "Ada", text: "a".repeat(201) }, 400],
  [
    "two names",
    [
      ["name", "Ada"],
      ["name", "Eve"],
      ["text", "hello"],
    ],
    400,
  ],
  ["a form of more than 4 kB", { name: "Ada", text: "a".repeat(5_000) }, 413],
]) {
  test(`refuses ${what}`, async () => {
    const before = book.rows.length;
    assert.equal((await post(port, fields)).status, status);
    assert.equal(book.rows.length, before);
  });
}

test("takes the longest name and greeting", async () => {
  assert.equal((await post(port, { name: "a".repeat(40), text: "a".repeat(200) })).status, 303);
});

test("refuses a form of another site", async () => {
  const fields = { name: "Eve", text: "hello" };
  assert.equal((await post(port, fields, { "Sec-Fetch-Site": "cross-site" })).status, 403);
  assert.equal((await post(port, fields, { "Sec-Fetch-Site": "same-origin" })).status, 303);
});

test("is healthy only with its database, and tells no more than that", async () => {
  assert.equal((await ask(port, "/health")).status, 200);
  const { isReachable } = book;
  book.isReachable = async () => false;
  const { status, text } = await ask(port, "/health");
  book.isReachable = isReachable;
  assert.deepEqual([status, text], [503, "unavailable\n"]);
});

test("keeps what the database says from the browser", async (context) => {
  const said = context.mock.method(console, "error", () => undefined);
  const { latest } = book;
  book.latest = async () => {
    throw Object.assign(new Error("Table 'app.greetings' of user u"), { code: "ER_NO_SUCH_TABLE" });
  };
  const { status, text } = await ask(port);
  book.latest = latest;
  assert.deepEqual([status, text], [500, "Something went wrong here.\n"]);
  assert.deepEqual(
    said.mock.calls.map(({ arguments: words }) => words),
    [["failed: GET /: ER_NO_SUCH_TABLE"]],
  );
});

test("answers 404 where there is nothing", async () => {
  assert.equal((await ask(port, "/nothing")).status, 404);
});

test("takes up a renewed certificate, and keeps it where the next one is no good", async (context) => {
  const said = context.mock.method(console, "log", () => undefined);
  const faults = context.mock.method(console, "error", () => undefined);
  const subject = async () => (await ask(port)).certificate.subject.CN;
  assert.equal(await subject(), "first");
  copyFileSync(second.certificate, first.certificate);
  reloadTls(server, first);
  assert.equal(await subject(), "first", "the key is not the certificate's");
  copyFileSync(second.privateKey, first.privateKey);
  reloadTls(server, first);
  assert.equal(await subject(), "second");
  writeFileSync(first.certificate, "nothing");
  reloadTls(server, first);
  assert.equal(await subject(), "second");
  assert.deepEqual([said.mock.callCount(), faults.mock.callCount()], [1, 2]);
  const old = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256" };
  await assert.rejects(ask(port, "/", old), /handshake/i, "the ciphers stay what they were");
});
