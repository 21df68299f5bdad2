/** The backups: the schema of the setting `backup`, and its faults that no single value shows (catalogue G14 to G16). */
import { isIPv4 } from "node:net";

import { z } from "zod";

import { holdsPrivateKey, recipientFault } from "./age-recipients";
import { type Fault, shapeOf } from "./settings-faults";
import { INSTANCE_IMAGE, INSTANCE_TYPE, REGION, wholeNumber } from "./settings-values";
import { inspectPublicKey } from "./ssh-public-keys";

/** Where the backup server stands if nothing is said. */
const DEFAULT_REGION = "us-west";

const RECIPIENT = z.string().superRefine((text, context) => {
  const fault = recipientFault(text);
  if (fault === undefined) return;
  const message = `a recipient is a public key of age, one line that begins with age1; ${fault.repair}`;
  context.addIssue({ code: "custom", message, params: { found: fault.found } });
});

/** A private key that stands there without a list is refused as what it is. */
const RECIPIENTS = z.preprocess(
  (given) => (typeof given === "string" && holdsPrivateKey(given) ? [given] : given),
  z.array(RECIPIENT).min(1).max(20, "twenty recipients are enough; keep those who would restore"),
);

const TIME_OF_DAY = z
  .string()
  .regex(
    /^(?:[01]\d|2[0-3]):[0-5]\d$/,
    'a time is hours and minutes from 00:00 to 23:59; write it with both digits and in quotes, such as "00:01"',
  );

function numberBetween(least: number, most: number, what: string) {
  return wholeNumber(least, `${what} is a whole number from ${least} to ${most}`, most);
}

/** An address rather than a name, since the firewall and the list of known hosts hold addresses. */
const HOST = z.string().refine(isHostAddress, {
  message: "a host is the IPv4 address of a server, without a prefix; write it like 203.0.113.20",
});

function isHostAddress(text: string): boolean {
  const [first] = text.split(".").map(Number);
  // No network, no loopback (a backup beside the database is none), no multicast.
  return isIPv4(text) && first !== undefined && first > 0 && first !== 127 && first < 224;
}

/** The key alone, as a list of known hosts has it. */
const HOST_KEY = z.string().transform((text, context) => {
  const inspected = inspectPublicKey(text);
  if ("key" in inspected && inspected.key.type === "ssh-ed25519") {
    return inspected.key.line.split(" ").slice(0, 2).join(" ");
  }
  const found =
    "fault" in inspected ? inspected.fault.found : `a key of type ${inspected.key.type}`;
  const exposed = found === "a private key" ? ", and replace the pasted key: it is exposed" : "";
  const message =
    "a host key is the server's public Ed25519 key; give the line of /etc/ssh/ssh_host_ed25519_key.pub on it" +
    exposed;
  context.addIssue({ code: "custom", message, params: { found } });
  return z.NEVER;
});

/** A server that the stack makes. */
interface MadeServer {
  region: string;
  type: string;
  image: string;
  linodeBackups: boolean;
}

/** A server that was there before. */
interface ExistingServer {
  /** IPv4 address. */
  host: string;
  /** `ssh-ed25519 <base64>`. */
  hostKey: string;
}

const SERVER = z
  .strictObject({
    region: REGION.optional(),
    type: INSTANCE_TYPE.optional(),
    image: INSTANCE_IMAGE.optional(),
    linodeBackups: z.boolean().optional(),
    host: HOST.optional(),
    hostKey: HOST_KEY.optional(),
  })
  .prefault({})
  .transform(
    ({ region, type, image, linodeBackups, host, hostKey }): MadeServer | ExistingServer => {
      if (host !== undefined && hostKey !== undefined) return { host, hostKey };
      return {
        region: region ?? DEFAULT_REGION,
        type: type ?? "g6-nanode-1",
        image: image ?? "linode/debian13",
        linodeBackups: linodeBackups ?? false,
      };
    },
  );

const VAULT = z.strictObject({
  quotaGB: numberBetween(1, 9999, "a quota").default(15),
  keepDays: numberBetween(7, 3650, "a number of days").default(35),
});

export const BACKUP = z.strictObject({
  recipients: RECIPIENTS,
  time: TIME_OF_DAY.default("00:01"),
  keep: numberBetween(1, 366, "a number of backups").default(7),
  sizeChangePercent: numberBetween(5, 1000, "a change in per cent").default(50),
  logMinutes: numberBetween(1, 60, "a number of minutes").default(5),
  server: SERVER,
  vault: VAULT.prefault({}),
});

/** What is backed up when, who can read it, and where it goes. */
export type BackupSettings = z.output<typeof BACKUP>;

const TEXT = z.string().optional().catch("");

/** The setting with whatever has the wrong shape left out. */
const LENIENT = z.object({
  recipients: z.array(z.string().catch("")).catch([]),
  server: z
    .object({
      ...{ region: TEXT, type: TEXT, image: TEXT, host: TEXT, hostKey: TEXT },
      linodeBackups: z.boolean().optional().catch(undefined),
    })
    .prefault({})
    .catch({ region: "" }),
});

export function backupFaults(raw: unknown, serversRegion: string): Fault[] {
  const parsed = LENIENT.safeParse(raw);
  if (!parsed.success) return [];
  const { recipients, server } = parsed.data;
  return [...recipientFaults(recipients), ...serverFaults(server, serversRegion)];
}

function recipientFaults(recipients: string[]): Fault[] {
  return recipients.flatMap((recipient, index) => {
    const first = recipients.indexOf(recipient);
    if (first === index || recipientFault(recipient) !== undefined) return [];
    const text = `this key is not allowed: it is the same as backup.recipients[${first}]; remove one of the two`;
    return [{ path: `backup.recipients[${index}]`, text }];
  });
}

type LenientServer = z.output<typeof LENIENT>["server"];

function serverFaults(
  { region, type, image, linodeBackups, host, hostKey }: LenientServer,
  others: string,
): Fault[] {
  const path = "backup.server";
  if (host === undefined && hostKey === undefined) return regionFaults(region, others);
  const made = Object.entries({ region, type, image, linodeBackups }).filter(
    ([, value]) => value !== undefined,
  );
  if (made.length > 0) {
    const names = made.map(([name]) => name).join(" and ");
    const text =
      `${names} beside ${host === undefined ? "hostKey" : "host"} is not allowed: it is either a server that the ` +
      "stack makes, with region, type and image, or one that is there, with host and hostKey; remove the ones or the others";
    return [{ path, text }];
  }
  return Object.entries({ host, hostKey })
    .filter(([, value]) => value === undefined)
    .map(([name]) => ({
      path: `${path}.${name}`,
      text: `is missing: ${shapeOf(`${path}.${name}`)}`,
    }));
}

/** What takes one data centre away must leave the backups. */
function regionFaults(region = DEFAULT_REGION, others: string): Fault[] {
  if (region !== others) return [];
  const text =
    `"${region}" is not allowed: the other servers are there, and backups have to outlive their data centre; ` +
    "write the id of another one";
  return [{ path: "backup.server.region", text }];
}
