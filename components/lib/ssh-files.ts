import type { StackIdentity } from "./stack-names";

/** A server as an SSH client needs to know it. */
export interface KnownServer {
  label: string;
  publicIPv4: string;
  publicIPv6: string;
  privateIPv4: string;
  /** Its lasting host key: `ssh-ed25519 <base64>`. */
  hostKey: string;
}

export interface KnownServers {
  app: KnownServer;
  database: KnownServer;
}

/**
 * An `ssh_config` that reaches both servers, with host keys verified against `renderKnownHosts`.
 *
 * The database server is reached through the app server by ProxyJump: the person's keys stay at
 * home, and the app server cannot use them.
 */
export function renderSshConfig(
  { project, stack }: StackIdentity,
  { app, database }: KnownServers,
): string {
  const block = (
    alias: string,
    { label }: KnownServer,
    address: string,
    more: string[],
  ): string[] => [
    `Host ${alias} ${label}`,
    `  HostName ${address}`,
    `  HostKeyAlias ${label}`,
    `  HostKeyAlgorithms ssh-ed25519`,
    `  StrictHostKeyChecking yes`,
    `  UserKnownHostsFile ~/.ssh/${project}-${stack}.known_hosts`,
    `  ForwardAgent no`,
    ...more,
    "",
  ];
  return [
    `# Servers of the stack "${stack}" of ${project}.`,
    ...block("app", app, app.publicIPv4, []),
    ...block("db", database, database.privateIPv4, ["  ProxyJump app"]),
  ].join("\n");
}

/** The host keys by label, which is what `HostKeyAlias` asks for, and by address. */
export function renderKnownHosts({ app, database }: KnownServers): string {
  const lines = [app, database].map(
    ({ label, publicIPv4, publicIPv6, privateIPv4, hostKey }) =>
      `${[label, publicIPv4, publicIPv6, privateIPv4].join(",")} ${hostKey}\n`,
  );
  return lines.join("");
}
