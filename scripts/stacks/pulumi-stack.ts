import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { parseDocument } from "yaml";

import { makeWay } from "../../local/cli/replacement";
import type { RunOptions } from "../../local/cli/stack";
import { endOf, WHOLE_STATES } from "../../local/cli/pulumi-output";
import { UserError } from "../../local/cli/user-error";
import type { Stack, StackOutputs } from "./stack";

const PROJECT_DIR = resolve(__dirname, "..", "..");

/** An operator's own stack, through the Pulumi CLI and with its login. */
export function pulumiStack(stack: string): Stack {
  return {
    name: `the stack "${stack}"`,
    ssh: { enter: [] },
    outputs: (secrets) => {
      const shown = secrets === "shown" ? ["--show-secrets"] : [];
      const words = ["stack", "output", "--json", ...shown, "--stack", stack];
      return JSON.parse(pulumi(words)) as StackOutputs;
    },
    up: (options) => bringUp(stack, options),
    renew: (user) => renew(stack, user),
  };
}

/** The CLI for orders about that stack; answers with what it prints. */
export function toldOf(stack: string): (order: readonly string[]) => string {
  return (order) => pulumi([...order, "--stack", stack]);
}

/** Without asking, since whoever gave the order has been asked. */
async function bringUp(stack: string, { overrides = {}, replace }: RunOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-settings-"));
  try {
    const file = join(folder, `Pulumi.${stack}.yaml`);
    const settings = parseDocument(readFileSync(join(PROJECT_DIR, `Pulumi.${stack}.yaml`), "utf8"));
    for (const [name, value] of Object.entries(overrides)) settings.setIn(["config", name], value);
    writeFileSync(file, settings.toString());
    const words = ["up", "--stack", stack, "--config-file", file, "--yes"];
    const code = await attended([...words, ...(replace ? makeWay(replace, toldOf(stack)) : [])]);
    if (code !== 0) throw new UserError(`\`pulumi up\` ended with ${code}, see above.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Raises the setting, then leaves the decision about the update to the operator. */
async function renew(stack: string, user: string): Promise<void> {
  const { objectValue } = JSON.parse(
    pulumi(["config", "get", "admins", "--json", "--stack", stack]),
  ) as { objectValue: { name: string; enrolment?: number }[] };
  const index = objectValue.findIndex(({ name }) => name === user);
  if (index < 0) throw new UserError(`"${user}" is not in Pulumi.${stack}.yaml.`);
  const next = (objectValue[index]?.enrolment ?? 1) + 1;
  const path = `admins[${index}].enrolment`;
  pulumi(["config", "set", "--path", path, String(next), "--stack", stack]);
  process.stderr.write(
    `Pulumi.${stack}.yaml now has ${path}: ${next}; commit it after the update.\n`,
  );
  const code = await attended(["up", "--stack", stack]);
  if (code === 0) return;
  throw new UserError(
    `\`pulumi up\` ended with ${code}: the old codes are still the valid ones. Run it again, then \`npm run enrol\` ` +
      "without --renew.",
  );
}

function pulumi(words: readonly string[]): string {
  const args = [...words, "--non-interactive"];
  return endOf(
    words,
    spawnSync("pulumi", args, {
      cwd: PROJECT_DIR,
      stdio: ["inherit", "pipe", "pipe"],
      ...WHOLE_STATES,
    }),
  );
}

/** With the operator's terminal, since `pulumi up` shows what it would do and asks. */
function attended(words: readonly string[]): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn("pulumi", words, { cwd: PROJECT_DIR, stdio: ["inherit", 2, 2] });
    // Ctrl-C is for pulumi, which shares this terminal and ends by itself.
    process.on("SIGINT", () => undefined);
    child.on("error", fail);
    child.on("close", (code) => {
      done(code ?? 130);
    });
  });
}
