import type { CloudPaths } from "../paths";

/** The stack that a local cloud carries. */
export const STACK = "local";

/** What either engine is given. */
export interface EngineRun {
  paths: CloudPaths;
  api: { url: string; token: string };
  /** An SSH agent that holds the deployer's key. */
  agentSocket: string;
  /** Words to put in front of a command so that it runs at the operator's vantage point. */
  enterOperator: readonly string[];
}

/** What either engine answers. */
export interface StackResult {
  created: number;
  updated: number;
  deleted: number;
  same: number;
  outputs: Record<string, { value: unknown; secret: boolean }>;
}
