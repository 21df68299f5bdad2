import { isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { RunnerError } from "./failures";

/** The local API answers at once, so that waiting longer between two looks would only be waiting. */
const POLL_MS = 100;
/** As long as the real provider waits. */
const LIMIT_MS = 15 * 60_000;

/** An error of the API in the words of the real provider: `[400] [label] Label must be unique`. */
export class LinodeError extends RunnerError {
  constructor(
    readonly status: number,
    errors: { reason: string; field?: string }[],
  ) {
    const texts = errors.map(({ reason, field }) => (field ? `[${field}] ${reason}` : reason));
    super(`[${status}] ${texts.join("; ")}`);
  }
}

interface Event {
  id: number;
  status: "scheduled" | "started" | "finished" | "failed" | "notification";
}

interface Call {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  filter?: Record<string, unknown>;
}

/** The few calls of the Linode API v4 that the runner makes, and the two ways of waiting for an effect. */
export class LinodeClient {
  constructor(
    private readonly origin: string,
    private readonly token: string,
  ) {}

  async call<T>(path: string, { method = "GET", body, filter }: Call = {}): Promise<T> {
    const request: RequestInit = {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        accept: "application/json",
        "content-type": "application/json",
        // Of its own for each call: while this process compiles the program, it does not notice that an idle
        // connection was closed at the other end, and what is sent on that would be lost.
        connection: "close",
        ...(filter ? { "x-filter": JSON.stringify(filter) } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const response = await fetch(`${this.origin}/v4${path}`, request).catch((error: unknown) => {
      throw new RunnerError(`the Linode API at ${this.origin} gives no answer: ${reasonOf(error)}`);
    });
    const text = await response.text();
    if (!response.ok) throw new LinodeError(response.status, errorsIn(text));
    return JSON.parse(text) as T;
  }

  /** Whether there is something at `path`. */
  async has(path: string): Promise<boolean> {
    try {
      await this.call(path);
      return true;
    } catch (error) {
      if (error instanceof LinodeError && error.status === 404) return false;
      throw error;
    }
  }

  /** Looks at `path` until it is as wanted. */
  async until<T>(path: string, wanted: (found: T) => boolean, signal: AbortSignal): Promise<T> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const found = await this.call<T>(path);
      if (wanted(found)) return found;
      if (Date.now() > deadline)
        throw new RunnerError(`${path} did not become ready in 15 minutes`);
      await delay(POLL_MS, undefined, { signal });
    }
  }

  /** Starts an action on a Linode and waits for the event that tells of its end. */
  async untilDone(
    action: string,
    linode: string,
    start: () => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const filter = { action, "entity.id": Number(linode), "entity.type": "linode" };
    const list = (): Promise<{ data: Event[] }> => this.call("/account/events?page=1", { filter });
    const known = new Set((await list()).data.map(({ id }) => id));
    await start();
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const event = (await list()).data.find(({ id }) => !known.has(id));
      if (event?.status === "finished") return;
      if (event?.status === "failed") throw new RunnerError(`${action} of Linode ${linode} failed`);
      if (Date.now() > deadline) throw new RunnerError(`${action} did not end in 15 minutes`);
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

/** `fetch` itself only says that it failed; the reason is one level down. */
function reasonOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  return cause instanceof Error ? cause.message : String(cause);
}

function errorsIn(text: string): { reason: string; field?: string }[] {
  try {
    const { errors } = JSON.parse(text) as { errors?: { reason: string; field?: string }[] };
    if (errors && errors.length > 0) return errors;
  } catch {
    // Not the API's own envelope: the text itself says more than nothing.
  }
  return [{ reason: text.slice(0, 300) }];
}

/**
 * The API that the environment names (`LINODE_URL`, `LINODE_TOKEN`), provided that it is a local one.
 *
 * The runner has no preview and refuses little: on a real account it could do harm.
 */
export function localLinode(env: NodeJS.ProcessEnv): LinodeClient {
  const { LINODE_URL: url, LINODE_TOKEN: token } = env;
  if (url === undefined || url === "") {
    throw new RunnerError(`LINODE_URL is not set: ${ONLY_LOCAL}`);
  }
  if (token === undefined || token === "") throw new RunnerError("LINODE_TOKEN is not set");
  if (/^[0-9a-f]{64}$/i.test(token)) {
    throw new RunnerError(`LINODE_TOKEN looks like the token of a real account: ${ONLY_LOCAL}`);
  }
  if (!isLoopbackOrigin(url)) throw new RunnerError(`LINODE_URL is ${url}: ${ONLY_LOCAL}`);
  return new LinodeClient(new URL(url).origin, token);
}

const ONLY_LOCAL =
  "the embedded runner works only on a local cloud, at an origin such as http://127.0.0.1:18181; " +
  "for a real account install the Pulumi CLI";

function isLoopbackOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.pathname !== "/" && url.pathname !== "")) return false;
  if (url.protocol !== "http:" && url.protocol !== "https:") return false;
  if (isIP(url.hostname) === 4) return url.hostname.startsWith("127.");
  return url.hostname === "localhost" || url.hostname === "[::1]";
}
