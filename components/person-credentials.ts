import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import {
  otpauthUri,
  type Person,
  SCRATCH_BYTES,
  scratchCodesFrom,
  SECRET_BYTES,
  secretFrom,
  type TwoFactorSecret,
} from "./lib/enrolment";
import type { Enrolment } from "./lib/outputs-contract";
import type { Admin } from "./lib/settings";
import { drawBytes } from "./secret-bytes";

export interface PersonCredentialsArgs {
  person: Admin;
  /** Label of the server on which they are valid. */
  server: string;
}

/** Long enough that no rate limit matters, short enough to type once. */
const PASSWORD_LENGTH = 20;

/** What is found on every keyboard and means nothing to a shell. */
const SPECIAL_CHARACTERS = "-_.+=%";

/**
 * What one person needs on one server besides a key: an initial password for sudo, and the second
 * factor of the login.
 *
 * Guarantees that they exist before the account does, so that no account is open without a second
 * factor, and that no two servers share any: whoever has one server has no step towards the next.
 * Made anew when the person's `enrolment` or `passwordIssue` is raised (catalogue G04, G07). Does not
 * protect against somebody who can read the stack's secrets.
 */
export class PersonCredentials extends pulumi.ComponentResource {
  /** The person's user name. */
  public readonly name: string;
  /** What the server is told; a secret. */
  public readonly person: pulumi.Output<Person>;
  /** What the person is handed; a secret. */
  public readonly enrolment: pulumi.Output<Enrolment>;

  private readonly args: PersonCredentialsArgs;

  constructor(
    name: string,
    args: PersonCredentialsArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("stronghold:index:PersonCredentials", name, {}, opts);
    this.args = args;
    this.name = args.person.name;
    const password = this.createPassword(`${name}-password`);
    const twoFactor = this.createTwoFactor(name);
    const made = pulumi.all([password, twoFactor]);
    this.person = pulumi.secret(
      made.apply(([initial, factor]) => personOf(args.person, initial, factor)),
    );
    this.enrolment = pulumi.secret(
      made.apply(([initial, factor]) => enrolmentOf(args, initial, factor)),
    );
    this.registerOutputs({ person: this.person, enrolment: this.enrolment });
  }

  /** None where the operator has set one. */
  private createPassword(name: string): pulumi.Output<string | undefined> {
    const { passwordHash, passwordIssue } = this.args.person;
    if (passwordHash !== undefined) return pulumi.output(undefined);
    const args = {
      length: PASSWORD_LENGTH,
      overrideSpecial: SPECIAL_CHARACTERS,
      minLower: 2,
      minUpper: 1,
      minNumeric: 1,
      minSpecial: 1,
      keepers: { issue: String(passwordIssue) },
    };
    return pulumi.secret(new random.RandomPassword(name, args, { parent: this }).result);
  }

  private createTwoFactor(name: string): pulumi.Output<TwoFactorSecret | undefined> {
    const { enrolment } = this.args.person;
    if (enrolment === 0) return pulumi.output(undefined);
    const keepers = { enrolment: String(enrolment) };
    const draw = (part: string, length: number): pulumi.Output<string> =>
      drawBytes(`${name}-${part}`, length, this, keepers);
    return pulumi
      .all([draw("totp-secret", SECRET_BYTES), draw("scratch-codes", SCRATCH_BYTES)])
      .apply(([secret, codes]) => ({
        secret: secretFrom(Buffer.from(secret, "base64")),
        scratchCodes: scratchCodesFrom(Buffer.from(codes, "base64")),
      }));
  }
}

function personOf(person: Admin, initial?: string, twoFactor?: TwoFactorSecret): Person {
  const { name, passwordHash = "" } = person;
  const password: Person["password"] =
    initial === undefined
      ? { kind: "hash", value: passwordHash }
      : { kind: "clear", value: initial };
  return { name, password, ...(twoFactor ? { twoFactor } : {}) };
}

function enrolmentOf(
  { person, server }: PersonCredentialsArgs,
  initial?: string,
  twoFactor?: TwoFactorSecret,
): Enrolment {
  return {
    ...(initial === undefined ? {} : { password: initial }),
    ...(twoFactor ? { uri: otpauthUri(server, person.name, twoFactor.secret), ...twoFactor } : {}),
  };
}
