import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { createKeyPair, type SecretKeyPair } from "./secret-key-pair";

/** Length of the root password. It is for the vendor's API alone: nobody ever needs to type it. */
const PASSWORD_LENGTH = 64;

/**
 * All that one server is born with and known by.
 *
 * Guarantees that the stack knows a server's host keys before the server exists, so that no
 * connection is ever made on trust. The two `first` pairs stand in the first-boot data, which stays
 * readable on the server, and are worth nothing once the hand-over has taken them out of use; the
 * private half of `hostKey` reaches the server over a verified connection only. Does not protect
 * against somebody who can read the stack's state and its secrets.
 */
export class ServerCredentials extends pulumi.ComponentResource {
  /** Root's password, which a control locks. */
  public readonly rootPassword: pulumi.Output<string>;
  /** Proves the server's identity to the first connection. */
  public readonly firstHostKey: SecretKeyPair;
  /** Lets the first connection in. */
  public readonly firstLoginKey: SecretKeyPair;
  /** Proves the server's identity from then on. */
  public readonly hostKey: SecretKeyPair;

  constructor(name: string, opts: pulumi.ComponentResourceOptions = {}) {
    super("stronghold:index:ServerCredentials", name, {}, opts);
    this.rootPassword = this.createPassword(`${name}-root-password`);
    this.firstHostKey = createKeyPair(`${name}-first-host-key`, this);
    this.firstLoginKey = createKeyPair(`${name}-first-login-key`, this);
    this.hostKey = createKeyPair(`${name}-host-key`, this);
    this.registerOutputs({
      rootPassword: this.rootPassword,
      firstHostKey: this.firstHostKey,
      firstLoginKey: this.firstLoginKey,
      hostKey: this.hostKey,
    });
  }

  private createPassword(name: string): pulumi.Output<string> {
    const args = {
      length: PASSWORD_LENGTH,
      minLower: 1,
      minUpper: 1,
      minNumeric: 1,
      minSpecial: 1,
    };
    return pulumi.secret(new random.RandomPassword(name, args, { parent: this }).result);
  }
}
