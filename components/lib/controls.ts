/** The controls, each with what it is told. */
import type { Person } from "./enrolment";
import { renderIPv4Rules, renderIPv6Rules } from "./host-firewall-rules";
import type { Control, Parameters } from "./host-facts";
import type { Alerts } from "./settings";

/** The account with which the database server brings its backups. */
const RECEIVER = "stronghold-push";

/** Time for the confirming connection: it has to get through, but a lock-out should end soon. */
const ROLLBACK_SECONDS = "120";

/** One transaction for all: apt is the slowest part, and only one at a time can hold its lock. */
export const PACKAGES: Control<"packages" | "packageSource"> = {
  name: "packages",
  confirmed: false,
  needs: ["packages", "packageSource"],
  parameters: ({ packages, packageSource: { source, expired } }) => ({
    PACKAGES: packages.join(" "),
    DATABASE_SOURCE: source,
    SOURCE_EXPIRED: expired,
  }),
};

export const ACCOUNTS: Control<
  "deployer" | "deployerKeys" | "admins" | "deployerFrom" | "receiver"
> = {
  name: "accounts",
  confirmed: false,
  needs: ["deployer", "deployerKeys", "admins", "deployerFrom", "receiver"],
  parameters: ({ deployer, deployerKeys, admins, deployerFrom, receiver }) => ({
    DEPLOYER: deployer,
    DEPLOYER_KEYS_B64: lines(deployerKeys),
    ADMINS_B64: lines(admins.flatMap(({ name, keys }) => keys.map((key) => `${name}\t${key}`))),
    DEPLOYER_FROM: deployerFrom.join(","),
    RECEIVER_KEYS_B64: lines(receiver.keys),
    RECEIVER_FROM: receiver.from.join(","),
  }),
};

/** A forgotten terminal should not stay open over night, and a coffee break should not close it. */
const IDLE_SECONDS = "1800";

export const SYSTEM: Control<never> = {
  name: "system",
  confirmed: false,
  needs: [],
  parameters: () => ({ IDLE_SECONDS }),
};

export const PASSWORDS: Control<"people" | "changeAtFirstUse"> = {
  name: "passwords",
  confirmed: false,
  needs: ["people", "changeAtFirstUse"],
  parameters: ({ people, changeAtFirstUse }) => ({
    PEOPLE_B64: lines(
      people.map(({ name, password: { kind, value } }) => `${name}\t${kind}\t${value}`),
    ),
    CHANGE_AT_FIRST_USE: changeAtFirstUse ? "yes" : "no",
  }),
};

export const CLOCK: Control<"timeServers"> = {
  name: "clock",
  confirmed: false,
  needs: ["timeServers"],
  parameters: ({ timeServers }) => ({ SERVERS: timeServers.join(" ") }),
};

export const TWO_FACTOR: Control<"people" | "unenrolled"> = {
  name: "two-factor",
  confirmed: true,
  needs: ["people", "unenrolled"],
  parameters: ({ people, unenrolled }) => ({
    PEOPLE_B64: lines(people.map(factorLine)),
    UNENROLLED: unenrolled,
    ROLLBACK_SECONDS,
  }),
};

function factorLine({ name, twoFactor }: Person): string {
  if (!twoFactor) return name;
  return `${name}\t${twoFactor.secret}\t${twoFactor.scratchCodes.join(",")}`;
}

export const SSH: Control<"deployer" | "deployerFrom" | "permitOpen" | "nextServer" | "receiver"> =
  {
    name: "ssh",
    confirmed: true,
    needs: ["deployer", "deployerFrom", "permitOpen", "nextServer", "receiver"],
    parameters: ({ deployer, deployerFrom, permitOpen, nextServer, receiver }) => ({
      DEPLOYER: deployer,
      DEPLOYER_FROM: deployerFrom.join(","),
      PERMIT_OPEN: permitOpen,
      KNOWN_HOSTS_B64: nextServer,
      RECEIVER_FROM: receiver.from.join(","),
      ROLLBACK_SECONDS,
    }),
  };

export const FIREWALL: Control<"wall"> = {
  name: "firewall",
  confirmed: true,
  needs: ["wall"],
  parameters: ({ wall }) => ({
    RULES_V4_B64: renderIPv4Rules(wall),
    RULES_V6_B64: renderIPv6Rules(wall),
    ROLLBACK_SECONDS,
  }),
};

export const LOGIN_ALERTS: Control<"deployer" | "alerts" | "receiver"> = {
  name: "login-alerts",
  confirmed: false,
  needs: ["deployer", "alerts", "receiver"],
  parameters: ({ deployer, alerts, receiver }) => ({
    DEPLOYER: deployer,
    RECEIVER: receiver.keys.length > 0 ? RECEIVER : "",
    WHITE_LIST_B64: lines(alerts.whiteList),
    CA_B64: alerts.caCertificate ?? "",
    ...channelParameters(alerts),
  }),
};

/** It is made of all controls, so it goes along with every change of one. */
export const AUDIT: Control<"controls" | "bundle"> = {
  name: "audit",
  confirmed: false,
  needs: ["controls", "bundle"],
  parameters: ({ controls, bundle }) => ({
    CONTROLS: [...controls].sort().join(" "),
    MANIFEST_B64: bundle,
  }),
};

export const DATABASE: Control<"database"> = {
  name: "database",
  confirmed: false,
  needs: ["database"],
  parameters: ({ database }) => ({
    ENGINE: database.engine,
    BIND_ADDRESS: database.bindAddress,
    SCHEMA: database.schema,
    APP_HOST: database.appAddress,
    APP_PASSWORD_B64: database.application.current,
    APP_PREVIOUS_B64: database.application.previous,
    DEPLOY_PASSWORD_B64: database.deployment.current,
    DEPLOY_PREVIOUS_B64: database.deployment.previous,
    CA_B64: database.caCertificate,
    CERT_B64: database.certificate,
    KEY_B64: database.privateKey,
    AUDIT_LOG: database.auditLog ? "yes" : "no",
  }),
};

/** After the database, so that a new password works there before the application is given it. */
export const DATABASE_CLIENT: Control<"databaseClient"> = {
  name: "database-client",
  confirmed: false,
  leansOn: "database",
  needs: ["databaseClient"],
  parameters: ({ databaseClient: { host, schema, password, caCertificate } }) => ({
    HOST: host,
    SCHEMA: schema,
    PASSWORD_B64: password,
    CA_B64: caCertificate,
  }),
};

/** What runs the application, where it is deployed, and by what it is known; not the application itself. */
export const APPLICATION: Control<"application" | "databaseClient"> = {
  name: "application",
  confirmed: false,
  leansOn: "database",
  needs: ["application", "databaseClient"],
  parameters: ({ application, databaseClient: { host, schema, password } }) => ({
    MEMORY_MB: String(application.memoryMB),
    TASKS: String(application.tasks),
    HOSTS: application.hosts.join(" "),
    CERTIFICATE_KIND: application.certificateKind,
    CERTIFICATE_B64: application.certificate,
    KEY_B64: application.privateKey,
    ACME_DIRECTORY: application.acme.directory,
    ACME_EMAIL: application.acme.email,
    ACME_CA_B64: application.acme.caCertificate,
    DB_HOST: host,
    DB_SCHEMA: schema,
    DB_PASSWORD_B64: password,
  }),
};

/** After the vault, since the first backup is made and brought there at once. */
export const BACKUPS: Control<"backups"> = {
  name: "backups",
  confirmed: false,
  leansOn: "backup",
  needs: ["backups"],
  parameters: ({ backups }) => ({
    ENGINE: backups.engine,
    SCHEMA: backups.schema,
    ORIGIN: backups.origin,
    RECIPIENTS_B64: lines(backups.recipients),
    SIGNING_KEY_B64: backups.signingKey,
    TIME: backups.time,
    KEEP: String(backups.keep),
    SIZE_CHANGE_PERCENT: String(backups.sizeChangePercent),
    LOG_MINUTES: String(backups.logMinutes),
    VAULT_HOST: backups.vaultHost,
    VAULT_HOST_KEY_B64: backups.vaultHostKey,
    PUSH_KEY_B64: backups.pushKey,
  }),
};

export const VAULT: Control<"vault"> = {
  name: "vault",
  confirmed: false,
  needs: ["vault"],
  parameters: ({ vault: { quotaGB, keepDays } }) => ({
    QUOTA_MB: String(quotaGB * 1024),
    KEEP_DAYS: String(keepDays),
  }),
};

/** A channel that is not given is an empty text. */
function channelParameters({ mail, slack, pushover }: Alerts): Parameters {
  return {
    MAIL_RELAY: mail?.relay ?? "",
    MAIL_TLS: mail?.tls ?? "starttls",
    MAIL_USER: mail?.user ?? "",
    MAIL_PASSWORD_B64: mail?.password ?? "",
    MAIL_FROM: mail?.from ?? "",
    MAIL_TO: mail?.to.join(",") ?? "",
    SLACK_WEBHOOK_B64: slack?.webhook ?? "",
    PUSHOVER_URL: pushover?.url ?? "",
    PUSHOVER_TOKEN: pushover?.token ?? "",
    PUSHOVER_USER: pushover?.user ?? "",
  };
}

function lines(items: readonly string[]): string {
  return items.map((item) => `${item}\n`).join("");
}
