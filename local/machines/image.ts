import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { withFileLock } from "./file-lock";
import { ROUTER_IPV4 } from "./network";
import { machineAptOptions, machineAptProxy } from "./machine-apt";
import { run } from "./run";

export const APT_PROXY_PORT = 3142;

/** The vendor's name of the one image that is built here. */
export const IMAGE_ID = "linode/debian13";

/** What a Debian image of the vendor's has, as far as the stack could notice. */
const PACKAGES = [
  "apt-utils",
  "ca-certificates",
  "cloud-init",
  "cron",
  "curl",
  "dbus",
  "iproute2",
  "iptables",
  "iputils-ping",
  "less",
  "libpam-systemd",
  "nano",
  "netbase",
  "openssh-server",
  "procps",
  "python3",
  "sudo",
  "systemd",
  "systemd-sysv",
];

/**
 * What chrony's own unit lacks in a container: it would not start without the right to set a clock.
 *
 * A host's clock is this machine's. `-x` only follows time servers; without the capability even a
 * chronyd that was started otherwise could set nothing. A drop-in, because it is there before the
 * package is, and no file of the package's has to be merged with it.
 */
const CHRONY_DROP_IN = [
  "[Unit]",
  "ConditionCapability=",
  "[Service]",
  "CapabilityBoundingSet=~CAP_SYS_TIME",
  "ExecStart=",
  "ExecStart=!/usr/sbin/chronyd -x $DAEMON_OPTS",
];
const CHRONY_FOLDER = "etc/systemd/system/chrony.service.d";

/**
 * Done inside the new root, in this order.
 *
 * The machine id is left empty, not "uninitialized": that would be a first boot, at which systemd
 * enables every unit there is. No host keys: the first-boot data brings the one that is verified.
 */
const CUSTOMIZE = [
  `echo 'Acquire::http::Proxy "http://${ROUTER_IPV4}:${APT_PROXY_PORT}";' >"$1/etc/apt/apt.conf.d/00local-cloud"`,
  // Hosts here are thrown away; a real server keeps dpkg's care for power cuts.
  `echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/local-cloud"`,
  `rm -f "$1"/etc/ssh/ssh_host_* && : >"$1/etc/machine-id" && rm -f "$1/var/lib/dbus/machine-id"`,
  // The vendor's image lets root in with a password: hardening must find what it is there to close.
  `sed -i 's/^#PermitRootLogin .*/PermitRootLogin yes/' "$1/etc/ssh/sshd_config"`,
  `echo 'datasource_list: [NoCloud, None]' >"$1/etc/cloud/cloud.cfg.d/99-local-cloud.cfg"`,
  `chroot "$1" systemctl enable systemd-networkd.service >/dev/null 2>&1`,
  `mkdir "$1/${CHRONY_FOLDER}"`,
  `printf '%s\\n' ${CHRONY_DROP_IN.map((line) => `'${line}'`).join(" ")} >"$1/${CHRONY_FOLDER}/local-cloud.conf"`,
  // This machine's name servers would be out of a host's reach, and every look-up would wait for them.
  `: >"$1/etc/resolv.conf"`,
  `rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin`,
];

const SUITE = "trixie";

/** Builds one image into a file; replaceable, so that tests need not wait for a real build. */
export type ImageBuilder = (workDir: string, file: string) => Promise<void>;

export interface ImageOptions {
  cacheDir: string;
  onProgress?: (text: string) => void;
  build?: ImageBuilder;
}

/**
 * The path of the image, built if there is none.
 *
 * An image is used only if it matches the checksum that was written after it: one that is damaged,
 * cut short or half built is built again. Its name holds the hash of its recipe, so that a changed
 * recipe is another image.
 *
 * @throws if the build fails; the cache then holds nothing of it.
 */
export async function ensureImage(options: ImageOptions): Promise<string> {
  const folder = join(options.cacheDir, "images");
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const parts = [SUITE, PACKAGES, CUSTOMIZE, await machineAptOptions()];
  const recipe = createHash("sha256").update(JSON.stringify(parts));
  const file = join(folder, `debian13-${recipe.digest("hex").slice(0, 12)}.squashfs`);
  if (await isIntact(file)) return file;
  const waiting = (): void => options.onProgress?.("another process is building it: waiting");
  return withFileLock(join(options.cacheDir, ".image.lock"), waiting, async () => {
    // Whoever held the lock before may have built it.
    if (await isIntact(file)) return file;
    await removeLeftovers(folder);
    await buildInto(folder, file, options);
    return file;
  });
}

async function buildInto(folder: string, file: string, options: ImageOptions): Promise<void> {
  const report = options.onProgress ?? ((): void => undefined);
  const start = performance.now();
  report(
    existsSync(file) ? "is damaged: building it again" : "building Debian 13, once (about 40 s)",
  );
  const workDir = join(folder, `.build-${process.pid}`);
  await mkdir(workDir, { mode: 0o700 });
  try {
    const fresh = join(workDir, "image.squashfs");
    await (options.build ?? buildDebian)(workDir, fresh);
    const sum = await checksum(fresh);
    await rm(`${file}.sha256`, { force: true });
    await sync(fresh);
    await rename(fresh, file);
    await writeFile(join(workDir, "sum"), sum);
    await sync(join(workDir, "sum"));
    await rename(join(workDir, "sum"), `${file}.sha256`);
    await sync(folder);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
  const megabytes = Math.round((await stat(file)).size / 1e6);
  report(`built in ${((performance.now() - start) / 1000).toFixed(1)} s, ${megabytes} MB`);
}

const buildDebian: ImageBuilder = async (workDir, file) => {
  const root = join(workDir, "root");
  const hooks = CUSTOMIZE.map((line) => `--customize-hook=${line}`);
  const include = `--include=${PACKAGES.join(",")}`;
  // No mirror is named: mmdebstrap's own default, through the machine's own way to it.
  const options = (await machineAptOptions()).map((line) => `--aptopt=${line}`);
  const flags = ["--quiet", "--mode=root", "--variant=minbase", include, ...options, ...hooks];
  const env = { ...process.env, TMPDIR: workDir, ...(await aptProxyOfMachine()) };
  await run([...CONTAINED, "mmdebstrap", ...flags, SUITE, root], { env });
  const squash = ["-comp", "zstd", "-Xcompression-level", "3", "-quiet", "-no-progress"];
  await run(["mksquashfs", root, file, ...squash]);
};

/** If we are killed, all of the build ends at once, mounts included, and writes into nothing. */
const CONTAINED = [
  ...["setpriv", "--pdeathsig", "KILL"],
  ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
];

/** As a variable, since an apt option would stay in the image. */
async function aptProxyOfMachine(): Promise<NodeJS.ProcessEnv> {
  const proxy = await machineAptProxy();
  return proxy === undefined ? {} : { http_proxy: proxy };
}

async function isIntact(file: string): Promise<boolean> {
  try {
    return (await readFile(`${file}.sha256`, "utf8")) === (await checksum(file));
  } catch {
    return false;
  }
}

async function checksum(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

async function sync(file: string): Promise<void> {
  const handle = await open(file);
  await handle.sync();
  await handle.close();
}

/** Removes what an interrupted build left; its mounts ended with it. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(".build-")) await rm(join(folder, name), { recursive: true, force: true });
  }
}
