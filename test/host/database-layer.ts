/**
 * A database's packages, installed once by the control `packages` and shared by the hosts of all tests.
 *
 * Half a minute of a busy machine a host is saved by it. It lies between the image and what a host writes,
 * so nothing that a test does gets into it; what makes a host this one and no other is left out.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { ensureImage } from "../../local/machines/image";
import { withFileLock } from "../../local/machines/file-lock";
import { BUNDLE } from "./harness";
import { CACHE_DIR, IMAGE, run, type TestMachines } from "./test-machines";

const OWN = [
  ...[
    "etc/hostname",
    "etc/hosts",
    "etc/machine-id",
    "etc/ssh",
    "etc/sudoers.d",
    "etc/systemd/network",
  ],
  ...["home", "root", "run", "tmp", "var/tmp", "var/cache/apt/archives", "var/log/journal"],
  ...["var/lib/cloud", "var/lib/dbus", "var/lib/mysql/auto.cnf", "var/lib/systemd/timers"],
];
/** What decides what is installed. */
const PARTS = [
  ...["driver", "lib.sh", "files.sh"],
  ...["controls/packages.sh", "controls/packages", "files/packages"],
];

/** The layer's folder; made by `install`, which answers the host that it has installed on, if it is not there. */
export async function databaseLayer(
  what: string,
  install: () => Promise<TestMachines>,
): Promise<string> {
  const hash = createHash("sha256").update(what);
  hash.update(await ensureImage({ cacheDir: CACHE_DIR, image: IMAGE }));
  for (const part of PARTS) hash.update(textOf(join(BUNDLE, part)));
  const layer = join(CACHE_DIR, `test-layer-${what}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(layer)) return layer;
  mkdirSync(CACHE_DIR, { recursive: true });
  await withFileLock(
    `${layer}.lock`,
    () => undefined,
    async () => {
      if (existsSync(layer)) return;
      const cloud = await install();
      await cloud.machines.shutdown(1001);
      const upper = join(cloud.stateDir, "machines", "1001", "upper");
      const own = OWN.map((path) => `'${upper}/${path}'`).join(" ");
      const ran = run([
        "bash",
        "-c",
        `set -e; rm -rf '${CACHE_DIR}/test-layer-${what}'-*[^k] ${own}; cp -a '${upper}' '${layer}.new'; mv '${layer}.new' '${layer}'`,
      ]);
      await cloud.down();
      if (ran.code !== 0) throw new Error(ran.stderr);
    },
  );
  return layer;
}

/** Puts the layer below a host that has been made and was not booted yet. */
export function slideIn(layer: string, cloud: TestMachines, id: number): void {
  const folder = join(cloud.stateDir, "machines", String(id));
  const lower = `lowerdir=${layer}:${cloud.machines.imageFolder(IMAGE)}`;
  const line = `
    set -e; cd '${folder}'; umount root
    # The image's own accounts with this host's passwords, and then those that the packages have made.
    awk -F: 'NR == FNR { own[$1] = 1; print; next } !($1 in own)' upper/etc/shadow '${layer}/etc/shadow' >shadow
    cat shadow >upper/etc/shadow; rm shadow
    mount -t overlay overlay -o '${lower},upperdir=upper,workdir=work' root`;
  const ran = run(["bash", "-c", line]);
  if (ran.code !== 0) throw new Error(ran.stderr);
}

function textOf(path: string): string {
  if (!existsSync(path)) return "";
  if (statSync(path).isFile()) return readFileSync(path, "utf8");
  return readdirSync(path)
    .sort()
    .map((name) => `${name}\n${textOf(join(path, name))}`)
    .join("");
}
