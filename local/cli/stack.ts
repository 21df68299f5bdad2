import { existsSync, readFileSync } from "node:fs";

import type { Role } from "../../components/lib/roles";
import type { CloudPaths } from "../paths";

/** The stack that a local cloud carries. */
export const STACK = "local";

/** What one run does beside what the settings say. */
export interface RunOptions {
  /** Settings that hold for this run alone, by their full names. */
  overrides?: Readonly<Record<string, unknown>>;
  /** The server to make anew. */
  replace?: Role;
}

/** What either engine is given. */
export interface EngineRun {
  paths: CloudPaths;
  api: { url: string; token: string };
  /** An SSH agent that holds the deployer's key. */
  agentSocket: string;
  /** Words to put in front of a command so that it runs at the operator's vantage point. */
  enterOperator: readonly string[];
  /** The server to make anew. */
  replace?: Role;
}

/** What either engine answers. */
export interface StackResult {
  created: number;
  updated: number;
  deleted: number;
  same: number;
  outputs: Record<string, { value: unknown; secret: boolean }>;
}

/** What the last run left as the stack's outputs, secrets in clear; empty before the first one. */
export function readOutputs({
  outputsFile,
}: Pick<CloudPaths, "outputsFile">): StackResult["outputs"] {
  if (!existsSync(outputsFile)) return {};
  return JSON.parse(readFileSync(outputsFile, "utf8")) as StackResult["outputs"];
}
