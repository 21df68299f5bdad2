import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { authorityCertificate, type Authority, serverCertificate } from "./lib/certificates";
import type { DatabaseSettings } from "./lib/settings";
import type { CertifiedKey } from "./lib/x509";
import { drawBytes } from "./secret-bytes";

export interface DatabaseCredentialsArgs {
  /** Which passwords and certificates are the valid ones. They decide which resources exist. */
  settings: Pick<DatabaseSettings, "passwords" | "certificates">;
  /** Label of the database server, by which its authority is named. */
  server: string;
}

/** An account's password, and the one that still works beside it; both secrets. */
export interface RotatedSecret {
  current: pulumi.Output<string>;
  /** Empty where no other one works. */
  previous: pulumi.Output<string>;
}

/** 190 bits. */
const PASSWORD_LENGTH = 32;
const SEED_BYTES = 32;

/**
 * How clients of the database prove who they are, and how the database proves who it is.
 *
 * Guarantees that a raised `passwords.issue` makes new passwords while the ones before stay what they
 * were, so that server and clients can change over one after the other without a moment in which either
 * is refused (catalogue A07); and that the authority's private key leaves the stack's state for nowhere.
 * A raised `certificates.issue` makes the authority and the server's certificate anew, and here nothing
 * overlaps: who holds the old authority's certificate needs the new one. Does not protect against
 * somebody who can read the stack's state and its secrets.
 */
export class DatabaseCredentials extends pulumi.ComponentResource {
  /** Of the account that reads and writes rows. */
  public readonly application: RotatedSecret;
  /** Of the account that changes the schema. */
  public readonly deployment: RotatedSecret;
  /** The authority that vouches for the server, in PEM; no secret. */
  public readonly caCertificate: pulumi.Output<string>;

  private readonly args: DatabaseCredentialsArgs;
  private readonly name: string;
  private readonly authoritySeed: pulumi.Output<string>;
  private readonly serverSeed: pulumi.Output<string>;

  constructor(
    name: string,
    args: DatabaseCredentialsArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("stronghold:index:DatabaseCredentials", name, {}, opts);
    this.args = args;
    this.name = name;
    this.application = this.createPasswords("application");
    this.deployment = this.createPasswords("deployment");
    this.authoritySeed = this.createSeed("authority-seed");
    this.serverSeed = this.createSeed("server-seed");
    this.caCertificate = pulumi.unsecret(
      this.authoritySeed.apply((seed) => authorityCertificate(this.authority(seed))),
    );
    this.registerOutputs({
      application: this.application,
      deployment: this.deployment,
      caCertificate: this.caCertificate,
    });
  }

  /** What the server with that host name and private address shows its clients; a secret. */
  public serverCertificate(
    label: string,
    address: pulumi.Input<string>,
  ): pulumi.Output<CertifiedKey> {
    const made = pulumi
      .all([this.authoritySeed, this.serverSeed, address])
      .apply(([authoritySeed, serverSeed, at]) => {
        const server = { label, address: at, seed: bytesOf(serverSeed) };
        return serverCertificate(this.authority(authoritySeed), server);
      });
    return pulumi.secret(made);
  }

  private authority(seed: string): Authority {
    return { name: `${this.args.server} CA`, seed: bytesOf(seed) };
  }

  /** The name of each resource holds its issue, so that the next one leaves it as it is. */
  private createPasswords(account: string): RotatedSecret {
    const { issue, previous } = this.args.settings.passwords;
    const current = this.createPassword(account, issue);
    const isKept = previous === "keep" && issue > 1;
    return {
      current,
      previous: isKept ? this.createPassword(account, issue - 1) : pulumi.secret(""),
    };
  }

  /** Letters and digits mean the same in SQL, in every shell and in every file of settings. */
  private createPassword(account: string, issue: number): pulumi.Output<string> {
    const args = {
      length: PASSWORD_LENGTH,
      special: false,
      minLower: 1,
      minUpper: 1,
      minNumeric: 1,
    };
    const name = `${this.name}-${account}-password-${issue}`;
    return pulumi.secret(new random.RandomPassword(name, args, { parent: this }).result);
  }

  private createSeed(part: string): pulumi.Output<string> {
    const { issue } = this.args.settings.certificates;
    return drawBytes(`${this.name}-${part}`, SEED_BYTES, this, { issue: String(issue) });
  }
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, "base64");
}
