import { spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { UserError } from "./user-error";

/** Generous: a busy machine, or one whose disk is cold, is slow and not broken. */
const START_LIMIT_MS = 60_000;

/**
 * Lends one key to `work` through an SSH agent of its own.
 *
 * The deployer's key reaches the engine as it would on an operator's machine: through the agent, so
 * that it is no input of a resource and never in the state.
 */
export async function withAgent<T>(
  socket: string,
  keyFile: string,
  work: () => Promise<T>,
): Promise<T> {
  rmSync(socket, { force: true });
  // A group of its own: Ctrl-C must leave it to the steps that are still under way.
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore", detached: true });
  const ended = new Promise((resolve) => {
    agent.once("close", resolve).once("error", resolve);
  });
  try {
    const deadline = Date.now() + START_LIMIT_MS;
    while (!existsSync(socket)) {
      if (agent.exitCode !== null || Date.now() > deadline) {
        throw new UserError("ssh-agent did not start. Is openssh-client installed?");
      }
      await delay(10);
    }
    const added = spawnSync("ssh-add", ["-q", keyFile], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      encoding: "utf8",
    });
    if (added.status !== 0)
      throw new UserError(`ssh-add ${keyFile} failed: ${added.stderr.trim()}`);
    return await work();
  } finally {
    agent.kill("SIGTERM");
    // It removes the socket as it ends, and that could be its successor's by then.
    await ended;
    rmSync(socket, { force: true });
  }
}
