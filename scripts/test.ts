/**
 * `npm test`: every layer that this machine can carry, cheapest first, with one closing count.
 *
 * It proves every promise and turns every check red; `--thorough` also repeats that in all further ways.
 *
 * A layer that the machine cannot carry is a skip that says why; where CI=true it is a failure,
 * because a skip that nobody reads is a hole (the engine suite alone excepted).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { Command } from "commander";

import { pulumiVersion } from "../local/cli/engines";
import { Progress } from "../local/cli/progress";
import { missingForHosts, prepareHosts } from "../local/cli/readiness";
import { ensureImage } from "../local/machines/image";
import { cloudPaths } from "../local/paths";
import { ensureSshAudit } from "../test/ssh-audit";
import { proofs, renderProofs, resultsOf } from "./audit/proof";
import {
  type Counts,
  countsOf,
  latest,
  type Suite,
  unsteady,
  worthAnotherTry,
} from "./test/suites";

interface Options {
  thorough?: boolean;
}

const CI = process.env["CI"] === "true";
const progress = new Progress();
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const suites: Suite[] = [];
const unsteadyTests: string[] = [];

function run(command: string, args: string[], onLine?: (line: string) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const stdio = ["ignore", onLine ? "pipe" : "inherit", "inherit"] as const;
    const child = spawn(command, args, { stdio: [...stdio] });
    let rest = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach((line) => onLine?.(line));
    });
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code ?? 1);
    });
  });
}

async function staticLayer(): Promise<void> {
  progress.line("static", "types, lint, format, shell");
  const code = await run("bash", ["scripts/check.sh"], (line) => {
    if (line.startsWith("PASS\t")) total.passed += 1;
    if (line.startsWith("FAIL\t")) total.failed += 1;
    if (line.startsWith("SKIP\t")) total[CI ? "failed" : "skipped"] += 1;
  });
  progress.line("static", code === 0 ? "passed" : "FAILED");
}

interface Run {
  results: Suite[];
  /** Whether jest failed for a reason of its own, as a setting that it does not know. */
  isBroken: boolean;
}

/** Jest itself prints what fails. */
async function jest(layers: string[], flags: string[]): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-test-"));
  const report = join(folder, "report.json");
  const how = ["--json", `--outputFile=${report}`, "--passWithNoTests", ...flags];
  const args = ["--no-install", "jest", "--selectProjects", ...layers, ...how];
  try {
    const code = await run("npx", args, () => undefined);
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as { testResults: Suite[] };
    return {
      results: testResults,
      isBroken: code !== 0 && countsOf(testResults).failed === 0,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What fails beside others is tried once more, alone. */
async function jestTwice(layers: string[], flags: string[]): Promise<Run> {
  const first = await jest(layers, flags);
  const paths = worthAnotherTry(first.results);
  if (paths.length === 0) return first;
  const names = paths.map((path) => relative(process.cwd(), path)).join(", ");
  progress.line("tests", `once more, alone: ${names}`);
  const second = await jest(layers, ["--runInBand", "--runTestsByPath", ...paths]);
  unsteadyTests.push(...unsteady(first.results, second.results));
  return { results: latest(first.results, second.results), isBroken: second.isBroken };
}

async function testLayers(layers: string[], flags: string[], how = jest): Promise<void> {
  const name = layers.join(", ");
  progress.line("tests", name);
  const { results, isBroken } = await how(layers, flags);
  const { passed, failed, skipped } = countsOf(results);
  total.passed += passed;
  total.failed += failed + Number(isBroken);
  total.skipped += skipped;
  suites.push(...results);
  progress.line("tests", `${name}: ${failed === 0 && !isBroken ? "passed" : "FAILED"}`);
}

function leaveOut(layer: string, why: string, asFailure: boolean): void {
  progress.line("tests", `${layer} ${asFailure ? "FAILED" : "skipped"}: ${why}`);
  total[asFailure ? "failed" : "skipped"] += 1;
}

async function main({ thorough = false }: Options): Promise<void> {
  // Read by test/thorough.ts.
  if (thorough) process.env["STRONGHOLD_THOROUGH"] = "1";
  await prepareHosts(progress, "tests").catch((error: unknown) => {
    progress.line("set-up", error instanceof Error ? error.message : String(error));
  });
  await staticLayer();
  // Jest leaves a core free for whoever is at the keyboard; of two cores that is half the machine.
  await testLayers(["unit", "component", "api"], CI ? ["--maxWorkers=100%"] : []);
  const missing = await missingForHosts("tests");
  if (missing.length > 0) {
    leaveOut("host, e2e, mutation, engine", missing.join("; "), CI);
  } else {
    // Before the first test that needs it, so that its time limit is not spent on a first build.
    await ensureImage({
      cacheDir: cloudPaths().cacheDir,
      onProgress: (text) => {
        progress.line("image", text);
      },
    });
    try {
      ensureSshAudit();
    } catch (error) {
      // The tests that need it will say so again; the others can still run.
      progress.line("set-up", error instanceof Error ? error.message : String(error));
    }
    // More than there are cores as a rule: each test has a cloud of its own, and mostly waits for it.
    await testLayers(["host", "e2e", "mutation"], ["--maxWorkers=3"], jestTwice);
    const version = await pulumiVersion();
    if (version === undefined) leaveOut("engine", "no Pulumi CLI on PATH", false);
    else await testLayers(["engine"], ["--runInBand"]);
  }
  console.log(renderProofs(proofs(resultsOf(suites, process.cwd()))));
  for (const name of unsteadyTests) {
    console.log(`unsteady: failed beside other tests, passed alone: ${name}`);
  }
  const { passed, failed, skipped } = total;
  console.log(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

new Command("npm test --")
  .description("Runs every layer of tests that this machine can carry, cheapest first.")
  .option(
    "--thorough",
    "also what repeats in further ways what has been proved once (half an hour more)",
  )
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64))
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
