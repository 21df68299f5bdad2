/**
 * A mail relay and an HTTPS endpoint in the formats of Slack and Pushover, well-behaved and ill-behaved.
 *
 *     serve.ts <folder>
 *
 * Runs in the network of whoever starts it. Says on stdout what arrived, a line of JSON each; the
 * first line is `{"kind":"ready"}`. The folder holds certificates and the account; see ./sinks.ts.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

import { SMTPServer, type SMTPServerOptions } from "smtp-server";

import {
  type Account,
  type Arrived,
  HTTPS_PORTS,
  type Ready,
  SINK_IPV4,
  SMTP_PORTS,
} from "./ports";

const [folder = ""] = process.argv.slice(2);
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const account = JSON.parse(read("account.json")) as Account;
const good = { key: read("good.key"), cert: read("good.crt") };
const foreign = { key: read("foreign.key"), cert: read("foreign.crt") };

const say = (line: Arrived | Ready): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const refusal = (code: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode: code });

function relay(port: number, options: SMTPServerOptions): Promise<void> {
  const server = new SMTPServer({
    ...good,
    size: 1_000_000,
    logger: false,
    // A look-up of the client's name would wait for a name server that is not there.
    disableReverseLookup: true,
    onAuth({ username, password }, _session, done) {
      const known = username === account.user && password === account.password;
      if (known) done(null, { user: username });
      else done(refusal(535, `5.7.8 no such user as ${username ?? ""} with ${password ?? ""}`));
    },
    onRcptTo({ address }, _session, done) {
      if (address.startsWith("nobody")) done(refusal(550, "5.1.1 no such mailbox"));
      else done();
    },
    onData(stream, session, done) {
      let data = "";
      stream.on("data", (chunk: Buffer) => (data += chunk.toString()));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        const to = rcptTo.map(({ address }) => address);
        const { user } = session as { user?: string };
        say({ kind: "mail", at: Date.now(), port, from, to, data, ...(user ? { user } : {}) });
        done();
      });
    },
    ...options,
  });
  // A client that goes away, or does not like our certificate, is what some tests are about.
  server.on("error", () => undefined);
  return new Promise((resolve) => {
    server.listen(port, SINK_IPV4, () => {
      resolve();
    });
  });
}

/** The first part of the path says how to behave: /ok, /hang, /redirect, or the status to answer with. */
function endpoint(port: number, certificate: typeof good): Promise<void> {
  const server = createServer(certificate, (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const path = request.url ?? "";
      const [, behaviour = ""] = path.split("/");
      const type = request.headers["content-type"] ?? "";
      say({ kind: "post", at: Date.now(), port, path, method: request.method ?? "", type, body });
      if (behaviour === "hang") return;
      if (behaviour === "redirect") response.setHeader("Location", "/ok/elsewhere");
      const codes: Record<string, number> = { ok: 200, redirect: 302 };
      // As a careless service would: the answer repeats what it was sent.
      response.writeHead(codes[behaviour] ?? Number(behaviour)).end(`no: ${path} ${body}`);
    });
  });
  server.on("tlsClientError", () => undefined);
  return new Promise((resolve) => {
    server.listen(port, SINK_IPV4, () => {
      resolve();
    });
  });
}

const never = (): void => undefined;
const busy: SMTPServerOptions["onRcptTo"] = (_address, _session, done) => {
  done(refusal(451, "4.7.1 greylisted, come again"));
};

void (async () => {
  await relay(SMTP_PORTS.starttls, {});
  await relay(SMTP_PORTS.implicit, { secure: true });
  await relay(SMTP_PORTS.hanging, { onConnect: never });
  await relay(SMTP_PORTS.foreignCertificate, foreign);
  await relay(SMTP_PORTS.withoutTls, { disabledCommands: ["STARTTLS"], authOptional: true });
  await relay(SMTP_PORTS.busy, { onRcptTo: busy });
  await endpoint(HTTPS_PORTS.good, good);
  await endpoint(HTTPS_PORTS.foreignCertificate, foreign);
  say({ kind: "ready" });
})();
