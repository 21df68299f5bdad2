import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { stringify } from "yaml";

import { runRunner } from "../../local/cli/runner-process";
import { UserError } from "../../local/cli/user-error";
import type { Plan } from "../../local/runner/plan";
import { type Change, changesBetween, resourcesOf } from "./compare";
import { type Cost, costOf, readPrices, UnknownType } from "./cost";
import { withCheckout } from "./checkout";
import { previewWithEngine } from "./engine";
import { standIn } from "./stand-ins";

const PROJECT_DIR = resolve(__dirname, "..", "..");

/** Stands for a version in which the stack is not there yet. */
const NOTHING: Plan = {
  ...{ type: "", name: "", component: true, protect: false, inputs: {} },
  ...{ faults: [], children: [] },
};

export interface PreviewOptions {
  stack: string;
  base?: string;
  engine: boolean;
}

export interface Preview {
  stack: string;
  base: string | undefined;
  changes: Change[];
  /** What is not known may be so because of a fault. */
  cost: { after: Cost; before?: Cost } | { unknown: string } | { unknown: string; fault: string };
  /** Rules of the policy pack that are broken, and sizes that the provider does not have. */
  faults: string[];
  /** What else is worth telling. */
  notices: string[];
  /** Paths of secret settings, whose values nobody here knows. */
  standIns: string[];
  /** What the Pulumi CLI says of it. */
  engine: string;
}

/**
 * Shows what a version of program and settings makes, and in what it differs from another.
 *
 * It has no secret and asks no server: secret settings have stand-ins, and what only `pulumi up` would
 * tell is made up. So it is safe to run on a change that a stranger has sent.
 */
export async function preview({ stack, base, engine }: PreviewOptions): Promise<Preview> {
  const scratch = mkdtempSync(join(tmpdir(), "stronghold-preview-"));
  const digestKey = randomBytes(32).toString("hex");
  try {
    const settingsFile = join(PROJECT_DIR, `Pulumi.${stack}.yaml`);
    if (!existsSync(settingsFile)) {
      throw new UserError(`There is no Pulumi.${stack}.yaml here; name the stack: --stack <name>.`);
    }
    const head = await planOf(PROJECT_DIR, { stack, scratch, digestKey });
    const notices = [...head.notices];
    const before =
      base === undefined
        ? undefined
        : await withCheckout(PROJECT_DIR, base, (folder) =>
            planBefore(folder, { stack, scratch, digestKey }, notices),
          );
    const cost = await compareCosts(head.plan, before);
    return {
      stack,
      base,
      changes: changesBetween(before ?? NOTHING, head.plan),
      cost,
      faults: [
        ...resourcesOf(head.plan).flatMap(({ name, faults }) =>
          faults.map((fault) => `${name}: ${fault}`),
        ),
        ...("fault" in cost ? [cost.fault] : []),
      ],
      notices,
      standIns: head.standIns,
      engine: engine
        ? await previewWithEngine(PROJECT_DIR, stack, head.settings)
        : "The Pulumi CLI was not asked.",
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Call {
  stack: string;
  scratch: string;
  digestKey: string;
}

interface Planned {
  plan: Plan;
  notices: string[];
  standIns: string[];
  /** The settings as text, with nothing encrypted. */
  settings: string;
}

/** Runs the program of a checkout, with this version's runner. */
async function planOf(folder: string, { stack, scratch, digestKey }: Call): Promise<Planned> {
  const file = `Pulumi.${stack}.yaml`;
  const { settings, paths } = standIn(readFileSync(join(folder, file), "utf8"), file);
  const text = stringify(settings);
  const configFile = join(scratch, "settings.yaml");
  writeFileSync(configFile, text);
  const notices: string[] = [];
  const result = await runRunner({
    projectDir: PROJECT_DIR,
    args: ["plan", "--project-dir", folder, "--stack", stack, "--config-file", configFile],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      STRONGHOLD_DIGEST_KEY: digestKey,
    },
    onEvent: (event) => {
      if (event.event === "notice") notices.push(event.message);
    },
  });
  if (result.event !== "plan") throw new Error(`the runner ended with a ${result.event}`);
  return { plan: result.plan, notices, standIns: paths, settings: text };
}

/** What is compared with may be broken, which is no fault of the change. */
async function planBefore(folder: string, call: Call, notices: string[]): Promise<Plan> {
  if (!existsSync(join(folder, `Pulumi.${call.stack}.yaml`))) return NOTHING;
  try {
    return (await planOf(folder, call)).plan;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    notices.push(
      `The version to compare with cannot be planned, so all is shown as new: ${error.message}`,
    );
    return NOTHING;
  }
}

async function compareCosts(after: Plan, before: Plan | undefined): Promise<Preview["cost"]> {
  try {
    const prices = await readPrices();
    return {
      after: costOf(after, prices),
      ...(before === undefined ? {} : { before: costOf(before, prices) }),
    };
  } catch (error) {
    if (error instanceof UnknownType) return { unknown: "see above", fault: error.message };
    return {
      unknown: `as the provider's list of prices cannot be had: ${(error as Error).message}`,
    };
  }
}
