import type { FastifyInstance } from "fastify";

import type { Machines } from "../types";
import type { Cloud, ProfileOptions } from "./cloud";
import { Lifecycle } from "./lifecycle";
import { reconcile } from "./reconcile";
import { createServer } from "./server";
import type { Store } from "./state/store";
import { Throttle } from "./throttle";
import { Walls } from "./walls";

export { FileStore } from "./state/file-store";
export { MemoryStore, type Store } from "./state/store";
export type { ProfileOptions } from "./cloud";

export interface ApiOptions {
  machines: Machines;
  store: Store;
  /** The one token that is let in. */
  token: string;
  /** Takes the log, a line at a time. @default nothing is logged */
  log?: (line: string) => void;
  /** Who the token belongs to. @default an unrestricted user with two-factor login */
  profile?: Partial<ProfileOptions>;
  /** What the token is good for, such as `linodes:read_write events:read_only`. @default `*` */
  scopes?: string;
}

export interface Api extends FastifyInstance {
  /** Resolves when no machine is being worked on in the background. */
  idle(): Promise<void>;
  /** The next `times` requests answer 429. */
  refuseNext(times: number): void;
}

const PROFILE: ProfileOptions = {
  username: "local",
  email: "local@example.com",
  restricted: false,
  twoFactorAuth: true,
};

/**
 * The Linode API v4 as far as the stack needs it, on top of machines of one's own.
 *
 * It listens once `listen` or `ready` is called, after it has made machines and stored state agree.
 * Closing it leaves the machines as they are.
 */
export function createApi(options: ApiOptions): Api {
  const { machines, store, token, log = () => undefined, scopes = "*" } = options;
  const walls = new Walls(store, machines, log);
  const lifecycle = new Lifecycle(store, machines, walls, log);
  const profile = { ...PROFILE, ...options.profile };
  const cloud: Cloud = { store, machines, walls, lifecycle, profile, log };
  const throttle = new Throttle();
  const server = createServer({ cloud, throttle, token, scopes });
  server.addHook("onReady", () => reconcile(cloud));
  return Object.assign(server, {
    idle: () => lifecycle.idle(),
    refuseNext: (times: number) => {
      throttle.refuse(times);
    },
  });
}
