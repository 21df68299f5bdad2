import { resolve } from "node:path";

import { RunnerError } from "../failures";

/** How to reach one host, in the words of `@pulumi/command`. */
export interface Endpoint {
  host: string;
  port?: number;
  user?: string;
  hostKey?: string;
  privateKey?: string;
  privateKeyPassword?: string;
  agentSocketPath?: string;
  password?: string;
  /** How many failed attempts are borne; -1 for any number. */
  dialErrorLimit?: number;
  /** Seconds that one attempt may take; 0 for any time. */
  perDialTimeout?: number;
}

export interface Connection extends Endpoint {
  /** A host to go through. */
  proxy?: Endpoint;
}

export interface HostKey {
  algorithm: string;
  base64: string;
}

export type Credentials = { privateKey: string } | { agent: string };

/** `deployer@192.168.129.10 through 203.0.113.100`, for messages. */
export function nameOf({ user = "root", host, proxy }: Connection): string {
  return `${user}@${host}${proxy ? ` through ${proxy.host}` : ""}`;
}

/** The key that the host must prove to hold. Without one, anybody could answer in its place. */
export function pinnedKey({ host, hostKey }: Endpoint): HostKey {
  if (hostKey === undefined || hostKey.trim() === "") {
    throw new RunnerError(
      `the connection to ${host} has no \`hostKey\`: the embedded runner connects only to hosts whose ` +
        "key is known; give it, also for `proxy`",
    );
  }
  const [algorithm = "", base64 = ""] = hostKey.trim().split(/\s+/);
  if (!/^[\w.@-]+$/.test(algorithm) || !/^[\w+/]+=*$/.test(base64)) {
    throw new RunnerError(`the \`hostKey\` of ${host} must read "<algorithm> <base64>"`);
  }
  return { algorithm, base64 };
}

/** A private key if one is given, else the SSH agent; passwords are not taken. */
export function credentialsOf(endpoint: Endpoint): Credentials {
  const { host, privateKey, privateKeyPassword, agentSocketPath } = endpoint;
  if (privateKeyPassword !== undefined && privateKeyPassword !== "") {
    throw new RunnerError(
      `the embedded runner takes no \`privateKeyPassword\` (given for ${host}): load the key into the ` +
        "SSH agent and leave `privateKey` out",
    );
  }
  if (privateKey !== undefined && privateKey !== "") return { privateKey };
  const agent = agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
  if (agent !== undefined && agent !== "") return { agent: resolve(agent) };
  throw new RunnerError(
    `no key for ${host}: neither \`privateKey\` nor an SSH agent (SSH_AUTH_SOCK) is there`,
  );
}
