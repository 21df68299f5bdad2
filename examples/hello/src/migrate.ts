/**
 * Brings the schema to what this release needs.
 *
 * Runs while the old release serves, so it only adds; what an old release needs goes one release later. On
 * stdin it gets the account that may change the schema: the application itself must not be able to.
 */
import { text } from "node:stream/consumers";

import { createConnection, type RowDataPacket } from "mysql2/promise";
import { z } from "zod";

import { ConfigError, readConfig } from "./config.js";
import { connectionOptions } from "./database.js";

const CREDENTIALS = z.object({
  database: z.object({ user: z.string().min(1), password: z.string() }),
});

const LOCK = "hello-migrate";
const LOCK_SECONDS = 30;

const TABLE = `CREATE TABLE greetings (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(40) NOT NULL,
  text VARCHAR(200) NOT NULL,
  at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) CHARACTER SET utf8mb4`;

async function main(): Promise<void> {
  const { database } = readConfig();
  const account = readCredentials(await text(process.stdin));
  const connection = await createConnection(connectionOptions({ ...database, ...account }));
  const ask = async (sql: string, values: string[] = []): Promise<unknown> => {
    const [rows] = await connection.query<RowDataPacket[]>(sql, values);
    return (rows as Record<string, unknown>[])[0]?.["value"];
  };
  try {
    // Goes with the connection, however that ends.
    if ((await ask(`SELECT GET_LOCK('${LOCK}', ${LOCK_SECONDS}) AS value`)) !== 1) {
      throw new Error(`another migration has been at work for ${LOCK_SECONDS} s`);
    }
    const count =
      "SELECT COUNT(*) AS value FROM information_schema.tables WHERE table_schema = ? AND table_name = ?";
    if (Number(await ask(count, [database.schema, "greetings"])) > 0) {
      console.log("the table greetings is there already");
      return;
    }
    await connection.query(TABLE);
    console.log("created the table greetings");
  } finally {
    await connection.end();
  }
}

function readCredentials(input: string): { user: string; password: string } {
  try {
    return CREDENTIALS.parse(JSON.parse(input)).database;
  } catch {
    // Without the parser's words, which quote what they were given.
    throw new ConfigError('stdin has to be {"database":{"user":"...","password":"..."}}');
  }
}

main().catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(`the migration failed: ${code === undefined ? "" : `${code}: `}${message}`);
  process.exit(error instanceof ConfigError ? ConfigError.EXIT_CODE : 1);
});
