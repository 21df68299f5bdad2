import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { RunnerError } from "./failures";

/** A project with the configuration of one stack, as the Pulumi CLI would hand it to the program. */
export interface Project {
  name: string;
  config: Record<string, string>;
  secretKeys: string[];
}

interface ProjectYaml {
  name?: string;
  config?: Record<string, { default?: unknown; value?: unknown; secret?: boolean } | null>;
}

interface StackYaml {
  config?: Record<string, unknown>;
}

/** Reads `Pulumi.yaml` and a file of the form of `Pulumi.<stack>.yaml`. */
export function readProject(projectDir: string, configFile: string): Project {
  const project = readYaml(join(projectDir, "Pulumi.yaml")) as ProjectYaml;
  const { name = "project", config: declared = {} } = project;
  const stack = readYaml(configFile) as StackYaml;
  const qualified = (key: string): string => (key.includes(":") ? key : `${name}:${key}`);
  const config: Record<string, string> = {};
  const secretKeys: string[] = [];
  for (const [key, declaration] of Object.entries(declared)) {
    if (declaration?.secret === true) secretKeys.push(qualified(key));
    const value = declaration?.value ?? declaration?.default;
    if (value !== undefined) config[qualified(key)] = textOf(value);
  }
  for (const [key, value] of Object.entries(stack.config ?? {})) {
    refuseEncrypted(configFile, key, value);
    config[qualified(key)] = textOf(value);
  }
  return { name, config, secretKeys };
}

function readYaml(file: string): object {
  if (!existsSync(file)) throw new RunnerError(`there is no ${file}`);
  try {
    return (parse(readFileSync(file, "utf8")) as object | null) ?? {};
  } catch (error) {
    throw new RunnerError(`${file} is not YAML: ${(error as Error).message}`);
  }
}

/** Text stays as it is, all else becomes JSON: `Config.getObject` and its like read both. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function refuseEncrypted(file: string, key: string, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if ("secure" in value) {
    throw new RunnerError(
      `${file}: ${key} is encrypted, and only the Pulumi CLI can decrypt it: install that, or give a ` +
        "value in clear that is of no worth elsewhere",
    );
  }
  for (const inner of Object.values(value)) refuseEncrypted(file, key, inner);
}
