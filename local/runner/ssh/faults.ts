import { RunnerError } from "../failures";
import type { Connection } from "./connection";

/** Why a host was not reached; it decides how long it is worth trying again. */
export type Fault = "unreachable" | "wrong host key" | "not let in";

export class DialError extends Error {
  constructor(
    readonly fault: Fault,
    message: string,
  ) {
    super(message);
  }
}

/** What the clients logged. */
export interface Logs {
  target: string;
  proxy: string;
}

/**
 * Tells from the logs why the target let nobody in; `otherwise` is what to say if they are silent.
 *
 * Where there is a proxy, its own log tells first whether it is the proxy that failed.
 */
export function faultIn(connection: Connection, logs: Logs, otherwise: string): Error {
  const { host, proxy } = connection;
  const refusal = refusalIn(logs.target, host);
  if (refusal || !proxy) return refusal ?? unreachable(host, said(logs.target) || otherwise);
  const hidden = /open failed: (.*)$/m.exec(logs.proxy)?.[1];
  if (hidden !== undefined) {
    return new DialError("unreachable", `the proxy does not connect to it: ${hidden}`);
  }
  const words = said(logs.proxy);
  const atProxy = refusalIn(logs.proxy, proxy.host) ?? unreachable(proxy.host, words);
  return words === "" ? unreachable(host, said(logs.target) || otherwise) : atProxy;
}

function refusalIn(log: string, host: string): Error | undefined {
  if (/^Host key verification failed\.|no matching host key type found/m.test(log)) {
    return new DialError(
      "wrong host key",
      `${host} presents another host key than the pinned one: it is not the host that the stack made, or ` +
        "somebody is in between. Nothing was sent to it",
    );
  }
  const unusable = /^Load key ".*": (.*)$/m.exec(log)?.[1];
  if (unusable !== undefined) {
    return new RunnerError(`the \`privateKey\` for ${host} cannot be used: ${unusable}`);
  }
  if (/: Permission denied \(|: Too many authentication failures/.test(log)) {
    return new DialError("not let in", `${host} accepts none of the keys offered`);
  }
  return undefined;
}

function unreachable(host: string, words: string): DialError {
  return new DialError("unreachable", `${host} cannot be reached: ${words}`);
}

/** What became of a command for which `ssh` itself exits with 255, as it also does for a remote 255. */
export function fateIn(log: string): "exited" | "ended by a signal" | "lost" {
  const [, report] = /^debug1: .*\brtype (exit-status|exit-signal) /m.exec(log) ?? [];
  if (report === "exit-status") return "exited";
  return report === "exit-signal" ? "ended by a signal" : "lost";
}

const CHATTER = /^(debug\d: |\*\* |Authenticated to |Transferred: |Bytes per second: |\s*$)/;

/** The client's complaints, without its chatter and its good advice. */
export function said(log: string): string {
  const lines = log.split(/\r?\n/).filter((line) => !CHATTER.test(line));
  return lines.map((line) => line.replace(/^ssh: /, "")).join("; ");
}
