/** The database: the schema of the setting `database`, and its faults that no single value shows (catalogue G13, A07). */
import { z } from "zod";

import type { Fault } from "./settings-faults";
import { INSTANCE_IMAGE, INSTANCE_TYPE, wholeNumber } from "./settings-values";

const ENGINES = ["mysql", "mariadb"] as const;
const SOURCES = ["vendor", "suite", "archive"] as const;

export type DatabaseEngine = (typeof ENGINES)[number];
export type DatabaseSourceKind = (typeof SOURCES)[number];

const DEBIAN = "linode/debian13";

const isUbuntu = (image: string): boolean => image.startsWith("linode/ubuntu");

/** Where the engine's packages come from if nothing is said: Debian 13 has MariaDB and no MySQL, Ubuntu both. */
function defaultSource(engine: DatabaseEngine, image: string): DatabaseSourceKind {
  return engine === "mysql" && !isUbuntu(image) ? "vendor" : "archive";
}

/** Schemas of the engines' own, and the one that every hardening removes. */
const SYSTEM_SCHEMAS = ["mysql", "sys", "information_schema", "performance_schema", "test"];

const SCHEMA_NAME = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,31}$/,
    "a schema's name begins with a lower-case letter and has lower-case letters, digits and underscores, at most 32 " +
      "characters; choose another name",
  )
  .refine((name) => !SYSTEM_SCHEMAS.includes(name), {
    message: "this name belongs to the database system; choose the name of your application",
  });

const SUITE = z
  .string()
  .regex(
    /^[a-z]{1,20}$/,
    "a suite is the code name of a release of Debian in lower-case letters; write for example sid",
  );

const SOURCE = z.strictObject({
  kind: z.enum(SOURCES, "write vendor, suite or archive").optional(),
  suite: SUITE.optional(),
  expired: z.enum(["refuse", "accept"], "write refuse or accept").default("refuse"),
});

/** Which of the accounts' passwords are the valid ones. */
const PASSWORDS = z.strictObject({
  issue: wholeNumber(
    1,
    "an issue is a whole number from 1; a higher one makes new passwords for the application and deployments",
  ).default(1),
  previous: z.enum(["keep", "retire"], "write keep or retire").default("keep"),
});

const CERTIFICATES = z.strictObject({
  issue: wholeNumber(
    1,
    "an issue is a whole number from 1; a higher one makes a new authority and a new certificate",
  ).default(1),
});

export const DATABASE = z
  .strictObject({
    type: INSTANCE_TYPE.default("g6-standard-1"),
    image: INSTANCE_IMAGE.default(DEBIAN),
    linodeBackups: z.boolean().default(false),
    engine: z.enum(ENGINES, "write mysql or mariadb").default("mysql"),
    source: SOURCE.prefault({}),
    schema: SCHEMA_NAME.default("app"),
    passwords: PASSWORDS.prefault({}),
    certificates: CERTIFICATES.prefault({}),
    auditLog: z.boolean().default(false),
  })
  .prefault({})
  .transform(({ source, ...rest }) => {
    const { kind = defaultSource(rest.engine, rest.image), ...how } = source;
    return { ...rest, source: { kind, ...how } };
  });

/** The database server with what runs on it. */
export type DatabaseSettings = z.output<typeof DATABASE>;

/** The setting with whatever has the wrong shape left out. */
const LENIENT = z
  .object({
    engine: z.enum(ENGINES).default("mysql"),
    image: z.string().default(DEBIAN).catch(""),
    source: z
      .object({
        kind: z.enum(SOURCES).optional(),
        suite: z.string().optional().catch(""),
      })
      .prefault({}),
  })
  .prefault({});

/** Which combinations of an engine, a source and an image there are packages for. */
export function databaseFaults(raw: unknown): Fault[] {
  const parsed = LENIENT.safeParse(raw);
  if (!parsed.success) return [];
  const { engine, image, source } = parsed.data;
  const { kind = defaultSource(engine, image), suite } = source;
  return [...kindFaults(engine, image, kind), ...suiteFaults(kind, suite)];
}

function kindFaults(engine: DatabaseEngine, image: string, kind: DatabaseSourceKind): Fault[] {
  const path = "database.source.kind";
  if (engine === "mariadb" && kind !== "archive") {
    const text = `"${kind}" is not allowed: MariaDB comes from the archive of the server's own release; write archive or leave it out`;
    return [{ path, text }];
  }
  if (engine === "mysql" && kind === "archive" && image === DEBIAN) {
    const text =
      '"archive" is not allowed: Debian 13 has no MySQL of its own; write vendor for the packages of MySQL\'s maker, ' +
      "suite for those of a newer release of Debian, or engine: mariadb";
    return [{ path, text }];
  }
  if (kind === "suite" && isUbuntu(image)) {
    const text =
      '"suite" is not allowed: Ubuntu has MySQL in the archive of the server\'s own release; write archive or leave it out';
    return [{ path, text }];
  }
  return [];
}

function suiteFaults(kind: DatabaseSourceKind, suite: string | undefined): Fault[] {
  const path = "database.source.suite";
  if (kind === "suite" && suite === undefined) {
    const text =
      "is missing: the code name of the release of Debian that the packages come from; write for example sid";
    return [{ path, text }];
  }
  if (kind === "suite" || suite === undefined) return [];
  const text = `a suite is not allowed: the source is ${kind}, which has none; write kind: suite or remove it`;
  return [{ path, text }];
}
