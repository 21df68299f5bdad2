/** What may be changed about a live environment, one setting at a time. */
import { OUTSIDE_IPV4 } from "../../local/outside/places";
import type { LocalSettings } from "../e2e/settings";

export interface Change {
  setting: string;
  change: (config: LocalSettings) => void;
}

const set =
  (name: string, value: unknown) =>
  (config: LocalSettings): void => {
    const old = config[`stronghold:${name}`];
    const isObject = typeof old === "object" && old !== null && !Array.isArray(old);
    config[`stronghold:${name}`] = isObject ? { ...old, ...(value as object) } : value;
  };

const SUITE = { kind: "suite", suite: "sid" };
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

const change = (setting: string, value: unknown): Change => {
  const [name = "", ...path] = setting.split(".");
  const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return { setting, change: set(name, nested) };
};

const person = (setting: string, more: object): Change => ({
  setting,
  change: (config) => {
    const [first] = config["stronghold:admins"];
    Object.assign(first ?? {}, more);
  },
});

/** Edits that no server would survive: refused by the plan, with the name of what stands in the way. */
export const REFUSED: readonly (Change & { by: string })[] = [
  { ...change("region", "us-ord"), by: "environment-database-instance" },
  { ...change("network", { private: "vpc" }), by: "environment-database-instance" },
  {
    setting: "database.engine",
    change: set("database", { engine: "mariadb", source: { kind: "archive" } }),
    by: "environment-database-engine-is-for-life",
  },
  { ...change("deployer.name", "robot"), by: "environment-deployer-name-is-for-life" },
];

export const CHANGES: readonly Change[] = [
  change("app.type", "g6-standard-1"),
  change("database.type", "g6-standard-2"),
  change("app.linodeBackups", true),
  change("database.linodeBackups", true),
  change("backup.server.linodeBackups", true),
  change("database.schema", "shop"),
  change("database.passwords.issue", 2),
  change("database.passwords.previous", "retire"),
  change("database.certificates.issue", 2),
  change("database.auditLog", true),
  change("database.source", { ...SUITE, expired: "accept" }),
  change("application.memoryMB", 256),
  change("application.tasks", 80),
  change("application.certificate.issue", 2),
  change("backup.time", "02:30"),
  change("backup.keep", 9),
  change("backup.sizeChangePercent", 80),
  change("backup.logMinutes", 10),
  change("backup.vault.quotaGB", 10),
  change("backup.vault.keepDays", 40),
  change("ssh.allowFrom", ["203.0.113.10/32", "2001:db8:10::10/128", "198.51.100.0/24"]),
  {
    setting: "admins: one more",
    change: (config) => config["stronghold:admins"].push({ name: "grace", keys: [] }),
  },
  person("admins[0].keys: another", { keys: [KEY] }),
  person("admins[0].enrolment", { enrolment: 2 }),
  person("admins[0].passwordIssue", { passwordIssue: 2 }),
  change("passwords.changeAtFirstUse", true),
  change("twoFactor.unenrolled", "keyOnly"),
  change("clock.servers", [OUTSIDE_IPV4, "time.example.org"]),
  // The local cloud's way to the package archive, which on a real server is plain HTTPS.
  {
    setting: "outbound",
    change: set("outbound", {
      policy: "drop",
      allow: [{ to: ["203.0.113.1/32"], ports: [3142] }],
    }),
  },
  change("alerts.whiteList", ["198.51.100.*"]),
  change("dns", { zone: "example.org", email: "hostmaster@example.org" }),
  change("tags", ["team:payments"]),
  change("replacing", "app"),
];
