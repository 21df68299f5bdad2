import { z } from "zod";

import { consistencyFaults } from "./settings-consistency";
import { type Fault, faultOfIssue, SettingsError } from "./settings-faults";
import {
  ALLOW_FROM,
  INSTANCE_IMAGE,
  INSTANCE_TYPE,
  PRIVATE_KEY,
  PUBLIC_KEYS,
  REGION,
  USER_NAME,
} from "./settings-values";

export { SettingsError } from "./settings-faults";

/** A server's size and system. */
function serverSchema(type: string) {
  return z
    .strictObject({
      type: INSTANCE_TYPE.default(type),
      image: INSTANCE_IMAGE.default("linode/debian13"),
    })
    .prefault({});
}

const ADMIN = z.strictObject({ name: USER_NAME, keys: PUBLIC_KEYS });

/** Every setting of a stack; `Pulumi.yaml` describes them for users. */
const SETTINGS = z.strictObject({
  region: REGION.default("us-east"),
  app: serverSchema("g6-nanode-1"),
  database: serverSchema("g6-standard-1"),
  ssh: z.strictObject({ allowFrom: ALLOW_FROM }),
  admins: z.array(ADMIN).min(1),
  deployer: z.strictObject({ name: USER_NAME.default("deployer"), keys: PUBLIC_KEYS }),
  deployerPrivateKey: PRIVATE_KEY.optional(),
});

/** Names of the settings, the namespace left out. */
export const SETTING_NAMES: readonly string[] = Object.keys(SETTINGS.shape);

/** Settings that were checked: networks are canonical, keys are single lines, defaults are filled in. */
export type Settings = z.output<typeof SETTINGS>;

/** A person who administers the servers. */
export type Admin = Settings["admins"][number];

/** A server's size and system. */
export type ServerSettings = Settings["app"];

/**
 * Checks the settings of a stack and fills in the defaults.
 *
 * @throws SettingsError naming every fault at once; the text of a key is never repeated in it.
 */
export function parseSettings(raw: unknown): Settings {
  const parsed = SETTINGS.safeParse(raw, { reportInput: true });
  const issues = parsed.error?.issues ?? [];
  const faults: Fault[] = [...issues.flatMap(faultOfIssue), ...consistencyFaults(raw)];
  if (!parsed.success || faults.length > 0) throw new SettingsError(faults);
  return parsed.data;
}
