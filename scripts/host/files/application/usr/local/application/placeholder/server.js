// What the server shows over HTTPS until an application is deployed, so that certificate, ports and sandbox are
// proved before there is one.
"use strict";
const { readFileSync } = require("node:fs");
const https = require("node:https");

const LISTEN_FD = 3;
const { tls } = JSON.parse(readFileSync(process.env.APPLICATION_CONFIG, "utf8"));
const read = () => ({
  cert: readFileSync(tls.certificate),
  key: readFileSync(tls.privateKey),
  minVersion: "TLSv1.2",
});

const server = https.createServer(read(), (request, response) => {
  const isHealth = request.url === "/health";
  response.writeHead(isHealth ? 200 : 503, {
    "content-type": "text/plain; charset=utf-8",
    "strict-transport-security": "max-age=31536000",
    connection: "close",
  });
  response.end(isHealth ? "no application is deployed yet\n" : "Nothing is deployed here yet.\n");
});
server.requestTimeout = server.headersTimeout = 10_000;
server.connectionsCheckingInterval = 1000;
process.on("SIGHUP", () => server.setSecureContext(read()));
process.once("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
server.listen({ fd: LISTEN_FD });
