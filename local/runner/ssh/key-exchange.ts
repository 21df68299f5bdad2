import { spawnSync } from "node:child_process";

import { RunnerError } from "../failures";

/**
 * Key exchanges, the best first: those that a quantum computer will not open in what was recorded
 * today, which are all that a hardened server offers. The last is for a server that is not yet
 * hardened and knows no better.
 */
const WANTED = [
  "mlkem768x25519-sha256",
  "sntrup761x25519-sha512",
  "sntrup761x25519-sha512@openssh.com",
  "curve25519-sha256",
];

let known: string | undefined;

/** Those of them that this machine's OpenSSH knows, which refuses to start if told of any other. */
export function keyExchanges(): string {
  known ??= ask();
  return known;
}

function ask(): string {
  const asked = spawnSync("ssh", ["-Q", "kex"], { encoding: "utf8" });
  const names = asked.error ? [] : asked.stdout.split("\n");
  const both = WANTED.filter((name) => names.includes(name));
  if (both.length > 0) return both.join(",");
  throw new RunnerError("hosts are reached with OpenSSH's `ssh`: install openssh-client");
}
