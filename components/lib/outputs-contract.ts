/**
 * What a stack promises to tell: the contract between the stack and whatever deploys to it.
 *
 * The types, the check and `outputs.schema.json` come from this one description.
 */
import { z } from "zod";

import type { Role } from "./roles";

/**
 * Raised when an output is taken away, renamed or comes to mean something else. A new output, or a new
 * field of one, leaves it as it is, so a reader must let pass what it does not know.
 */
export const OUTPUTS_VERSION = 1;

/** What `pulumi stack output --json` prints in the place of a secret. */
export const MASKED = "[secret]";

const TEXT = z.string().min(1);
const PUBLIC_KEY = z.string().regex(/^ssh-ed25519 [\w+/=]+/);

const SERVER = z.object({
  id: TEXT.describe(
    "The Linode's number, or existing-<address> of a server that was there before.",
  ),
  label: TEXT.describe("Its label in the account, which is its host name, too."),
  publicIPv4: z.ipv4().describe("Its public IPv4 address."),
  publicIPv6: z
    .union([z.ipv6(), z.literal("")])
    .describe("Its public IPv6 address, without a prefix length; empty where it is not known."),
  privateIPv4: z
    .union([z.ipv4(), z.literal("")])
    .describe("Its address beside the others; empty on the backup server, which stands alone."),
  domainName: z
    .string()
    .describe("Its name in the domain of the setting `dns`; empty where it was given none."),
});

const ENROLMENT = z.object({
  password: TEXT.exactOptional().describe(
    "The initial password for sudo; missing if it was given.",
  ),
  uri: z
    .string()
    .regex(/^otpauth:\/\/totp\//)
    .exactOptional()
    .describe("What the QR code holds; missing, with all below, for a person not enrolled."),
  secret: TEXT.exactOptional().describe("The shared secret of two-factor login, in base32."),
  scratchCodes: z.array(TEXT).exactOptional().describe("Codes that work once each."),
});

const PEOPLE = z.record(z.string(), ENROLMENT);

const ACCOUNT = z.object({ user: TEXT, password: TEXT });
const ENGINE = z.enum(["mysql", "mariadb"]).describe("What the database runs on.");
const SCHEMA = TEXT.describe("The application's schema.");
const CERTIFICATE = z.string().regex(/^-----BEGIN CERTIFICATE-----\n/);

const DATABASE_ACCESS = z.object({
  engine: ENGINE,
  host: z.ipv4().describe("Reachable from the app server alone."),
  port: z.int().min(1).max(65535),
  schema: SCHEMA,
  ca: CERTIFICATE.describe("The authority that vouches for the server, in PEM. TLS is required."),
  application: ACCOUNT.describe("Reads and writes rows, and nothing else."),
  deployment: ACCOUNT.describe("Changes the schema, at deployments only."),
});

const BACKUPS = z.object({
  origin: TEXT.describe("Whose backups they are, as every manifest says."),
  recipients: z
    .array(z.string().regex(/^age1/))
    .min(1)
    .describe("The public keys that they are encrypted to."),
  signer: PUBLIC_KEY.describe("The public key that their manifests are signed with."),
  schema: SCHEMA,
  engine: ENGINE,
});

const APPLICATION = z.object({
  origin: z
    .string()
    .regex(/^https:\/\/[a-z0-9.-]+$/)
    .describe("Where people find the application, as a browser shows it."),
  authority: z
    .union([CERTIFICATE, z.literal("")])
    .describe(
      "The authority that vouches for it, in PEM; empty where the certificate is one that the operator has given, or an ACME server.",
    ),
});

/** Every output, by name. */
export const OUTPUTS = z.object({
  outputsVersion: z
    .literal(OUTPUTS_VERSION)
    .describe("The version of this contract. Refuse to go on with one that you do not know."),
  app: SERVER.describe("The app server."),
  database: SERVER.describe("The database server, reached through the app server alone."),
  backup: SERVER.describe("The backup server, in another data centre."),
  deployer: TEXT.describe("The account of automation, the same on every server."),
  sshConfig: TEXT.describe("An ssh_config(5) with the hosts app, db and backup."),
  knownHosts: TEXT.describe("The servers' host keys, in the format of known_hosts (sshd(8))."),
  enrolments: secret(
    z.object({ app: PEOPLE, database: PEOPLE, backup: PEOPLE }),
    "What each person is handed for each server, by server and name.",
  ),
  application: APPLICATION.describe("By what the application is found and known."),
  databaseAccess: secret(DATABASE_ACCESS, "How the application gets to its database."),
  databaseCa: CERTIFICATE.describe("The database's authority again, for clients without a secret."),
  backups: BACKUPS.describe("By what a backup of this stack is known."),
});

/** What others need to know of a server. */
export type ServerAddresses = z.output<typeof SERVER>;
/** What a person is handed for one server; all of it is secret. */
export type Enrolment = z.output<typeof ENROLMENT>;
/** What people are handed, by server and name. */
export type Enrolments = Record<Role, Record<string, Enrolment>>;
/** By what browsers find and know the application (catalogue A01). */
export type ApplicationOutput = z.output<typeof APPLICATION>;
/** How a client gets to the database, from the app server alone (catalogue A07). */
export type DatabaseAccess = z.output<typeof DATABASE_ACCESS>;
/** By what a backup of a stack is known. */
export type BackupsOutput = z.output<typeof BACKUPS>;
/** All outputs, with secrets in clear. */
export type StackOutputs = Omit<z.output<typeof OUTPUTS>, "enrolments" | "databaseAccess"> & {
  enrolments: Enrolments;
  databaseAccess: DatabaseAccess;
};

/** An output whose value shows only where it is asked for. */
function secret<T extends z.ZodType>(value: T, text: string) {
  return z.union([value, z.literal(MASKED)]).describe(`${text} A secret.`);
}

/** The contract as a JSON Schema (draft 2020-12) of what `pulumi stack output --json` prints. */
export function outputsSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(OUTPUTS, { io: "input" });
  return {
    $schema,
    title: "Outputs of a stronghold stack",
    description:
      "What `pulumi stack output --json` prints, with or without --show-secrets. A reader lets pass what is not named here.",
    ...rest,
  };
}

/** What outputs lack of the contract, a line each; nothing if they keep it. No value is repeated. */
export function outputFaults(outputs: unknown): string[] {
  const issues = OUTPUTS.safeParse(outputs).error?.issues ?? [];
  return issues.map(
    ({ path, message }) => `${path.map(String).join(".") || "outputs"}: ${message}`,
  );
}
