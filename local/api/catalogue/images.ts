export interface Image {
  id: string;
  label: string;
  vendor: string;
  /** In MB. */
  size: number;
  created: string;
  eol: string;
}

const ROWS: readonly [string, string, string, number, string, string][] = [
  ["linode/debian11", "Debian 11", "Debian", 1600, "2021-08-14T22:44:02", "2026-08-31T04:00:00"],
  ["linode/debian12", "Debian 12", "Debian", 1800, "2023-06-10T16:47:25", "2028-06-30T04:00:00"],
  ["linode/debian13", "Debian 13", "Debian", 2000, "2025-08-11T14:03:51", "2030-06-30T04:00:00"],
  [
    "linode/ubuntu22.04",
    "Ubuntu 22.04 LTS",
    "Ubuntu",
    3500,
    "2022-04-21T19:45:54",
    "2027-06-01T04:00:00",
  ],
  [
    "linode/ubuntu24.04",
    "Ubuntu 24.04 LTS",
    "Ubuntu",
    3500,
    "2024-04-25T16:52:17",
    "2029-05-31T04:00:00",
  ],
  [
    "linode/ubuntu26.04",
    "Ubuntu 26.04 LTS",
    "Ubuntu",
    3500,
    "2026-04-23T15:20:08",
    "2031-05-31T04:00:00",
  ],
];

/** What the vendor offers. Which of these a local cloud can boot is for its machines to say. */
export const IMAGES: readonly Image[] = ROWS.map(([id, label, vendor, size, created, eol]) => ({
  id,
  label,
  vendor,
  size,
  created,
  eol,
}));

export function findImage(id: string): Image | undefined {
  return IMAGES.find((image) => image.id === id);
}
