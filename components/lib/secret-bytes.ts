import { hkdfSync } from "node:crypto";

/** Letters and digits that a drawn text has: 381 bits of chance, more than any use here can take. */
export const DRAWN_LENGTH = 64;

/** As many bytes as are wanted, made of a drawn text: as secret as it, and the same each time. */
export function bytesFrom(drawn: string, length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", drawn, "", "stronghold", length));
}
