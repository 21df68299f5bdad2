/** What the machine under the tests shows of a cloud, and of itself. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

const show = (...words: string[]): string =>
  spawnSync(words[0] ?? "", words.slice(1), { encoding: "utf8" }).stdout;

/** Everything of a cloud that the machine shows; anything here after `down` is a leftover. */
export function traces({ cloudId, stateDir }: { cloudId: string; stateDir: string }): string[] {
  const marks = [`/${cloudId}`, `sh-${cloudId}`, `s${cloudId}`];
  const lines = [
    show("ip", "netns", "list"),
    show("ip", "-o", "link"),
    show("cat", "/proc/self/mountinfo"),
    show("losetup", "--all"),
    show("find", dirname(stateDir), "-maxdepth", "1"),
    // What nspawn makes outside a host's folder.
    show("find", "/sys/fs/cgroup", "/run/systemd/nspawn", "-maxdepth", "2"),
  ].flatMap((text) => text.split("\n"));
  return [...lines, ...commandLines()].filter((line) => marks.some((mark) => line.includes(mark)));
}

/**
 * Of every process of this machine, which sees those of the hosts too. A zombie has none left, and
 * waits only for process 1.
 */
export function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readOr(`/proc/${pid}/cmdline`).replaceAll("\0", " "));
}

/** The machine's own interfaces, forwarding and firewall, which no cloud may change. */
export function machineNetwork(): string {
  const script =
    "ip -o link | cut -d' ' -f2; sysctl -n net.ipv4.ip_forward net.ipv6.conf.all.forwarding; " +
    "iptables-save; ip6tables-save; nft list ruleset";
  // iptables-save dates its output.
  return show("bash", "--norc", "-c", script).replace(/^#.*$/gm, "");
}

/** The text of a file, or nothing where there is none or it has just gone. */
export function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
