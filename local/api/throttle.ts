import type { FastifyReply } from "fastify";

import { ApiError } from "./errors";

/** The vendor's published limit of calls a minute. */
const LIMIT = 1600;
const WINDOW_SECONDS = 60;

/** Tells the limits as the vendor does, but holds nobody to them: fast polling exceeds some. */
export class Throttle {
  #window = 0;
  #used = 0;
  #refusals = 0;

  /** The next `times` requests answer 429, for tests of clients. */
  refuse(times: number): void {
    this.#refusals = times;
  }

  count(reply: FastifyReply): void {
    const window = Math.floor(Date.now() / 1000 / WINDOW_SECONDS);
    this.#used = window === this.#window ? this.#used + 1 : 1;
    this.#window = window;
    void reply.headers({
      "X-RateLimit-Limit": String(LIMIT),
      "X-RateLimit-Remaining": String(Math.max(0, LIMIT - this.#used)),
      "X-RateLimit-Reset": String((window + 1) * WINDOW_SECONDS),
    });
    if (this.#refusals === 0) return;
    this.#refusals -= 1;
    throw new ApiError(429, [{ reason: "Too many requests" }], { "Retry-After": "1" });
  }
}
