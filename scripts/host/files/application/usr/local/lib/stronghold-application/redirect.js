// redirect HOST...: answers HTTP on the socket that systemd hands over (sd_listen_fds(3)), with one answer to all:
// the same page over HTTPS (catalogue A02). A host that is none of ours is answered with the first of ours, so
// that nobody is sent to where somebody else's words lead. An ACME server is shown what it asks for (RFC 8555, 8.3).
"use strict";
const { readFile } = require("node:fs");
const http = require("node:http");
const { join } = require("node:path");

const LISTEN_FD = 3;
const SECONDS = 10;
const CHALLENGES = "/var/lib/stronghold-acme/challenges";
const CHALLENGE = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,128})$/;
const hosts = process.argv.slice(2).map((host) => (host.includes(":") ? `[${host}]` : host));

const server = http.createServer((request, response) => {
  const [, token] = CHALLENGE.exec(request.url) ?? [];
  if (token !== undefined) return show(token, response);
  const asked = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  const host = hosts.includes(asked) ? asked : hosts[0];
  // A proxy's request names a whole address, and "*" none at all.
  const path = request.url.startsWith("/") ? request.url : "/";
  response.writeHead(301, {
    location: `https://${host}${path}`,
    connection: "close",
    "content-length": 0,
  });
  response.end();
});

function show(token, response) {
  readFile(join(CHALLENGES, token), (error, text) => {
    const status = error ? 404 : 200;
    response.writeHead(status, { "content-type": "application/octet-stream", connection: "close" });
    response.end(text);
  });
}
// Whoever sends slowly, or nothing, is let go of.
server.headersTimeout = server.requestTimeout = SECONDS * 1000;
server.timeout = SECONDS * 1000;
server.connectionsCheckingInterval = 1000;
server.maxConnections = 1000;
server.on("clientError", (_error, socket) => socket.destroy());
process.once("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
server.listen({ fd: LISTEN_FD });
