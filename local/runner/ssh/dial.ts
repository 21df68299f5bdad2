import { setTimeout as delay } from "node:timers/promises";

import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";

import { RunnerError } from "../failures";
import {
  type Connection,
  credentialsOf,
  type Endpoint,
  type HostKey,
  nameOf,
  pinnedKey,
} from "./connection";

/** Why one attempt failed; it decides how long it is worth trying again. */
type Fault = "unreachable" | "wrong host key" | "not let in";

class DialError extends Error {
  constructor(
    readonly fault: Fault,
    message: string,
  ) {
    super(message);
  }
}

/** The real provider's defaults. */
const DIAL_ERROR_LIMIT = 10;
const PER_DIAL_TIMEOUT = 15;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Faults that time may heal, but not much of it: sshd reads a new host key a moment after it was told
 * to, and a booting host lets nobody in at first. sshd shuts out who fails to log in again and again.
 */
const FEW_TRIES: Partial<Record<Fault, { tries: number; pauseMs: number }>> = {
  "wrong host key": { tries: 4, pauseMs: 250 },
  "not let in": { tries: 5, pauseMs: 500 },
};

/**
 * Connects anew, through the proxy if there is one, does the work and hangs up.
 *
 * Connections are never shared: that a host still lets a new one in is what a confirming step proves.
 */
export async function withConnection<T>(
  connection: Connection,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const hops = await dial(connection, signal);
  try {
    return await work(hops.target);
  } finally {
    hops.hangUp();
  }
}

interface Hops {
  target: Client;
  hangUp: () => void;
}

async function dial(connection: Connection, signal: AbortSignal): Promise<Hops> {
  const limit = connection.dialErrorLimit ?? DIAL_ERROR_LIMIT;
  const tries = new Map<Fault, number>();
  let pauseMs = FIRST_PAUSE_MS;
  for (let errors = 1; ; errors += 1) {
    try {
      return await dialOnce(connection);
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      const few = FEW_TRIES[error.fault];
      const failed = (tries.get(error.fault) ?? 0) + 1;
      tries.set(error.fault, failed);
      const isOver = failed >= (few?.tries ?? Infinity) || (limit >= 0 && errors >= limit);
      if (isOver) throw new RunnerError(`${nameOf(connection)}: ${error.message}`);
      await delay(few ? few.pauseMs * 2 ** (failed - 1) : pauseMs, undefined, { signal });
      pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
    }
  }
}

async function dialOnce(connection: Connection): Promise<Hops> {
  const { proxy, ...target } = connection;
  if (!proxy) return single(await open(target));
  // Both are checked before anything is sent anywhere.
  pinnedKey(target);
  const hop = await open(proxy);
  try {
    const tunnel = await forward(hop, target);
    const client = await open(target, tunnel);
    const hangUp = (): void => {
      client.end();
      hop.end();
    };
    return { target: client, hangUp };
  } catch (error) {
    hop.end();
    throw error;
  }
}

function single(target: Client): Hops {
  return { target, hangUp: () => target.end() };
}

type Tunnel = NonNullable<ConnectConfig["sock"]>;

function forward(hop: Client, { host, port = 22 }: Endpoint): Promise<Tunnel> {
  return new Promise((resolve, reject) => {
    hop.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
      if (error)
        reject(new DialError("unreachable", `the proxy does not connect to it: ${error.message}`));
      else resolve(channel);
    });
  });
}

async function open(endpoint: Endpoint, sock?: Tunnel): Promise<Client> {
  const key = pinnedKey(endpoint);
  const credentials = credentialsOf(endpoint);
  // Loaded here, because a run with nothing to do need not wait for it.
  const ssh2 = await import("ssh2");
  const client = new ssh2.Client();
  let presented: Buffer | undefined;
  const { host, port = 22, user = "root", perDialTimeout = PER_DIAL_TIMEOUT } = endpoint;
  const config: ConnectConfig = {
    ...(sock ? { sock } : { host, port }),
    username: user,
    ...credentials,
    authHandler: "agent" in credentials ? ["agent"] : ["publickey"],
    algorithms: { serverHostKey: signaturesOf(key) },
    hostVerifier: (blob: Buffer): boolean => {
      presented = blob;
      return blob.equals(key.blob);
    },
    readyTimeout: perDialTimeout * 1_000,
    // A host that vanishes under a running command is noticed within a minute.
    keepaliveInterval: 15_000,
  };
  return new Promise((resolve, reject) => {
    client.once("ready", () => {
      resolve(client);
    });
    client.on("error", (error) => {
      reject(dialError(error, host, presented !== undefined && !presented.equals(key.blob)));
    });
    client.once("close", () => {
      reject(new DialError("unreachable", `${host} hung up`));
    });
    client.connect(config);
  });
}

/** A host may hold keys of several kinds; it is asked for the kind that is pinned. */
function signaturesOf({ algorithm }: HostKey): ServerHostKeyAlgorithm[] {
  const names = algorithm === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [algorithm];
  return names as ServerHostKeyAlgorithm[];
}

function dialError(
  error: Error & { level?: string },
  host: string,
  isOtherKey: boolean,
): DialError {
  if (isOtherKey || error.message.includes("no matching host key")) {
    return new DialError(
      "wrong host key",
      `${host} presents another host key than the pinned one: it is not the host that the stack made, or ` +
        "somebody is in between. Nothing was sent to it",
    );
  }
  if (error.level === "client-authentication") {
    return new DialError("not let in", `${host} accepts none of the keys offered`);
  }
  return new DialError("unreachable", `${host} cannot be reached: ${error.message}`);
}
