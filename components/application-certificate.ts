import * as pulumi from "@pulumi/pulumi";

import type { ApplicationSettings } from "./lib/settings";
import {
  type WebAuthority,
  webAuthorityCertificate,
  webServerCertificate,
} from "./lib/web-certificates";
import { drawBytes } from "./secret-bytes";

export interface ApplicationCertificateArgs {
  /** Who vouches for the application. It decides which resources exist. */
  settings: ApplicationSettings["certificate"];
  /** Label of the app server, by which the authority is named. */
  server: string;
  /** The names and addresses under which the application is reached. */
  hosts: pulumi.Input<readonly string[]>;
  /** When the server is certified. @default the time of this run */
  now?: Date;
}

const SEED_BYTES = 32;

/**
 * How the application proves to browsers who it is.
 *
 * Guarantees, where the stack's own authority vouches for it, that this authority can vouch for the
 * application's own hosts and nothing else, that its private key leaves the stack's state for nowhere, and
 * that the first run of each quarter renews the server's certificate. A raised `issue` makes both anew:
 * who trusts the old authority has to be given the new one. Hands on a certificate of the operator's own
 * as it is. Where an ACME server is to vouch, makes the same as for the stack's own authority, to be shown
 * until that server has: what it certifies is made on the app server, and is not known here. Does not make
 * a browser trust the stack's own authority: people have to take it in.
 */
export class ApplicationCertificate extends pulumi.ComponentResource {
  /** The stack's own authority, in PEM; empty where another one is to vouch. No secret. */
  public readonly authority: pulumi.Output<string>;
  /** In PEM, the server's own first; no secret. */
  public readonly certificate: pulumi.Output<string>;
  /** PKCS #8 in PEM; a secret. */
  public readonly privateKey: pulumi.Output<string>;

  private readonly args: ApplicationCertificateArgs;

  constructor(
    name: string,
    args: ApplicationCertificateArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("stronghold:index:ApplicationCertificate", name, {}, opts);
    this.args = args;
    const { settings } = args;
    const isOurs = settings.kind === "authority";
    if (settings.kind === "own") {
      this.authority = pulumi.output("");
      this.certificate = pulumi.output(settings.chain);
      this.privateKey = pulumi.secret(settings.privateKey);
    } else {
      const made = this.createCertificates(name, isOurs ? settings.issue : 1);
      // Nobody should be led to trust what stands in for a while.
      this.authority = isOurs ? pulumi.unsecret(made.authority) : pulumi.output("");
      this.certificate = pulumi.unsecret(made.certificate);
      this.privateKey = made.privateKey;
    }
    this.registerOutputs({
      authority: this.authority,
      certificate: this.certificate,
      privateKey: this.privateKey,
    });
  }

  /** All of it is a secret, as the seeds are. */
  private createCertificates(name: string, issue: number) {
    const { server: label, hosts, now = new Date() } = this.args;
    const draw = (part: string): pulumi.Output<string> =>
      drawBytes(`${name}-${part}`, SEED_BYTES, this, { issue: String(issue) });
    const seeds = pulumi.all([draw("authority-seed"), draw("server-seed")]);
    const made = pulumi.all([seeds, hosts]).apply(([[authoritySeed, serverSeed], known]) => {
      const seed = Buffer.from(authoritySeed, "base64");
      const authority: WebAuthority = { name: `${label} CA`, seed, hosts: known };
      const server = { label, seed: Buffer.from(serverSeed, "base64"), now };
      return {
        authority: webAuthorityCertificate(authority),
        ...webServerCertificate(authority, server),
      };
    });
    return pulumi.secret(made);
  }
}
