import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { bytesFrom, DRAWN_LENGTH } from "./lib/secret-bytes";

/**
 * Random bytes in base64, a secret; drawn anew when a keeper changes.
 *
 * Of a password, as `random.RandomBytes` has the bytes as its id, too, which no engine takes for a secret: it stands
 * in the state and in every diff in clear.
 */
export function drawBytes(
  name: string,
  length: number,
  parent: pulumi.Resource,
  keepers?: Record<string, string>,
): pulumi.Output<string> {
  const args = { length: DRAWN_LENGTH, special: false, ...(keepers ? { keepers } : {}) };
  const { result } = new random.RandomPassword(name, args, { parent });
  // In base64: what the SDK passes on of bytes is an object that is no longer a Buffer.
  return pulumi.secret(result).apply((drawn) => bytesFrom(drawn, length).toString("base64"));
}
