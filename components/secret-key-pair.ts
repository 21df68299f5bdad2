import * as pulumi from "@pulumi/pulumi";

import { keyPairFromSeed } from "./lib/ssh-key-pairs";
import { drawBytes } from "./secret-bytes";

/** An SSH key pair whose private half is a secret. */
export interface SecretKeyPair {
  privateKey: pulumi.Output<string>;
  publicKey: pulumi.Output<string>;
}

const SEED_BYTES = 32;

/** A key pair from a random seed, which is the only thing that the state has to keep. */
export function createKeyPair(name: string, parent: pulumi.Resource): SecretKeyPair {
  const seed = drawBytes(name, SEED_BYTES, parent);
  const pair = seed.apply((base64) => keyPairFromSeed(Buffer.from(base64, "base64")));
  return { privateKey: pair.privateKey, publicKey: pulumi.unsecret(pair.publicKey) };
}
