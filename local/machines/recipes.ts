import { ROUTER_IPV4 } from "./network";

export const APT_PROXY_PORT = 3142;

/** What one of the vendor's images is made of here. */
export interface Recipe {
  /** The vendor's name of it. */
  id: string;
  /** The same, as a part of file names. */
  name: string;
  title: string;
  suite: string;
  packages: readonly string[];
  /** Shell lines, carried out in this order with the new root as `$1`. */
  customize: readonly string[];
  /** Of an archive that mmdebstrap does not know by itself on every machine; Debian's it does. */
  archive?: { components: string };
}

export const DEBIAN = "linode/debian13";

/** What an image of the vendor's has, as far as the stack could notice. */
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

/** Ubuntu's server brings these as well; each is in some control's way, or was. */
const UBUNTU_PACKAGES = [
  ...PACKAGES,
  "needrestart",
  // cloud-init hands the network to it, and it to systemd-networkd.
  "netplan.io",
  "rsyslog",
  "systemd-resolved",
  "ufw",
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

const UBUNTU_CUSTOMIZE = [
  // A link into /run, where systemd-resolved would answer: the line below could not write through it.
  `rm -f "$1/etc/resolv.conf"`,
  // cloud-init would write a list of its own making, without the mirror that the image came from.
  `echo 'apt: { preserve_sources_list: true }' >"$1/etc/cloud/cloud.cfg.d/99-local-cloud-apt.cfg"`,
  ...CUSTOMIZE,
];

/** All that can be booted here, the one for which nothing has to be said first. */
export const RECIPES: readonly [Recipe, ...Recipe[]] = [
  {
    ...{ id: DEBIAN, name: "debian13", title: "Debian 13", suite: "trixie" },
    ...{ packages: PACKAGES, customize: CUSTOMIZE },
  },
  {
    ...{ id: "linode/ubuntu24.04", name: "ubuntu24.04", title: "Ubuntu 24.04", suite: "noble" },
    packages: [...UBUNTU_PACKAGES, "systemd-timesyncd"],
    customize: UBUNTU_CUSTOMIZE,
    archive: { components: "main,universe" },
  },
  {
    ...{ id: "linode/ubuntu26.04", name: "ubuntu26.04", title: "Ubuntu 26.04", suite: "resolute" },
    packages: [...UBUNTU_PACKAGES, "chrony", "sudo-rs"],
    customize: UBUNTU_CUSTOMIZE,
    archive: { components: "main,universe" },
  },
];

export function isRecipe(image: string): boolean {
  return RECIPES.some(({ id }) => id === image);
}

/** @throws Error if no such image can be made here. */
export function recipeOf(image: string): Recipe {
  const recipe = RECIPES.find(({ id }) => id === image);
  if (recipe) return recipe;
  const able = RECIPES.map(({ id }) => id).join(", ");
  throw new Error(`the local cloud cannot make the image ${image}; it can make ${able}`);
}
