import { RunnerError } from "../failures";
import type { Credentials, Endpoint, HostKey } from "./connection";

/** One end of a connection, with where `ssh` finds the files that concern it. */
export interface Hop {
  endpoint: Endpoint;
  hostKey: HostKey;
  credentials: Credentials;
  files: { knownHosts: string; log: string; privateKey?: string };
}

export interface ClientConfig {
  target: Hop;
  proxy?: Hop;
  /** Where this very configuration lies, for the client that connects to the proxy. */
  path: string;
  /** The key exchanges to offer, the best first. */
  keyExchanges: string;
  /** What to print on stderr as soon as the target has let us in. */
  marker: string;
}

/** Ends `ssh` together with whoever started it, as a connection ends with its process. */
export const BOUND_SSH = ["setpriv", "--pdeathsig", "KILL", "ssh"];

/**
 * An `ssh_config` for the hosts `target` and `proxy`, to be the only one that `ssh` reads.
 *
 * Each host has to hold the one key that is pinned, and is shown the one credential that is meant
 * for it: an option of ProxyJump would be the same for both.
 */
export function renderClientConfig(config: ClientConfig): string {
  const { target, proxy, path, keyExchanges, marker } = config;
  const through = [...BOUND_SSH, "-F", path, "-E", proxy?.files.log ?? "", "-W", "'[%h]:%p'"];
  return [
    "Host target",
    ...hopLines("target", target),
    // Runs after the login and before the session: nothing has been done on the host by then.
    "  PermitLocalCommand yes",
    `  LocalCommand echo ${marker} >&2`,
    // At this level the log tells what became of the command.
    "  LogLevel DEBUG1",
    // What the proxy says to its client is not what the command says.
    ...(proxy ? [`  ProxyCommand ${through.join(" ")} proxy 2>/dev/null`] : []),
    ...(proxy ? ["Host proxy", ...hopLines("proxy", proxy), "  LogLevel INFO"] : []),
    "Host *",
    ...COMMON,
    `  KexAlgorithms ${keyExchanges}`,
    "",
  ].join("\n");
}

/** The `known_hosts` of one host. */
export function renderKnownHosts(alias: string, { algorithm, base64 }: HostKey): string {
  return `${alias} ${algorithm} ${base64}\n`;
}

const COMMON = [
  "  BatchMode yes",
  "  PreferredAuthentications publickey",
  "  StrictHostKeyChecking yes",
  "  GlobalKnownHostsFile /dev/null",
  "  UpdateHostKeys no",
  "  CheckHostIP no",
  "  ControlMaster no",
  "  ControlPath none",
  "  ClearAllForwardings yes",
  "  ForwardAgent no",
  "  ForwardX11 no",
  "  RequestTTY no",
  // A host that vanishes under a running command is noticed within a minute.
  "  ServerAliveInterval 15",
  "  ServerAliveCountMax 3",
];

function hopLines(alias: string, { endpoint, hostKey, credentials, files }: Hop): string[] {
  const { host, port = 22, user = "root" } = endpoint;
  return [
    `  HostName ${word(host, "host", /^[\w.:%][\w.:%-]*$/).replaceAll("%", "%%")}`,
    `  Port ${word(String(port), "port", /^\d{1,5}$/)}`,
    `  User ${word(user, "user", /^[\w.][\w.@-]*$/)}`,
    `  HostKeyAlias ${alias}`,
    `  HostKeyAlgorithms ${signaturesOf(hostKey)}`,
    `  UserKnownHostsFile ${files.knownHosts}`,
    ...credentialLines(credentials, files.privateKey),
  ];
}

function credentialLines(credentials: Credentials, privateKeyFile = "none"): string[] {
  if ("privateKey" in credentials) {
    return ["  IdentitiesOnly yes", "  IdentityAgent none", `  IdentityFile ${privateKeyFile}`];
  }
  const socket = word(credentials.agent, "agentSocketPath", /^[^"\\$\p{Cc}]+$/u);
  // No file: else the user's own keys would be tried after the agent's.
  return [`  IdentityAgent "${socket.replaceAll("%", "%%")}"`, "  IdentityFile none"];
}

/** A host may hold keys of several kinds; it is asked for the kind that is pinned. */
function signaturesOf({ algorithm }: HostKey): string {
  return algorithm === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : algorithm;
}

/** A value that stays one word of one line, whatever it holds. */
function word(value: string, name: string, shape: RegExp): string {
  if (shape.test(value)) return value;
  throw new RunnerError(`the connection's \`${name}\` cannot be "${value}"`);
}
