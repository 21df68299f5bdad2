/** The configuration: one JSON file, named by the environment, and nothing without it. */
import { readFileSync } from "node:fs";

import { z } from "zod";

const TEXT = z.string().min(1);
const PORT = z.int().min(1).max(65_535);

/** What is not named here is let be: a release that is gone back to must start with a newer file, too. */
const CONFIG = z
  .object({
    /** Where browsers find us. */
    origin: z.url({ protocol: /^https?$/ }),
    database: z.object({
      host: TEXT,
      port: PORT,
      schema: TEXT,
      user: TEXT,
      password: z.string(),
      tls: z.discriminatedUnion("required", [
        z.object({ required: z.literal(true), ca: TEXT }),
        z.object({ required: z.literal(false) }),
      ]),
    }),
    /** PEM files. @default plain HTTP, for development */
    tls: z.object({ certificate: TEXT, privateKey: TEXT }).optional(),
    /** For development, where no systemd holds the socket. */
    listen: z.object({ host: TEXT, port: PORT }).optional(),
  })
  .refine(({ database }) => database.tls.required || isLoopback(database.host), {
    path: ["database", "tls"],
    message: "may be left out only for a database on this machine",
  })
  .refine(({ tls, listen }) => tls !== undefined || (listen && isLoopback(listen.host)), {
    path: ["tls"],
    message: "may be left out only where `listen.host` is this machine's own",
  });

export type Config = z.infer<typeof CONFIG>;
export type DatabaseConfig = Config["database"];
export type TlsConfig = NonNullable<Config["tls"]>;

/** Something that whoever starts us has to put right; systemd need not try again (sysexits.h). */
export class ConfigError extends Error {
  static readonly EXIT_CODE = 78;
}

/** @throws ConfigError with one line that says what is wrong; no value is repeated, as some are secret. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const file = env["APPLICATION_CONFIG"];
  if (file === undefined || file === "") {
    throw new ConfigError("APPLICATION_CONFIG has to name the configuration file");
  }
  const { data, error } = CONFIG.safeParse(parse(file));
  if (data !== undefined) return data;
  const faults = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new ConfigError(`${file} is no valid configuration: ${faults.join("; ")}`);
}

function parse(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the text, password and all.
    throw new ConfigError(`${file} is not JSON`);
  }
}

const isLoopback = (host: string): boolean => ["127.0.0.1", "::1", "localhost"].includes(host);
