/**
 * Asks for a page over and over, and counts what came of it, for tests of what must interrupt nobody.
 *
 *   node test/load.js --url https://203.0.113.5/ --ca authority.pem [--rate 200] [--seconds 10]
 *
 * Every other request is on a connection that is kept, the rest on fresh ones. Nothing is tried again: a lost request
 * is what this is about. Says `started` on stderr after the first answer, ends when stdin does or the seconds are over,
 * waits for the answers that are due, and prints what it has seen as JSON. A script without imports of ours, so that
 * it starts at once within the namespace of a vantage point.
 */
const { readFileSync } = require("node:fs");
const { Agent, get } = require("node:https");
const { parseArgs } = require("node:util");

const text = (fallback) => ({ type: "string", ...(fallback && { default: fallback }) });
const { values } = parseArgs({
  options: { url: text(), ca: text(), rate: text("200"), seconds: text() },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds ?? Infinity);
if (!values.url || !values.ca || !(rate > 0) || !(seconds > 0)) {
  process.stderr.write("--url and --ca have to be set, and --rate and --seconds be above 0\n");
  process.exit(64);
}

/** An answer that takes longer has been lost. */
const ANSWER_MS = 60_000;
/** No more come while so many wait, so that a machine that others keep busy is not asked for more than it can. */
const WAITING_MAX = 200;
const ERRORS_SHOWN = 20;
const ca = readFileSync(values.ca);
// In turn, so that no connection lies idle for so long that the server would let go of it.
const kept = new Agent({ ca, keepAlive: true, scheduling: "fifo", maxSockets: 16 });
const fresh = new Agent({ ca, keepAlive: false });

const seen = { sent: 0, ok: 0, failed: 0, statuses: {}, errors: [], slowestMs: 0 };
let pending = 0;
let stopped = false;

function ask() {
  const agent = seen.sent % 2 === 0 ? kept : fresh;
  const started = Date.now();
  let isOver = false;
  seen.sent += 1;
  pending += 1;

  const end = (fault) => {
    if (isOver) return;
    isOver = true;
    pending -= 1;
    clearTimeout(timer);
    seen.slowestMs = Math.max(seen.slowestMs, Date.now() - started);
    if (fault === undefined) seen.ok += 1;
    else {
      seen.failed += 1;
      const how = agent === kept ? "kept" : "fresh";
      const at = new Date().toISOString();
      if (seen.errors.length < ERRORS_SHOWN) seen.errors.push(`${at} ${how}: ${fault}`);
    }
    if (seen.ok + seen.failed === 1) process.stderr.write("started\n");
    report();
  };

  const request = get(values.url, { agent }, (response) => {
    const { statusCode } = response;
    seen.statuses[statusCode] = (seen.statuses[statusCode] ?? 0) + 1;
    response.resume();
    response.on("error", (error) => end(`in the answer, ${error.code ?? error.message}`));
    // An answer that broke off ends with `aborted` and no error of its own.
    response.on("close", () => end(response.complete ? undefined : "the answer broke off"));
    response.on("end", () => {
      if (!response.complete) end("the answer broke off");
      else end(statusCode >= 200 && statusCode < 400 ? undefined : `status ${statusCode}`);
    });
  });
  request.on("error", (error) => end(error.code ?? error.message));
  const timer = setTimeout(() => {
    end(`no answer within ${ANSWER_MS} ms`);
    request.destroy();
  }, ANSWER_MS);
}

function report() {
  if (!stopped || pending > 0) return;
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
}

/** What would have been asked, but for those who waited. */
let spared = 0;
const started = process.hrtime.bigint();
// By the clock rather than by ticks, so that a busy machine makes bursts and not fewer requests.
const ticks = setInterval(() => {
  const elapsed = Number(process.hrtime.bigint() - started) / 1e9;
  const due = Math.min(elapsed, seconds) * rate;
  while (seen.sent + spared < due && pending < WAITING_MAX) ask();
  spared = Math.max(spared, due - seen.sent);
  if (elapsed >= seconds) stop();
}, 5);

function stop() {
  if (stopped) return;
  stopped = true;
  clearInterval(ticks);
  report();
}

if (seconds === Infinity) process.stdin.resume().on("end", stop).on("error", stop);
process.on("SIGTERM", stop);
