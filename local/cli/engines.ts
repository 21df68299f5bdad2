import { spawn } from "node:child_process";

import { UserError } from "./user-error";

export type Engine = "embedded" | "pulumi";

/** How long `pulumi version` may take; npm's wrapper of that name would start a download instead. */
const CLI_LIMIT_MS = 5_000;

export async function chooseEngine(
  wanted: "auto" | Engine,
  made: Engine | undefined,
): Promise<Engine> {
  if (wanted === "embedded") return agree("embedded", made);
  const version = await pulumiVersion();
  if (wanted === "pulumi") {
    if (version === undefined) {
      throw new UserError(
        "The Pulumi CLI was not found: `pulumi version` gave no answer within 5 s. Install it, or use --engine embedded.",
      );
    }
    return agree("pulumi", made);
  }
  // A stack stays with the engine that made it: neither can read the other's state.
  if (made === "pulumi" && version === undefined) return agree("embedded", made);
  return made ?? (version === undefined ? "embedded" : "pulumi");
}

function agree(engine: Engine, made: Engine | undefined): Engine {
  if (made !== undefined && made !== engine) {
    throw new UserError(
      `This cloud's stack was made by the ${made} engine, whose state the ${engine} engine cannot read.\n` +
        `Run \`npm run local -- down\` first, or use --engine ${made}.`,
    );
  }
  return engine;
}

/** The version of the CLI on PATH, or nothing if none answers in time. */
export function pulumiVersion(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("pulumi", ["version"], {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    const limit = setTimeout(() => child.kill("SIGKILL"), CLI_LIMIT_MS);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("error", () => {
      clearTimeout(limit);
      resolve(undefined);
    });
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve(code === 0 ? text.trim() : undefined);
    });
  });
}
