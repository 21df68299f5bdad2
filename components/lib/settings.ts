import { z } from "zod";

import { ALERTS } from "./settings-alerts";
import { APPLICATION } from "./settings-application";
import { BACKUP } from "./settings-backup";
import { consistencyFaults } from "./settings-consistency";
import { DATABASE } from "./settings-database";
import { DNS } from "./settings-dns";
import { type Fault, faultsOfIssues, SettingsError } from "./settings-faults";
import { NETWORK } from "./settings-network";
import {
  ENROLMENT,
  INSTANCE_IMAGE,
  INSTANCE_TYPE,
  NETWORKS,
  PASSWORD_HASH,
  PASSWORD_ISSUE,
  PORT,
  PRIVATE_KEY,
  PUBLIC_KEYS,
  REGION,
  TAGS,
  TIME_SERVER,
  USER_NAME,
} from "./settings-values";

export type { ApplicationSettings } from "./settings-application";
export type { BackupSettings } from "./settings-backup";
export type { DnsSettings } from "./settings-dns";
export type { DatabaseEngine, DatabaseSettings } from "./settings-database";
export { SettingsError } from "./settings-faults";

const APP = z.strictObject({
  type: INSTANCE_TYPE.default("g6-nanode-1"),
  image: INSTANCE_IMAGE.default("linode/debian13"),
  linodeBackups: z.boolean().default(false),
});

const ADMIN = z.strictObject({
  name: USER_NAME,
  keys: PUBLIC_KEYS,
  enrolment: ENROLMENT.default(1),
  passwordHash: PASSWORD_HASH.optional(),
  passwordIssue: PASSWORD_ISSUE.default(1),
});

/** Guide: a person without a second factor gets in by key alone. That has to be typed out here. */
const TWO_FACTOR = z.strictObject({
  unenrolled: z.enum(["refuse", "keyOnly"], "write refuse or keyOnly").default("refuse"),
});

const CLOCK = z.strictObject({
  servers: z
    .array(TIME_SERVER)
    .min(1)
    .max(8, "eight time servers are enough; keep the nearest")
    .default(["2.debian.pool.ntp.org"]),
});

const OUTBOUND = z.strictObject({
  policy: z.enum(["allow", "drop"], "write allow or drop").default("allow"),
  allow: z
    .array(
      z.strictObject({
        to: NETWORKS,
        protocol: z.enum(["tcp", "udp"], "write tcp or udp").default("tcp"),
        ports: z.array(PORT).min(1).max(15, "a rule of the Cloud Firewall holds at most 15 ports"),
      }),
    )
    .max(10, "ten rules are allowed; join some")
    .default([]),
});

/** Servers that `npm run replace` may be about to make anew. */
const REPLACED = ["nothing", "app", "database"] as const;

/** Every setting of a stack; `Pulumi.yaml` describes them for users. */
const SETTINGS = z.strictObject({
  region: REGION.default("us-east"),
  app: APP.prefault({}),
  application: APPLICATION,
  database: DATABASE,
  backup: BACKUP,
  ssh: z.strictObject({ allowFrom: NETWORKS }),
  admins: z.array(ADMIN).min(1),
  deployer: z.strictObject({ name: USER_NAME.default("deployer"), keys: PUBLIC_KEYS }),
  deployerPrivateKey: PRIVATE_KEY.optional(),
  passwords: z.strictObject({ changeAtFirstUse: z.boolean().default(true) }).prefault({}),
  twoFactor: TWO_FACTOR.prefault({}),
  clock: CLOCK.prefault({}),
  network: NETWORK.prefault({}),
  outbound: OUTBOUND.prefault({}),
  alerts: ALERTS,
  dns: DNS.optional(),
  tags: TAGS.default([]),
  replacing: z.enum(REPLACED, "write nothing, app or database").default("nothing"),
});

/** Names of the settings, the namespace left out. */
export const SETTING_NAMES: readonly string[] = Object.keys(SETTINGS.shape);

/** Settings that were checked: networks are canonical, keys are single lines, defaults are filled in. */
export type Settings = z.output<typeof SETTINGS>;

/** A person who administers the servers. */
export type Admin = Settings["admins"][number];

/** Who is told of logins. */
export type Alerts = Settings["alerts"];

/** A server's size and system. */
export type ServerSettings = Settings["app"];

/**
 * Checks the settings of a stack and fills in the defaults.
 *
 * @param now when certificates have to be valid
 * @throws SettingsError naming every fault at once; the text of a key is never repeated in it.
 */
export function parseSettings(raw: unknown, now = new Date()): Settings {
  const parsed = SETTINGS.safeParse(raw, { reportInput: true });
  const issues = parsed.error?.issues ?? [];
  const faults: Fault[] = [...faultsOfIssues(issues), ...consistencyFaults(raw, now)];
  if (!parsed.success || faults.length > 0) throw new SettingsError(faults);
  return parsed.data;
}
