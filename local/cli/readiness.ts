import { existsSync } from "node:fs";

import { checkRequirements, installRequirements, type Purpose } from "../machines/requirements";
import type { CloudPaths } from "../paths";
import type { Progress } from "./progress";
import { UserError } from "./user-error";

/** What keeps this machine from booting hosts, each with its repair; nothing where it can. */
export async function missingForHosts(purpose: Purpose): Promise<string[]> {
  const missing = await checkRequirements(purpose);
  return missing.map(({ what, found, repair }) => `${what}: ${found}; ${repair}`);
}

/** Installs what is missing where that can be done, saying what; throws where hosts cannot boot. */
export async function prepareHosts(progress: Progress, purpose: Purpose): Promise<void> {
  if ((await checkRequirements(purpose)).length > 0) {
    await installRequirements(purpose, (line) => {
      progress.line("set-up", line);
    });
  }
  const missing = await missingForHosts(purpose);
  if (missing.length === 0) return;
  throw new UserError(
    [
      "Hosts cannot be booted on this machine:",
      ...missing.map((line) => `  - ${line}`),
      "What still works here: `npm run local -- plan`, and `npm test` for every layer that needs no host.",
    ].join("\n"),
  );
}

/** The state of a cloud is root's alone, since it holds the keys of its servers. */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new UserError(
    "The local cloud belongs to root: run this as root (sudo -E npm run local -- ...).",
  );
}

/** Refuses with a plain word where there is no cloud to talk about. */
export function requireCloud(paths: CloudPaths): void {
  requireRoot();
  if (existsSync(paths.stateDir)) return;
  throw new UserError(
    `There is no local cloud for this checkout (${paths.stateDir}). Start one: npm run local -- up`,
  );
}
