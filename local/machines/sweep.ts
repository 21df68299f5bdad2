import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import { forgetContainer } from "./container";
import { groupsWith, processesInGroup } from "./control-group";
import { mountsBelow, unmount } from "./disk";
import { forgetNamespaceFolder, killNamespace, listNamespaces } from "./network";
import { killAll } from "./kill";
import { run } from "./run";
import { namespaceName } from "./vantage";

/**
 * Takes away everything of one cloud that the machine shows: processes, links, mounts, namespaces.
 *
 * It goes by what is there, not by what was written down, so that it clears up after a crash at any
 * moment. It is safe to run twice, and it names nothing of another cloud.
 */
export async function sweep(cloudId: string, stateDir: string): Promise<void> {
  const prefix = namespaceName(cloudId, "");
  await killAll(() => processesOf(prefix, stateDir));
  for (const name of groupsWith(prefix)) await killAll(() => processesInGroup(name));
  const namespaces = (await listNamespaces()).filter((name) => name.startsWith(prefix));
  // Before a namespace loses its name: afterwards its processes are hard to find.
  for (const namespace of namespaces) await killNamespace(namespace);
  for (const mount of mountsBelow(stateDir)) await unmount(mount);
  for (const namespace of namespaces) await deleteNamespace(namespace);
  const containers = [...groupsWith(prefix), ...listFolder("/run/systemd/nspawn/propagate")];
  for (const name of containers.filter((it) => it.startsWith(prefix))) await forgetContainer(name);
  await forgetNamespaceFolder();
}

/** Links first: a namespace that something still holds open would keep them, and their names. */
async function deleteNamespace(namespace: string): Promise<void> {
  const links = await run(["ip", "-n", namespace, "-o", "link", "show", "type", "veth"], {
    allowFailure: true,
  });
  for (const match of links.matchAll(/^\d+: ([^@:]+)/gm)) {
    await run(["ip", "-n", namespace, "link", "delete", match[1] ?? ""], { allowFailure: true });
  }
  await run(["ip", "netns", "delete", namespace], { allowFailure: true });
}

/** How to know a cloud's own programs by their words; anything else that names it is left alone. */
const OWN_PROGRAMS: Record<string, (words: string[], prefix: string, stateDir: string) => boolean> =
  {
    bash: ([, script = "", folder = ""], _prefix, stateDir) =>
      basename(script) === "supervise.sh" && folder.startsWith(stateDir),
    "systemd-nspawn": (words, prefix) => words.some((it) => it.startsWith(`--machine=${prefix}`)),
    setpriv: (words, prefix) => words.some((it) => it.startsWith(`--machine=${prefix}`)),
    nsenter: ([, network = ""], prefix) => network.startsWith(`--net=/run/netns/${prefix}`),
    socat: (words, _prefix, stateDir) => words.some((it) => it.includes(`:${stateDir}`)),
    "ssh-agent": (words, _prefix, stateDir) => words.some((it) => it.startsWith(stateDir)),
    // Of the world outside; both are found by their network too, unless that has lost its name.
    chronyd: ([program = ""], _prefix, stateDir) => program.startsWith(stateDir),
    node: (words, _prefix, stateDir) =>
      words.some((it) => basename(it) === "receiver.ts") &&
      words.some((it) => it.startsWith(stateDir)),
  };

function processesOf(prefix: string, stateDir: string): number[] {
  return listFolder("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const words = commandOf(pid);
      const isOwn = OWN_PROGRAMS[basename(words[0] ?? "")];
      return isOwn?.(words, prefix, `${stateDir}/`) === true;
    });
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
