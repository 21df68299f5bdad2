import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs `work` while no other process holds the lock `file`; calls `onWait` if it has to wait.
 *
 * The kernel's own lock (flock(2)), since it ends with its holder however that dies: a lock that is
 * a file with a process id in it needs a take-over, and two can take over at once. Node has no call
 * for it, so a child holds it for as long as our end of its input is open.
 */
export async function withFileLock<T>(
  file: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const holder = spawn("flock", ["--exclusive", file, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
    // A Ctrl-C at the terminal is for us: the lock must last until `work` has cleared up.
    detached: true,
  });
  const waiting = setTimeout(onWait, 500);
  try {
    // An ending before the first word is a failure too: rejects instead of waiting for ever.
    const failed = once(holder, "close").then(() =>
      Promise.reject(new Error(`flock ${file} failed`)),
    );
    await Promise.race([once(holder.stdout, "data"), failed]);
    clearTimeout(waiting);
    failed.catch(() => undefined);
    return await work();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
  }
}
