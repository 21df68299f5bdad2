import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import { killNamespace } from "./network";
import { pollUntil, run } from "./run";

/** The programs that a cloud starts; a `tail` or an editor on one of its files is not among them. */
const PROGRAMS = new Set(["bash", "systemd-nspawn", "socat", "ssh-agent", "nsenter"]);

/**
 * Takes away everything of one cloud that the machine shows: processes, links, mounts, namespaces.
 *
 * It goes by what is there, not by what was written down, so that it clears up after a crash at any
 * moment. It is safe to run twice, and it names nothing of another cloud.
 */
export async function sweep(cloudId: string, stateDir: string): Promise<void> {
  for (const pid of processesOf(cloudId, stateDir)) kill(pid);
  const namespaces = (await run(["ip", "netns", "list"]))
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name.startsWith(`sh-${cloudId}-`));
  // Before a namespace loses its name: afterwards its processes are hard to find.
  for (const namespace of namespaces) await killNamespace(namespace);
  await pollUntil(() => processesOf(cloudId, stateDir).length === 0, 5_000, 20);
  await unmountAll(stateDir);
  // The router last: deleting a link at the router's end frees its other end at once.
  const order = (name: string): number => (name.endsWith("-router") ? 0 : 1);
  for (const namespace of namespaces.sort((a, b) => order(a) - order(b))) {
    await deleteNamespace(namespace);
  }
}

async function deleteNamespace(namespace: string): Promise<void> {
  const links = await run(["ip", "-n", namespace, "-o", "link", "show", "type", "veth"], {
    allowFailure: true,
  });
  for (const match of links.matchAll(/^\d+: ([^@:]+)/gm)) {
    await run(["ip", "-n", namespace, "link", "delete", match[1] ?? ""], { allowFailure: true });
  }
  await run(["ip", "netns", "delete", namespace], { allowFailure: true });
}

/** Processes of the cloud's own programs whose words name its state folder or one of its namespaces. */
function processesOf(cloudId: string, stateDir: string): number[] {
  const marks = [`${stateDir}/`, `/run/netns/sh-${cloudId}-`];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      if (pid === process.pid) return false;
      const words = commandOf(pid);
      return (
        PROGRAMS.has(basename(words[0] ?? "")) &&
        marks.some((mark) => words.join(" ").includes(mark))
      );
    });
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}

async function unmountAll(stateDir: string): Promise<void> {
  for (const mount of mountsBelow(stateDir)) {
    const gone = await pollUntil(async () => {
      await run(["umount", mount], { allowFailure: true });
      return !mountsBelow(stateDir).includes(mount);
    }, 3_000);
    if (!gone) await run(["umount", "--lazy", mount], { allowFailure: true });
  }
}

/** Innermost first. */
function mountsBelow(folder: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((mount) => mount.startsWith(`${folder}/`))
    .reverse();
}
