import { createHash, timingSafeEqual } from "node:crypto";

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import { Call, Listing } from "./call";
import type { Cloud } from "./cloud";
import { ApiError, type Fault, reasonOf, refused } from "./errors";
import { applyFilter } from "./filter";
import { paginate } from "./paging";
import { type Route, ROUTES } from "./routes";
import { checkScope } from "./scopes";
import type { Throttle } from "./throttle";
import type { Body } from "./validation/faults";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether it answers without a token. */
    isPublic?: boolean;
  }
}

export interface ServerOptions {
  cloud: Cloud;
  throttle: Throttle;
  token: string;
  scopes: string;
}

/** Speaks the vendor's HTTP: token, envelope, headers, one line of log for each request. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { cloud, throttle, token, scopes } = options;
  const server = Fastify({
    logger: false,
    // The vendor's paths have no twins that end in a slash or differ in case.
    routerOptions: { ignoreTrailingSlash: false, caseSensitive: true },
    exposeHeadRoutes: false,
  });
  readBodies(server);
  server.addHook("onRequest", (request, reply, done) => {
    const { authorization } = request.headers;
    const granted = scopesOf(authorization) ?? scopes;
    void reply.headers({ "X-OAuth-Scopes": granted, "X-Spec-Version": "4" });
    // A wrong token is refused here, too, as at the vendor.
    const isOpen = authorization === undefined && request.routeOptions.config.isPublic === true;
    if (!isOpen && !isToken(authorization, token)) {
      throw new ApiError(401, [{ reason: "Invalid Token" }]);
    }
    throttle.count(reply);
    done();
  });
  server.addHook("onResponse", (request, reply, done) => {
    const ms = Math.round(reply.elapsedTime);
    cloud.log(`${request.method} ${pathOf(request)} ${reply.statusCode} ${ms}ms`);
    done();
  });
  server.setErrorHandler((error, request, reply) => answerError(cloud, error, request, reply));
  server.setNotFoundHandler((request) => {
    throw missing(cloud, request);
  });
  for (const route of ROUTES) addRoute(server, cloud, route, scopes);
  return server;
}

function addRoute(server: FastifyInstance, cloud: Cloud, route: Route, scopes: string): void {
  server.route({
    method: route.method,
    url: `/v4${route.path}`,
    config: { isPublic: route.scope === "public" },
    handler: async (request, reply) => {
      const scope = route.scope === "public" ? undefined : route.scope;
      if (scope) void reply.header("X-Accepted-OAuth-Scopes", scope);
      checkScope(scopesOf(request.headers.authorization) ?? scopes, scope);
      const call = new Call(bodyOf(request), request.params as Record<string, string>);
      const answer = await route.handler(cloud, call);
      return send(reply, answer instanceof Listing ? pageOf(answer, request) : answer);
    },
  });
}

function pageOf({ items }: Listing, request: FastifyRequest) {
  const filter = request.headers["x-filter"];
  const found = applyFilter(items, Array.isArray(filter) ? filter[0] : filter);
  return paginate(found, request.query as Record<string, unknown>);
}

/** A missing body is an empty one: clients send the type of a body also when they send none. */
function readBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser("error", "error");
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "string" }, (request, text, done) => {
    if (text === "") done(null, {});
    else void parse(request, text as string, done);
  });
}

function bodyOf({ body }: FastifyRequest): Body {
  if (body === undefined) return {};
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Body;
  throw refused("The body must be a JSON object.");
}

/**
 * As bytes, because the framework adds a charset to the type of a text, and with a charset the
 * provider's client no longer knows an error for one.
 */
function send(reply: FastifyReply, answer: unknown): FastifyReply {
  return reply.header("Content-Type", "application/json").send(Buffer.from(JSON.stringify(answer)));
}

function answerError(cloud: Cloud, error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const { status, faults, headers } = asApiError(cloud, error, request);
  return send(reply.status(status).headers(headers), { errors: faults satisfies readonly Fault[] });
}

function asApiError(cloud: Cloud, error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  // The framework's own refusals: no JSON, too long a body. Their texts quote nothing.
  if (status < 500) return new ApiError(status, [{ reason: reasonOf(error) }]);
  const what = `${request.method} ${pathOf(request)}`;
  cloud.log(`ERROR ${what}: ${error instanceof Error ? (error.stack ?? error.message) : "?"}`);
  const reason = `The local cloud failed on ${what}; its log says why.`;
  // The provider's client repeats a 500 of this path a thousand times, which looks like a hang.
  return new ApiError(/\/ips(\/|$)/.test(pathOf(request)) ? 501 : 500, [{ reason }]);
}

/** Loud, since a client that meets it needs something that the local cloud does not have. */
function missing(cloud: Cloud, request: FastifyRequest): ApiError {
  const what = `${request.method} ${pathOf(request)}`;
  if (!/^\/v4(\/|$)/.test(pathOf(request))) return new ApiError(404, [{ reason: "Not found" }]);
  cloud.log(`ERROR NOT IMPLEMENTED: ${what}`);
  return new ApiError(501, [{ reason: `${what} is not part of the local cloud.` }]);
}

function pathOf(request: FastifyRequest): string {
  return request.url.replace(/\?.*/, "");
}

/**
 * What a token is good for that says so itself, as `<token>:<scope>,<scope>`. Whoever holds the token may
 * do all, so this is for clients that are to be tried with less, as the vendor's own tokens are.
 */
function scopesOf(header: string | undefined): string | undefined {
  return /^Bearer [^:]+:(.+)$/.exec(header ?? "")?.[1]?.replaceAll(",", " ");
}

/** Compares digests, whose length and time tell nothing about the token. */
function isToken(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const [bare = ""] = /^Bearer [^:]*/.exec(header ?? "") ?? [];
  return timingSafeEqual(digest(bare), digest(`Bearer ${token}`));
}
