import { spawn } from "node:child_process";

import { cloudPaths } from "../paths";
import { consoleLog, findMachine } from "./machines";
import { requireCloud } from "./readiness";
import { UserError } from "./user-error";

/** Prints the daemon's log, or the boot console of one host. */
export async function logs(
  host: string | undefined,
  options: { follow?: boolean; lines: string },
): Promise<void> {
  const paths = cloudPaths();
  requireCloud(paths);
  if (!/^\d+$/.test(options.lines)) {
    throw new UserError(`--lines: "${options.lines}" is not a whole number.`);
  }
  const file =
    host === undefined ? paths.daemonLog : consoleLog(paths, (await findMachine(paths, host)).id);
  const follow = options.follow === true ? ["--follow"] : [];
  const child = spawn("tail", ["--lines", options.lines, ...follow, file], { stdio: "inherit" });
  process.exitCode = await new Promise<number>((resolve) => {
    child.on("close", (code) => {
      resolve(code ?? 130);
    });
  });
}
