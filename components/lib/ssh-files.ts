import { type Role, ROLES, SHORT_NAMES } from "./roles";
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

export type KnownServers = Record<Role, KnownServer>;

/**
 * An `ssh_config` that reaches all servers, with host keys verified against `renderKnownHosts`.
 *
 * The database server is reached through the app server by ProxyJump: the person's keys stay at
 * home, and the app server cannot use them.
 */
export function renderSshConfig(
  { project, stack }: StackIdentity,
  { app, database, backup }: KnownServers,
): string {
  const block = (
    role: Role,
    { label }: KnownServer,
    address: string,
    more: string[] = [],
  ): string[] => [
    `Host ${SHORT_NAMES[role]} ${label}`,
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
    ...block("app", app, app.publicIPv4),
    ...block("database", database, database.privateIPv4, ["  ProxyJump app"]),
    ...block("backup", backup, backup.publicIPv4),
  ].join("\n");
}

/** The host keys by label, which is what `HostKeyAlias` asks for, and by address. */
export function renderKnownHosts(servers: KnownServers): string {
  const lines = ROLES.map((role) => {
    const { label, publicIPv4, publicIPv6, privateIPv4, hostKey } = servers[role];
    const names = [label, publicIPv4, publicIPv6, privateIPv4].filter((name) => name !== "");
    return `${names.join(",")} ${hostKey}\n`;
  });
  return lines.join("");
}
