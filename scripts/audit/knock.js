/**
 * Which of these ports answer, from where this runs: `knock.js <milliseconds> <address>...`, ports on stdin.
 *
 * A refusal is an answer, too: a wall that drops gives none. stdout: JSON, [{address, port}].
 */
const { readFileSync } = require("node:fs");
const { connect } = require("node:net");

const AT_ONCE = 200;
/** No route, or no such family here, is no answer of a server's. */
const ANSWERS = ["ECONNREFUSED", "ECONNRESET"];

const [, , limit, ...addresses] = process.argv;
const ports = readFileSync(0, "utf8").split(" ").map(Number);
const doors = addresses.flatMap((address) => ports.map((port) => ({ address, port })));
const answered = [];

const knock = (door) =>
  new Promise((done) => {
    const socket = connect({ host: door.address, port: door.port });
    const end = (isAnswer) => {
      socket.destroy();
      if (isAnswer) answered.push(door);
      done();
    };
    socket.setTimeout(Number(limit), () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", ({ code }) => end(ANSWERS.includes(code)));
  });

const worker = async () => {
  for (let door = doors.shift(); door; door = doors.shift()) await knock(door);
};

void Promise.all(Array.from({ length: AT_ONCE }, worker)).then(() => {
  process.stdout.write(JSON.stringify(answered.sort((one, other) => one.port - other.port)));
});
