/**
 * Which of these ports answer, from where this runs: `knock.js <milliseconds> <address>...`, ports on stdin.
 *
 * A refusal is an answer, too: a wall that drops gives none. stdout: JSON, [{address, port}].
 */
const { readFileSync } = require("node:fs");
const { connect } = require("node:net");

/** All well-known ports of six addresses together: each that is dropped takes its whole wait. */
const AT_ONCE = 1_000;
/** No route, or no such family here, is no answer of a server's. */
const ANSWERS = ["ECONNREFUSED", "ECONNRESET"];
/** Nobody knocked then, and a door must not pass for closed. */
const NOT_ASKED = ["EMFILE", "ENFILE"];

const [, , limit, ...addresses] = process.argv;
const ports = readFileSync(0, "utf8").split(" ").map(Number);
const doors = addresses.flatMap((address) => ports.map((port) => ({ address, port })));
const answered = [];

const knock = (door) =>
  new Promise((done, fail) => {
    const socket = connect({ host: door.address, port: door.port });
    const end = (isAnswer) => {
      socket.destroy();
      if (isAnswer) answered.push(door);
      done();
    };
    // An answer that has come while this process had to wait for its turn is looked at first.
    socket.setTimeout(Number(limit), () => setImmediate(end, false));
    socket.on("connect", () => end(true));
    socket.on("error", (error) => {
      if (NOT_ASKED.includes(error.code)) fail(error);
      else end(ANSWERS.includes(error.code));
    });
  });

const worker = async () => {
  for (let door = doors.shift(); door; door = doors.shift()) await knock(door);
};

Promise.all(Array.from({ length: AT_ONCE }, worker)).then(
  () => process.stdout.write(JSON.stringify(answered.sort((one, other) => one.port - other.port))),
  ({ code }) => {
    process.stderr.write(
      `too many connections at once (${code}): allow more files, ulimit -n 4096\n`,
    );
    process.exitCode = 1;
    doors.length = 0;
  },
);
