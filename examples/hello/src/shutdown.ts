/** How one release makes way for the next without one request lost. */
import type { Server, ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";

/**
 * How long clients have to use the connections that they keep: their next answer tells them to close it.
 * Closing an idle connection at once would lose the request that is on its way at that moment.
 */
const GRACE_MS = 2_000;
/** Less than the 20 s after which we would be killed. */
const LIMIT_MS = 18_000;

/** Has to be called before the first request; the function that it returns drains the server. */
export function makeDrain(server: Server, graceMs = GRACE_MS, limitMs = LIMIT_MS) {
  const open = new Set<ServerResponse>();
  let draining = false;

  server.prependListener("request", (_, response) => {
    open.add(response);
    response.once("close", () => open.delete(response));
    if (draining) response.setHeader("Connection", "close");
  });

  return async function drain(): Promise<void> {
    draining = true;
    for (const response of open) {
      if (!response.headersSent) response.setHeader("Connection", "close");
    }
    // Who has connected and says nothing, as browsers do just in case, is not waited for any longer.
    server.headersTimeout = graceMs;
    const started = Date.now();
    const timer = setInterval(() => {
      const elapsed = Date.now() - started;
      if (elapsed >= limitMs) server.closeAllConnections();
      else if (elapsed >= graceMs) server.closeIdleConnections();
    }, 50);
    await stopAccepting(server);
    clearInterval(timer);
  };
}

/**
 * Closes our descriptor of the socket; systemd's stays open, where new connections wait for the next
 * process. The close() of HTTP servers would close idle connections, too, so it has to be that of sockets.
 */
function stopAccepting(server: Server): Promise<void> {
  return new Promise((done) => {
    NetServer.prototype.close.call(server, () => {
      done();
    });
  });
}
