import * as pulumi from "@pulumi/pulumi";

import { createKeyPair, type SecretKeyPair } from "./secret-key-pair";

/**
 * The keys with which the database server signs its backups and brings them to the backup server.
 *
 * Guarantees that they are no server's host key and no person's key, so that each opens one door only.
 * The key that decrypts backups is not among them: it never meets the stack (catalogue G14). Does not
 * protect against somebody who can read the stack's state and its secrets, or who is root on the
 * database server: they can sign what they like from then on, but change nothing that is stored.
 */
export class BackupCredentials extends pulumi.ComponentResource {
  /** Proves to whoever restores that a backup is this stack's own. */
  public readonly signingKey: SecretKeyPair;
  /** Lets the database server add a file to the backup server, and nothing else (catalogue G15). */
  public readonly pushKey: SecretKeyPair;

  constructor(name: string, opts: pulumi.ComponentResourceOptions = {}) {
    super("stronghold:index:BackupCredentials", name, {}, opts);
    this.signingKey = createKeyPair(`${name}-signing-key`, this);
    this.pushKey = createKeyPair(`${name}-push-key`, this);
    this.registerOutputs({ signingKey: this.signingKey, pushKey: this.pushKey });
  }
}
