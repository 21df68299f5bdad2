import { randomBytes } from "node:crypto";

import { type Hop, renderClientConfig, renderKnownHosts } from "./client-config";
import { type Connection, credentialsOf, type Endpoint, pinnedKey } from "./connection";
import { keyExchanges } from "./key-exchange";
import { NamelessFile } from "./nameless-file";

/** What one run of `ssh` is told, and what it logs. */
export interface ClientFiles {
  /** The words that follow `ssh`, up to the command. */
  words: string[];
  /** Comes on stderr, on a line of its own, once the host is proved and has let us in. */
  marker: string;
  targetLog: () => string;
  proxyLog: () => string;
  close: () => void;
}

/**
 * Lays out what `ssh` needs for one connection. Nothing that lies on this machine has a say in it.
 *
 * @throws RunnerError if a pinned key or a credential of either end is missing.
 */
export function clientFiles({ proxy, ...target }: Connection): ClientFiles {
  const opened: NamelessFile[] = [];
  const close = (): void => {
    for (const file of opened) file.close();
  };
  const file: Open = (content) => {
    const made = new NamelessFile(content);
    opened.push(made);
    return made;
  };
  try {
    const [config, targetLog, proxyLog] = [file(), file(), file()];
    const marker = randomBytes(16).toString("hex");
    const text = renderClientConfig({
      target: hop("target", target, targetLog, file),
      ...(proxy ? { proxy: hop("proxy", proxy, proxyLog, file) } : {}),
      path: config.path,
      keyExchanges: keyExchanges(),
      marker,
    });
    config.write(text);
    return {
      words: ["-F", config.path, "-E", targetLog.path, "--", "target"],
      marker,
      targetLog: () => targetLog.text(),
      proxyLog: () => proxyLog.text(),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

type Open = (content?: string) => NamelessFile;

function hop(alias: string, endpoint: Endpoint, log: NamelessFile, file: Open): Hop {
  const hostKey = pinnedKey(endpoint);
  const credentials = credentialsOf(endpoint);
  const knownHosts = file(renderKnownHosts(alias, hostKey)).path;
  const files = { knownHosts, log: log.path };
  if (!("privateKey" in credentials)) return { endpoint, hostKey, credentials, files };
  // Without its last line break, OpenSSH takes no key.
  const privateKey = file(`${credentials.privateKey.trimEnd()}\n`).path;
  return { endpoint, hostKey, credentials, files: { ...files, privateKey } };
}
