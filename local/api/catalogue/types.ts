/** A plan. Figures and prices are the vendor's list of 2025 for regions without a surcharge. */
export interface Plan {
  id: string;
  label: string;
  class: "nanode" | "standard" | "dedicated" | "highmem";
  /** In MB, as is `memory`. */
  disk: number;
  memory: number;
  vcpus: number;
  /** In GB a month. */
  transfer: number;
  /** In Mbit/s. */
  networkOut: number;
  monthly: number;
  backupsMonthly: number;
}

type Row = [string, string, Plan["class"], number, number, number, number, number, number, number];

const ROWS: readonly Row[] = [
  ["g6-nanode-1", "Nanode 1GB", "nanode", 25600, 1024, 1, 1000, 1000, 5, 2],
  ["g6-standard-1", "Linode 2GB", "standard", 51200, 2048, 1, 2000, 2000, 12, 2.5],
  ["g6-standard-2", "Linode 4GB", "standard", 81920, 4096, 2, 4000, 4000, 24, 5],
  ["g6-standard-4", "Linode 8GB", "standard", 163840, 8192, 4, 5000, 5000, 48, 10],
  ["g6-standard-6", "Linode 16GB", "standard", 327680, 16384, 6, 8000, 6000, 96, 20],
  ["g6-dedicated-2", "Dedicated 4GB", "dedicated", 81920, 4096, 2, 4000, 4000, 36, 5],
  ["g6-dedicated-4", "Dedicated 8GB", "dedicated", 163840, 8192, 4, 5000, 5000, 72, 10],
  ["g6-dedicated-8", "Dedicated 16GB", "dedicated", 327680, 16384, 8, 6000, 6000, 144, 20],
  ["g7-highmem-1", "Linode 24GB", "highmem", 20480, 24576, 2, 5000, 5000, 60, 5],
];

export const PLANS: readonly Plan[] = ROWS.map(
  ([id, label, kind, disk, memory, vcpus, transfer, networkOut, monthly, backupsMonthly]) => ({
    id,
    label,
    class: kind,
    disk,
    memory,
    vcpus,
    transfer,
    networkOut,
    monthly,
    backupsMonthly,
  }),
);

export function findPlan(id: string): Plan | undefined {
  return PLANS.find((plan) => plan.id === id);
}

/** The plan of a Linode that exists; its id was checked when it was stored. */
export function planOf(id: string): Plan {
  const plan = findPlan(id);
  if (!plan) throw new Error(`The state names the plan ${id}, which the catalogue does not have.`);
  return plan;
}
