/** Where requests come in: at the socket that systemd holds for us, or at a port in development. */
import { once } from "node:events";
import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { createServer } from "node:https";

import { type Config, ConfigError } from "./config.js";
import { tlsOptions } from "./tls.js";

/** The first descriptor that systemd passes on, see sd_listen_fds(3). */
const FIRST_DESCRIPTOR = 3;
/** Node sets this on a socket that is systemd's, too: how many wait while one release follows another. */
const BACKLOG = 4096;

const LIMITS = {
  // A client that takes longer to say what it wants, or says nothing, is no browser.
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 500,
};

export function makeServer(config: Config, app: RequestListener): Server {
  if (config.tls === undefined) return createPlainServer(LIMITS, app);
  return createServer({ ...tlsOptions(config.tls), ...LIMITS, handshakeTimeout: 10_000 }, app);
}

/** Starts to accept connections; answers with where. */
export async function listen(
  server: Server,
  config: Config,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  if (isPassed(env)) {
    if (config.tls === undefined) throw new ConfigError("tls: has to be set under systemd");
    server.listen({ fd: FIRST_DESCRIPTOR }, BACKLOG);
    await once(server, "listening");
    return "the socket of systemd";
  }
  const { listen: place } = config;
  if (place === undefined) {
    throw new ConfigError("systemd has passed no socket (LISTEN_FDS), and `listen` is not set");
  }
  server.listen({ ...place });
  await once(server, "listening");
  return `${config.tls ? "https" : "http"}://${place.host}:${place.port}`;
}

/** Both are looked at, since a child inherits the variables of a parent for which they were meant. */
function isPassed({ LISTEN_FDS: count, LISTEN_PID: pid }: NodeJS.ProcessEnv): boolean {
  if (count === undefined || (pid !== undefined && pid !== String(process.pid))) return false;
  if (count !== "1") throw new ConfigError(`systemd has passed ${count} sockets instead of one`);
  return true;
}
