import type { Plan } from "../catalogue/types";
import { type Config, type Disk, type State, takeId } from "../state/model";

const SWAP_MB = 512;
const SLOTS = ["sda", "sdb", "sdc", "sdd", "sde", "sdf", "sdg", "sdh"] as const;

/** The disks of a new Linode: all of the plan's space, less a swap disk. */
export function defaultDisks(draft: State, plan: Plan, image: string, now: string): Disk[] {
  const times = { created: now, updated: now };
  return [
    {
      id: takeId(draft, "disk"),
      label: `${image} Disk`,
      filesystem: "ext4",
      size: plan.disk - SWAP_MB,
      ...times,
    },
    {
      id: takeId(draft, "disk"),
      label: `${SWAP_MB} MB Swap Image`,
      filesystem: "swap",
      size: SWAP_MB,
      ...times,
    },
  ];
}

/** The one config of a new Linode; with none, clients could name nothing to boot. */
export function defaultConfig(
  draft: State,
  image: string,
  disks: readonly Disk[],
  now: string,
): Config {
  const slots = SLOTS.map((slot, index) => {
    const disk = disks[index];
    return [slot, disk ? { disk_id: disk.id, volume_id: null } : null] as const;
  });
  return {
    id: takeId(draft, "config"),
    label: `My ${image} Disk Profile`,
    comments: "",
    kernel: "linode/grub2",
    memoryLimit: 0,
    runLevel: "default",
    virtMode: "paravirt",
    rootDevice: "/dev/sda",
    devices: Object.fromEntries(slots),
    helpers: {
      updatedb_disabled: true,
      distro: true,
      modules_dep: true,
      network: true,
      devtmpfs_automount: true,
    },
    created: now,
    updated: now,
  };
}
