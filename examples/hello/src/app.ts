/** What is answered to whom. */
import type { TLSSocket } from "node:tls";

import express, { type ErrorRequestHandler, type Express, type Request } from "express";
import helmet from "helmet";
import { z } from "zod";

import type { Book } from "./database.js";
import { LIMITS, page, STYLE_SOURCE, type Visitor } from "./page.js";

const SHOWN = 20;
const YEAR_SECONDS = 365 * 24 * 60 * 60;

const line = (max: number) => z.string().trim().min(1).max(max);
const GREETING = z.object({ name: line(LIMITS.name), text: line(LIMITS.text) });

const HEADERS = helmet({
  xFrameOptions: { action: "deny" },
  strictTransportSecurity: { maxAge: YEAR_SECONDS, includeSubDomains: false },
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: [STYLE_SOURCE],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
});

export function makeApp(book: Book, version: string): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(HEADERS, (_, response, next) => {
    response.set("Cache-Control", "no-store");
    next();
  });

  app.get("/health", async (_, response) => {
    const reachable = await book.isReachable();
    response
      .status(reachable ? 200 : 503)
      .type("text")
      .send(reachable ? "ok\n" : "unavailable\n");
  });

  app.get("/", async (request, response) => {
    const greetings = await book.latest(SHOWN);
    response.type("html").send(page(visitorOf(request), greetings, version));
  });

  const form = express.urlencoded({ extended: false, limit: "4kb", parameterLimit: 8 });
  app.post("/greetings", form, async (request, response) => {
    if (isForeign(request)) {
      response.status(403).type("text").send("That form is not ours.\n");
      return;
    }
    const { data } = GREETING.safeParse(request.body);
    if (data === undefined) {
      const wanted = `a name of 1 to ${LIMITS.name} and a greeting of 1 to ${LIMITS.text} characters`;
      response.status(400).type("text").send(`Please give ${wanted}.\n`);
      return;
    }
    await book.add(data.name, data.text);
    response.redirect(303, "/");
  });

  app.use((_, response) => {
    response.status(404).type("text").send("There is nothing here.\n");
  });
  app.use(fail);
  return app;
}

/** A form on another site, sent by a browser that may have rights here. Every current browser says so. */
function isForeign(request: Request): boolean {
  return !["same-origin", "none", undefined].includes(request.get("Sec-Fetch-Site"));
}

function visitorOf({ socket }: Request): Visitor {
  return {
    // An IPv4 client of a socket for both kinds has its address written as an IPv6 one.
    address: socket.remoteAddress?.replace(/^::ffff:/, "") ?? "this server",
    protocol: (socket as Partial<TLSSocket>).getProtocol?.() ?? "plain HTTP",
  };
}

/** The browser learns whose fault it was; what the fault was is for the journal. */
const fail: ErrorRequestHandler = (error: unknown, request, response, next) => {
  const { status, code, message } = error as { status?: number; code?: string; message?: string };
  if (status !== undefined && status >= 400 && status < 500) {
    response.status(status).type("text").send("That request is no good.\n");
    return;
  }
  console.error(`failed: ${request.method} ${request.path}: ${code ?? message ?? "unknown"}`);
  if (response.headersSent) next(error);
  else response.status(500).type("text").send("Something went wrong here.\n");
};
