import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cloudPaths } from "../paths";
import { prepareOperator } from "./operator";
import { runRunner } from "./runner-process";
import { STACK } from "./stack";

/**
 * Shows what the program would make. It runs the real program, but carries nothing out: no root, no
 * network, no token and no CLI is needed, and no cloud has to be there.
 */
export async function plan(options: { settings?: string; json?: boolean }): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "stronghold-plan-"));
  try {
    const paths = {
      ...cloudPaths(),
      operatorDir: scratch,
      outsideDir: join(scratch, "outside"),
      configFile: join(scratch, "Pulumi.local.yaml"),
    };
    prepareOperator(paths, options.settings);
    const result = await runRunner({
      projectDir: paths.projectDir,
      args: ["plan", "--stack", STACK, "--config-file", paths.configFile],
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    });
    if (result.event !== "plan") throw new Error(`the runner ended with a ${result.event}`);
    console.log(options.json ? JSON.stringify(result.plan, null, 2) : result.text);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
