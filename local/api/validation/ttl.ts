/** The vendor's times to live; what is between two of them is rounded up. */
const TIMES = [
  ...[30, 120, 300, 3600, 7200, 14400, 28800, 57600, 86400, 172800, 345600, 604800, 1209600],
  2419200,
];

/** In seconds; 0 leaves it to the vendor. */
export function roundedTtl(value: unknown): number {
  if (typeof value !== "number" || value <= 0) return 0;
  return TIMES.find((time) => time >= value) ?? 2419200;
}
