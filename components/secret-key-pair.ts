import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { keyPairFromSeed } from "./lib/ssh-key-pairs";

/** An SSH key pair whose private half is a secret. */
export interface SecretKeyPair {
  privateKey: pulumi.Output<string>;
  publicKey: pulumi.Output<string>;
}

const SEED_BYTES = 32;

/** A key pair from a random seed, which is the only thing that the state has to keep. */
export function createKeyPair(name: string, parent: pulumi.Resource): SecretKeyPair {
  const seed = new random.RandomBytes(name, { length: SEED_BYTES }, { parent });
  const pair = pulumi
    .secret(seed.base64)
    .apply((base64) => keyPairFromSeed(Buffer.from(base64, "base64")));
  return { privateKey: pair.privateKey, publicKey: pulumi.unsecret(pair.publicKey) };
}
