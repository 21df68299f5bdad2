import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { countResources } from "../../local/cli/pulumi-engine";
import { pulumiVersion } from "../../local/cli/engines";
import { linkProject, privateHome } from "../../local/cli/pulumi-project";
import { UserError } from "../../local/cli/user-error";

/** Enough of what the CLI said to see what is wrong. */
const LINES_SHOWN = 40;

/**
 * Has the Pulumi CLI preview the stack from nothing, with the policy pack: so the real providers see every
 * resource. Home, backend and passphrase exist for this one run, and no token is handed over.
 *
 * @returns a line that says what came of it.
 * @throws UserError if the preview fails or breaks a policy.
 */
export async function previewWithEngine(
  projectDir: string,
  stack: string,
  settings: string,
): Promise<string> {
  const version = await pulumiVersion();
  if (version === undefined) return "The Pulumi CLI is not installed here and was not asked.";
  const folder = mkdtempSync(join(tmpdir(), "stronghold-engine-"));
  try {
    const [project, home] = [join(folder, "project"), join(folder, "home")];
    mkdirSync(join(folder, "backend"));
    privateHome(home);
    const file = join(folder, "settings.yaml");
    writeFileSync(file, settings);
    linkProject(projectDir, project, { stack, file });
    const url = process.env["LINODE_URL"];
    const env = {
      PATH: process.env["PATH"],
      LANG: "C.UTF-8",
      HOME: folder,
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "of this one run",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...(url === undefined ? {} : { LINODE_URL: url }),
    };
    const run = (...words: string[]): Promise<Ran> => runPulumi(project, env, words);
    const made = await run("stack", "init", stack);
    if (made.code !== 0) throw refusal(version, made);
    const shown = await run("preview", "--stack", stack, "--policy-pack", join(project, "policy"));
    if (shown.code !== 0) throw refusal(version, shown);
    const { created } = countResources(shown.text);
    return `Pulumi CLI ${version}: the providers take all ${created} resources, and the policy pack passes.`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Ran {
  code: number | null;
  text: string;
}

function runPulumi(cwd: string, env: NodeJS.ProcessEnv, words: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...words, "--non-interactive", "--color", "never"], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    }
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, text });
    });
  });
}

function refusal(version: string, { text }: Ran): UserError {
  const lines = text.trim().split("\n").slice(-LINES_SHOWN);
  return new UserError(`The Pulumi CLI ${version} refuses this:\n${lines.join("\n")}`);
}
