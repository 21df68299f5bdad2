import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { scopesFor } from "../../components/lib/account";
import { DEBIAN, isRecipe } from "../machines/recipes";
import { ensureIdentity } from "../outside/identity";
import { fillInOutside } from "../outside/settings";
import type { CloudPaths } from "../paths";
import { UserError } from "./user-error";

/** The identities that a local cloud's operator holds, each an unencrypted Ed25519 key of mode 600. */
export interface OperatorKeys {
  /** Private key files by the name of the person or account. */
  files: Record<string, string>;
  publicKey(name: string): string;
}

interface LocalConfig {
  encryptionsalt?: string;
  config: {
    "stronghold:admins"?: { name: string; keys?: string[]; enrolment?: number }[];
    "stronghold:deployer"?: { name?: string; keys?: string[] };
    "stronghold:backup"?: { recipients?: string[]; [setting: string]: unknown };
    [key: string]: unknown;
  };
}

/** The deployer's key file, beside those of the people. */
export const DEPLOYER = "deployer";

/**
 * Copies `Pulumi.local.yaml` into the cloud's state folder with this cloud's own keys filled in
 * wherever the file leaves them empty, those of the backups too, and its own time server and ways of
 * alerts where it names none.
 *
 * No private key can be committed, and a committed public key would let its holder into every local
 * cloud: so the keys are made on the spot, and the file in the repository holds the rest. The same
 * goes for the credentials of the mail relay and the web endpoints.
 */
export function prepareOperator(
  paths: CloudPaths,
  settings = join(paths.projectDir, "Pulumi.local.yaml"),
  overrides: Readonly<Record<string, unknown>> = {},
): OperatorKeys {
  const config = readConfig(settings);
  Object.assign(config.config, overrides);
  mkdirSync(paths.operatorDir, { recursive: true, mode: 0o700 });
  const keys = new KeyFolder(paths.operatorDir);
  const enrolments = readEnrolments(paths.operatorDir);
  for (const admin of config.config["stronghold:admins"] ?? []) {
    if (!admin.keys?.length) admin.keys = [keys.publicKey(admin.name)];
    const enrolment = enrolments[admin.name];
    if (enrolment !== undefined) admin.enrolment = enrolment;
  }
  const deployer = (config.config["stronghold:deployer"] ??= {});
  if (!deployer.keys?.length) deployer.keys = [keys.publicKey(DEPLOYER)];

  const backup = (config.config["stronghold:backup"] ??= {});
  if (!backup.recipients?.length) backup.recipients = [ensureBackupIdentity(paths)];

  const [person] = config.config["stronghold:admins"] ?? [];
  fillInOutside(config.config, ensureIdentity(paths.outsideDir), person?.name ?? "operator");

  const previous = existsSync(paths.configFile) ? readConfig(paths.configFile) : undefined;
  // The engine adds the salt of the stack's secrets; without it the stack's state cannot be read again.
  if (previous?.encryptionsalt !== undefined) config.encryptionsalt = previous.encryptionsalt;
  writeFileSync(paths.configFile, stringify(config), { mode: 0o600 });
  if (settings !== givenSettings(paths)) copyFileSync(settings, givenSettings(paths));
  return keys;
}

/** The private key of a local cloud's backups. It never leaves this machine, as on a real stack. */
export function backupIdentityFile({ operatorDir }: Pick<CloudPaths, "operatorDir">): string {
  return join(operatorDir, "backup-identity.txt");
}

/** Makes the key pair once; answers with the public half. */
function ensureBackupIdentity(paths: CloudPaths): string {
  const file = backupIdentityFile(paths);
  const run = (...args: string[]): string =>
    execFileSync("age-keygen", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (!existsSync(file)) run("-o", file);
  return run("-y", file).trim();
}

/** What the last run was given, before anything was filled in. */
export function givenSettings({ operatorDir }: Pick<CloudPaths, "operatorDir">): string {
  return join(operatorDir, "settings.yaml");
}

/**
 * What a token has to be good for, with the settings of this run and of those before: what a setting no
 * longer asks for has to be taken away, too.
 */
export function scopesToGrant(paths: CloudPaths): readonly string[] {
  const file = join(paths.operatorDir, "scopes.json");
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : [];
  const scopes = [...new Set([...before, ...scopesOf(paths)])];
  writeFileSync(file, JSON.stringify(scopes), { mode: 0o600 });
  return scopes;
}

function scopesOf({ configFile }: CloudPaths): readonly string[] {
  const { config } = readConfig(configFile);
  const network = config["stronghold:network"] as { private?: string } | undefined;
  const isNamed = config["stronghold:dns"] !== undefined;
  return scopesFor({ isNamed, hasVpc: network?.private === "vpc" });
}

/** The images that the settings of the last run name, of those that can be made here. */
export function imagesOf({ configFile }: Pick<CloudPaths, "configFile">): Set<string> {
  const { config } = readConfig(configFile);
  const backup = config["stronghold:backup"]?.["server"];
  const servers = [config["stronghold:app"], config["stronghold:database"], backup];
  const named = servers.map((server) => (server as { image?: string } | undefined)?.image);
  // What nobody knows is for the settings' own check to tell.
  return new Set(named.map((image) => image ?? DEBIAN).filter(isRecipe));
}

/** The person as whom `npm run local -- ssh` logs in. */
export function firstAdmin({ configFile }: CloudPaths): string {
  return readConfig(configFile).config["stronghold:admins"]?.[0]?.name ?? "";
}

/**
 * Has the next `up` enrol the person anew. The file in the repository stays as it is: which phone a
 * person of a local cloud has lost is this cloud's own affair.
 *
 * @throws UserError if there is no such person.
 */
export function renewEnrolment(paths: CloudPaths, name: string): void {
  const admins = readConfig(paths.configFile).config["stronghold:admins"] ?? [];
  const admin = admins.find((other) => other.name === name);
  if (!admin) throw new UserError(`"${name}" is not an admin of this cloud.`, 64);
  const enrolments = { ...readEnrolments(paths.operatorDir), [name]: (admin.enrolment ?? 1) + 1 };
  const file = join(paths.operatorDir, ENROLMENTS_FILE);
  writeFileSync(file, JSON.stringify(enrolments), { mode: 0o600 });
}

/** The enrolments that were renewed, by name. */
const ENROLMENTS_FILE = "enrolments.json";

function readEnrolments(operatorDir: string): Record<string, number> {
  const file = join(operatorDir, ENROLMENTS_FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, number>) : {};
}

function readConfig(file: string): LocalConfig {
  try {
    const parsed = parse(readFileSync(file, "utf8")) as Partial<LocalConfig> | null;
    return { ...parsed, config: parsed?.config ?? {} };
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${error instanceof Error ? error.message : ""}`);
  }
}

class KeyFolder implements OperatorKeys {
  readonly files: Record<string, string> = {};

  constructor(private readonly folder: string) {}

  publicKey(name: string): string {
    if (!/^[a-z][-a-z0-9_]{0,31}$/.test(name)) {
      throw new UserError(`Pulumi.local.yaml: "${name}" is not a user name (a-z, 0-9, "-", "_").`);
    }
    const file = join(this.folder, `${name}_ed25519`);
    if (!existsSync(file)) {
      const args = ["-q", "-t", "ed25519", "-N", "", "-C", `${name}@local`, "-f", file];
      execFileSync("ssh-keygen", args, { stdio: ["ignore", "ignore", "inherit"] });
    }
    this.files[name] = file;
    return readFileSync(`${file}.pub`, "utf8").trim();
  }
}
