import { readFileSync, statSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { MachineSpec } from "../types";
import { pollUntil, run } from "./run";
import { renderSeed, withRootPassword } from "./seed";

const UNMOUNT_LIMIT_MS = 5_000;

/** One host's disk: the shared, read-only image below, this host's changes above. */
export class Disk {
  /** Where the whole disk is seen. */
  readonly root: string;

  constructor(private readonly folder: string) {
    this.root = join(folder, "root");
  }

  /** Makes the disk and puts on it what the vendor would: first-boot data, root's password and keys. */
  async create(spec: MachineSpec, image: string): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    // These two are a host's `/` for its users; the folder above keeps this machine's users out.
    for (const name of ["upper", "root"]) await mkdir(join(this.folder, name), { mode: 0o755 });
    await mkdir(join(this.folder, "work"), { mode: 0o700 });
    await this.mount(image);
    await this.seed(spec);
  }

  async mount(image: string): Promise<void> {
    if (this.isMounted()) return;
    const [upper, work] = [join(this.folder, "upper"), join(this.folder, "work")];
    const layers = `lowerdir=${image},upperdir=${upper},workdir=${work}`;
    await run(["mount", "-t", "overlay", "overlay", "-o", layers, this.root]);
  }

  /** Unmounts and removes it; the host must be off. */
  async remove(): Promise<void> {
    await unmount(this.root);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async seed(spec: MachineSpec): Promise<void> {
    const folder = join(this.root, "var/lib/cloud/seed/nocloud");
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(renderSeed(spec))) {
      await writeFile(join(folder, name), String(text), { mode: 0o600 });
    }
    const shadow = join(this.root, "etc/shadow");
    const hash = await run(["openssl", "passwd", "-6", "-stdin"], { input: `${spec.rootPass}\n` });
    // Written over in place, so that owner and mode stay.
    await writeFile(shadow, withRootPassword(await readFile(shadow, "utf8"), hash.trim()));
    if (spec.authorizedKeys.length === 0) return;
    await mkdir(join(this.root, "root/.ssh"), { recursive: true, mode: 0o700 });
    const keys = spec.authorizedKeys.map((key) => `${key.trim()}\n`).join("");
    await writeFile(join(this.root, "root/.ssh/authorized_keys"), keys, { mode: 0o600 });
  }

  private isMounted(): boolean {
    return mountsBelow(this.folder).includes(this.root);
  }
}

/** Everything mounted below a folder, innermost first. */
export function mountsBelow(folder: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((mount) => mount.startsWith(`${folder}/`))
    .reverse();
}

/** Unmounts, waiting for the last process to leave; nothing mounted is no error. */
export async function unmount(mount: string): Promise<void> {
  const parent = join(mount, "..");
  const isGone = (): boolean => !mountsBelow(parent).includes(mount);
  if (isGone()) return;
  await forgetLock(mount);
  const left = await pollUntil(async () => {
    await run(["umount", mount], { allowFailure: true });
    return isGone();
  }, UNMOUNT_LIMIT_MS);
  // The last resort: it vanishes from here now, and for good when whoever holds it lets go.
  if (!left) await run(["umount", "--lazy", mount], { allowFailure: true });
}

/** nspawn locks its root folder by device and inode, and leaves the lock file when it is killed. */
async function forgetLock(mount: string): Promise<void> {
  const { dev, ino } = statSync(mount);
  await rm(`/run/systemd/nspawn/locks/inode-${dev}:${ino}`, { force: true });
}
