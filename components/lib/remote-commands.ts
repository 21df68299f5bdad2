import { createHash } from "node:crypto";

import { controlHash, readHandOver } from "./bundle";

/** What the driver is asked to do with a control. */
export type Verb = "apply" | "confirm";

export interface DriverCall {
  verb: Verb;
  control: string;
  deployer: string;
  /** The folder that was copied to the host. */
  bundleDir: string;
  /** The server on which it runs. */
  serverId: string;
}

/**
 * The command that applies or confirms a control.
 *
 * Its last word changes exactly when the step has to run again: with what the control is made of, and
 * with the server, as a new one that was given the old one's address has had no step yet.
 */
export function driverCommand(call: DriverCall): string {
  const { verb, control, deployer, bundleDir, serverId } = call;
  const content = controlHash(control, bundleDir);
  const hash = createHash("sha256").update(`${content} ${serverId}`).digest("hex");
  return `sudo bash /home/${deployer}/host/driver ${verb} ${control} ${hash}`;
}

/** The command of the very first step, for which there is no bundle on the host yet. */
export function handOverCommand(bundleDir: string): string {
  return `sudo bash -c ${quotedForShell(readHandOver(bundleDir))} hand-over`;
}

/** One word for a POSIX shell, whatever is in it. */
export function quotedForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
