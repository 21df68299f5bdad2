/** The database: the guest book's only memory. */
import { readFileSync } from "node:fs";

import { type ConnectionOptions, createPool, type Pool, type RowDataPacket } from "mysql2/promise";

import type { DatabaseConfig } from "./config.js";

const HEALTH_MS = 2_000;

export interface Greeting {
  name: string;
  text: string;
  at: Date;
}

/** What the pages need of the database; tests bring their own. */
export interface Book {
  isReachable(): Promise<boolean>;
  latest(count: number): Promise<Greeting[]>;
  add(name: string, text: string): Promise<void>;
}

/**
 * Without `verifyIdentity`, which compares the certificate with "localhost" where the host is an address:
 * the authority is the database's own, and vouches for nothing else.
 */
export function connectionOptions({ tls, schema, ...rest }: DatabaseConfig): ConnectionOptions {
  return {
    ...rest,
    database: schema,
    charset: "utf8mb4",
    connectTimeout: 5_000,
    ...(tls.required && {
      ssl: { ca: readFileSync(tls.ca, "utf8"), rejectUnauthorized: true, minVersion: "TLSv1.2" },
    }),
  };
}

/**
 * Connects when it is first asked: what comes up first, we or the database, does not matter. Its queue takes
 * what has waited at the socket for this release to start, and comes all at once.
 */
export function openPool(config: DatabaseConfig): Pool {
  return createPool({ ...connectionOptions(config), connectionLimit: 8, queueLimit: 4096 });
}

export function makeBook(pool: Pool): Book {
  return {
    async isReachable() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => {
          resolve(false);
        }, HEALTH_MS);
      });
      const asked = pool.query("SELECT 1").then(
        () => true,
        () => false,
      );
      // A limit of the query's own would leave out the time that it waits for a connection.
      const reachable = await Promise.race([asked, late]);
      clearTimeout(timer);
      return reachable;
    },

    async latest(count) {
      const [rows] = await pool.query<RowDataPacket[]>(
        "SELECT name, text, UNIX_TIMESTAMP(at) AS at FROM greetings ORDER BY id DESC LIMIT ?",
        [count],
      );
      return rows.map(({ name, text, at }) => ({
        name: String(name),
        text: String(text),
        at: new Date(Number(at) * 1_000),
      }));
    },

    async add(name, text) {
      await pool.execute("INSERT INTO greetings (name, text) VALUES (?, ?)", [name, text]);
    },
  };
}
