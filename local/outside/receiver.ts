/**
 * Where alerts of a local cloud arrive: a mail relay, and web endpoints in the formats of Slack and Pushover.
 *
 *     receiver.ts <folder>
 *
 * A process of its own in the router's network, started by ./world.ts. The folder is root's alone: it
 * holds the identity, and the messages that arrived.
 */
import { createServer, type Server } from "node:https";

import { SMTPServer } from "smtp-server";

import { type Identity, readIdentity } from "./identity";
import { readMail } from "./mail";
import { MESSAGE_BYTES_MAX, MessageLog } from "./messages";
import { OUTSIDE_IPV4, RELAY_PORT, WEB_PORT } from "./places";
import { answerWeb } from "./webhooks";

const IDLE_MS = 30_000;
const CLIENTS_MAX = 50;
const RECIPIENTS_MAX = 50;

/** SMTP on the port for submission: STARTTLS first, then a login, then mail. */
function relay({ key, certificate, ...account }: Identity, log: MessageLog): SMTPServer {
  const server = new SMTPServer({
    key,
    cert: certificate,
    name: "outside.local.test",
    size: MESSAGE_BYTES_MAX,
    maxClients: CLIENTS_MAX,
    socketTimeout: IDLE_MS,
    // There is no name server that could be asked.
    disableReverseLookup: true,
    onAuth({ username, password }, _session, done) {
      const known = username === account.relayUser && password === account.relayPassword;
      if (known) done(null, { user: username });
      else done(refusal(535, "5.7.8 wrong user name or password"));
    },
    onRcptTo(_address, session, done) {
      const tooMany = session.envelope.rcptTo.length >= RECIPIENTS_MAX;
      done(tooMany ? refusal(452, "4.5.3 too many recipients") : null);
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      // What is too large is read to its end, as SMTP wants it, and not kept.
      stream.on("data", (chunk: Buffer) => {
        if (!stream.sizeExceeded) chunks.push(chunk);
      });
      stream.on("end", () => {
        if (stream.sizeExceeded) {
          done(refusal(552, "5.3.4 message too big"));
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        const to = rcptTo.map(({ address }) => address);
        const kept = log.append(readMail(Buffer.concat(chunks).toString(), { from, to }));
        done(kept ? null : refusal(452, "4.3.1 no room"));
      });
    },
  });
  // A client that goes away, or does not trust the certificate, is no affair of the others.
  server.on("error", () => undefined);
  return server;
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

function web(identity: Identity, log: MessageLog): Server {
  const tls = { key: identity.key, cert: identity.certificate };
  const server = createServer({ ...tls, requestTimeout: IDLE_MS }, (request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MESSAGE_BYTES_MAX) chunks.push(chunk);
      else if (!response.headersSent) response.writeHead(413, { connection: "close" }).end();
    });
    request.on("end", () => {
      if (response.headersSent) return;
      const { method = "", url: path = "", headers } = request;
      const body = Buffer.concat(chunks).toString();
      const type = headers["content-type"] ?? "";
      const answer = answerWeb({ method, path, type, body }, identity);
      const kept = answer.arrival === undefined || log.append(answer.arrival);
      if (kept) response.writeHead(answer.status, { "content-type": answer.type });
      else response.writeHead(503);
      response.end(kept ? answer.body : "");
    });
  });
  server.maxConnections = CLIENTS_MAX;
  return server;
}

const [folder = ""] = process.argv.slice(2);
const identity = readIdentity(folder);
const messages = new MessageLog(folder);
relay(identity, messages).listen(RELAY_PORT, OUTSIDE_IPV4);
web(identity, messages).listen(WEB_PORT, OUTSIDE_IPV4);
