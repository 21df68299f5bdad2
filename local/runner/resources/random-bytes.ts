import { randomBytes } from "node:crypto";

import type { Handler, Made } from "../handler";
import type { WireObject } from "../wire";

/** `random.RandomBytes`: drawn once, then kept in the state. */
export const randomBytesHandler: Handler = {
  create: (_, inputs) => Promise.resolve(bytesOf(randomBytes(Number(inputs["length"])))),
};

export function bytesOf(bytes: Buffer): Made {
  const outputs: WireObject = { base64: bytes.toString("base64"), hex: bytes.toString("hex") };
  return { id: "none", outputs };
}
