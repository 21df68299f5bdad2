import { writeFileSync } from "node:fs";

import type { CloudPaths } from "../paths";
import { DEPLOYER, type OperatorKeys } from "./operator";
import type { StackResult } from "./stack";

/** The line of the stack's `sshConfig` output that says where its `knownHosts` output is kept. */
const KNOWN_HOSTS_LINE = /^(\s*UserKnownHostsFile) .*$/gm;

/**
 * Puts the stack's own outputs to work: `ssh -F` uses the very text that a user of the stack gets,
 * and only learns where this cloud keeps the known hosts and the first admin's key.
 */
export function writeSshFiles(
  paths: CloudPaths,
  outputs: StackResult["outputs"],
  keys: OperatorKeys,
): void {
  const text = (name: string): string => {
    const value = outputs[name]?.value;
    return typeof value === "string" ? value : "";
  };
  const admin = Object.keys(keys.files).find((name) => name !== DEPLOYER);
  const identity =
    admin === undefined ? [] : [`  User ${admin}`, `  IdentityFile ${keys.files[admin] ?? ""}`];
  const lines = [
    text("sshConfig").replace(KNOWN_HOSTS_LINE, `$1 ${paths.knownHosts}`),
    // After the stack's text, since the first value that ssh finds for a setting is the one it takes.
    "Host *",
    ...identity,
    "  IdentitiesOnly yes",
    "  LogLevel ERROR",
    "",
  ];
  writeFileSync(paths.sshConfig, lines.join("\n"), { mode: 0o600 });
  writeFileSync(paths.knownHosts, text("knownHosts"), { mode: 0o600 });
}
