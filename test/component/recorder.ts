/**
 * Records what a program registers, with the options that the SDK's mocks keep to themselves.
 *
 * It stands on the SDK's own mock monitor. What it cannot show: whether a provider takes the inputs.
 */
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

import { bytesFrom } from "../../components/lib/secret-bytes";

/** One resource as it was registered. Secret values read `{ secret: <value> }`. */
export interface Recorded {
  type: string;
  name: string;
  /** Name of the parent; the stack's is empty. */
  parent: string;
  inputs: Record<string, unknown>;
  /** Names of all that it waits for, by `dependsOn` or by an input. */
  dependencies: string[];
  deletedWith: string;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  secretOutputs: string[];
  protect: boolean;
  deleteBeforeReplace: boolean;
}

export class Recording {
  /** What each component registered as its outputs, by name. */
  readonly componentOutputs: Record<string, Record<string, unknown>> = {};

  constructor(readonly resources: readonly Recorded[]) {}

  /** What the program exports. */
  get outputs(): Record<string, unknown> {
    return this.componentOutputs[""] ?? {};
  }

  get(name: string): Recorded {
    const found = this.resources.filter((resource) => resource.name === name);
    if (found.length !== 1) throw new Error(`${found.length} resources are named "${name}"`);
    return found[0]!;
  }

  ofType(type: string): Recorded[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** Names of all that must exist before the resource, however indirectly. */
  ancestorsOf(name: string): Set<string> {
    const ancestors = new Set<string>();
    const visit = (current: string): void => {
      for (const dependency of this.get(current).dependencies) {
        if (ancestors.has(dependency)) continue;
        ancestors.add(dependency);
        visit(dependency);
      }
    };
    visit(name);
    return ancestors;
  }
}

export interface RecordOptions {
  config?: Record<string, string>;
  stack?: string;
  /** Is told of each resource at once, also in a program that fails later. */
  onRegister?: (resource: Recorded) => void;
}

/** Runs a program as the stack `stronghold/test` without an engine. */
export async function record(
  program: () => unknown,
  { config = {}, stack = "test", onRegister }: RecordOptions = {},
): Promise<Recording> {
  const resources: Recorded[] = [];
  const recording = new Recording(resources);
  const recorder = new Recorder(recording, (resource) => {
    resources.push(resource);
    onRegister?.(resource);
  });
  // It sets more than the monitor: which features the engine is said to have.
  await pulumi.runtime.setMocks(NO_MOCKS, "stronghold", stack, false);
  pulumi.runtime.setMockOptions(recorder, "stronghold", stack, false);
  pulumi.runtime.setAllConfig(config);
  // Caught here, because the SDK would also let it pass as an unhandled rejection.
  let failure: { error: unknown } | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    try {
      return await program();
    } catch (error) {
      failure = { error };
      return undefined;
    }
  });
  await pulumi.runtime.disconnect();
  if (failure) throw failure.error;
  return recording;
}

/** The bytes that a seed of that name has. */
export function seedOf(name: string, length = 32): Buffer {
  return bytesFrom(`canary-password-of-${name}`, length);
}

const STACK_TYPE = "pulumi:pulumi:Stack";

const NO_MOCKS: pulumi.runtime.Mocks = {
  newResource: ({ type, name, inputs, custom }) => {
    if (custom === false) return { id: undefined, state: inputs as object };
    return {
      id: idOf(type, name),
      state: {
        ...(inputs as object),
        ...outputsOf(type, name, inputs as Parameters<typeof outputsOf>[2]),
      },
    };
  },
  // A look-up would make what the program declares depend on what it finds.
  call: ({ token }) => {
    throw new Error(`the program must not call ${token}`);
  },
};

function idOf(type: string, name: string): string {
  const numbers: Record<string, string> = { app: "1", database: "2", backup: "3" };
  const [, role = ""] = /-(app|database|backup)-/.exec(name) ?? [];
  return type.startsWith("linode:") ? `${numbers[role] ?? "4"}001` : `${name}-id`;
}

function outputsOf(
  type: string,
  name: string,
  inputs: { length?: number; privateIp?: boolean },
): object {
  const host = name.includes("-app-") ? 101 : name.includes("-backup-") ? 103 : 102;
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: `canary-password-of-${name}` };
    case "linode:index/instance:Instance":
      return {
        ipAddress: `203.0.113.${host}`,
        ipv6: `2001:db8:113::${host}/128`,
        ...(inputs.privateIp ? { privateIpAddress: `192.168.129.${host}` } : {}),
      };
    default:
      return {};
  }
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
  getProtect(): boolean | undefined;
  getDeletebeforereplace(): boolean;
}

type Answer = (error: Error | null, response?: unknown) => void;

class Recorder extends MockMonitor {
  constructor(
    private readonly recording: Recording,
    private readonly onRegister: (resource: Recorded) => void,
  ) {
    super(NO_MOCKS);
  }

  override async registerResource(request: Request, answer: Answer): Promise<void> {
    this.onRegister({
      type: request.getType(),
      name: request.getName(),
      parent: nameOf(request.getParent()),
      inputs: readable(request.getObject().toJavaScript()) as Record<string, unknown>,
      dependencies: request.getDependenciesList().map(nameOf).sort(),
      deletedWith: nameOf(request.getDeletedwith()),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      secretOutputs: request.getAdditionalsecretoutputsList(),
      protect: request.getProtect() === true,
      deleteBeforeReplace: request.getDeletebeforereplace(),
    });
    await super.registerResource(request, answer);
  }

  override registerResourceOutputs(
    request: { getUrn(): string; getOutputs(): { toJavaScript(): Record<string, unknown> } },
    answer: Answer,
  ): void {
    const outputs = readable(request.getOutputs().toJavaScript()) as Record<string, unknown>;
    this.recording.componentOutputs[nameOf(request.getUrn())] = outputs;
    super.registerResourceOutputs(request, answer);
  }
}

function nameOf(urn: string): string {
  const [, , type, name = ""] = urn.split("::");
  return type === STACK_TYPE ? "" : name;
}

/** The SDK's marks in words that a test can compare. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  const marked = value as Record<string, unknown>;
  switch (marked[pulumi.runtime.specialSigKey]) {
    case pulumi.runtime.specialSecretSig:
      return { secret: readable(marked["value"]) };
    case pulumi.runtime.specialArchiveSig:
      return { archive: marked["path"] };
    default:
      return Object.fromEntries(Object.entries(marked).map(([key, item]) => [key, readable(item)]));
  }
}
