/** The application, from start to end. */
import { readFileSync } from "node:fs";
import type { Server } from "node:https";
import { setTimeout } from "node:timers/promises";

import { makeApp } from "./app.js";
import { ConfigError, readConfig } from "./config.js";
import { makeBook, openPool } from "./database.js";
import { listen, makeServer } from "./listen.js";
import { makeDrain } from "./shutdown.js";
import { reloadTls } from "./tls.js";

const FAREWELL_MS = 1_000;

const { name, version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { name: string; version: string };

async function main(): Promise<void> {
  const config = readConfig();
  const pool = openPool(config.database);
  const server = makeServer(config, makeApp(makeBook(pool), version));
  const drain = makeDrain(server);

  // Before it listens: from then on it may be told to go, or to read a new certificate.
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
  process.on("SIGHUP", () => {
    if (config.tls !== undefined) reloadTls(server as Server, config.tls);
  });
  console.log(`${name} ${version} listens at ${await listen(server, config)}`);

  async function stop(): Promise<void> {
    await drain();
    // A database that does not answer is not said farewell to.
    await Promise.race([pool.end().catch(() => undefined), setTimeout(FAREWELL_MS)]);
    console.log(`${name} ${version} has stopped`);
    process.exit(0);
  }
}

main().catch((error: unknown) => {
  console.error(`${name} cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(error instanceof ConfigError ? ConfigError.EXIT_CODE : 1);
});
