/**
 * The runner's end of the Pulumi SDK: what a program registers comes in here.
 *
 * It stands on the SDK's own mock monitor, which is made for running a program without an engine; that
 * one keeps options such as `ignoreChanges` to itself, so registration is read here from the request.
 */
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

import type { Wire, WireObject } from "./wire";

/** One resource as the program declares it, once everything that it depends on exists. */
export interface Registration {
  urn: string;
  type: string;
  name: string;
  /** False for components and the stack itself, which exist in the program alone. */
  custom: boolean;
  parent: string | undefined;
  inputs: WireObject;
  dependencies: string[];
  deletedWith: string | undefined;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  protect: boolean;
  /** Outputs that are secret whatever they were made of. */
  secretOutputs: string[];
}

/** What came of a registration; outputs include the inputs that are in force. */
export interface Registered {
  id?: string;
  outputs: WireObject;
}

export type Register = (registration: Registration) => Promise<Registered>;

interface Struct {
  toJavaScript(): Wire;
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getParent(): string;
  getObject(): Struct | undefined;
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getProtect(): boolean | undefined;
  getAdditionalsecretoutputsList(): string[];
}

interface OutputsRequest {
  getUrn(): string;
  getOutputs(): Struct | undefined;
}

type Answer = (error: Error | null, response?: unknown) => void;

const STACK_TYPE = "pulumi:pulumi:Stack";

export class RunnerMonitor extends MockMonitor {
  /** What the program exports. */
  stackOutputs: WireObject = {};

  constructor(
    private readonly names: { project: string; stack: string },
    private readonly register: Register,
  ) {
    super({
      newResource: ({ type, name }) => {
        throw new Error(`the embedded runner does not read existing resources (${type} "${name}")`);
      },
      call: ({ token }) => {
        throw new Error(`the embedded runner does not carry out ${token}; install the Pulumi CLI`);
      },
    });
  }

  /** A registration that fails is never answered, so that nothing which depends on it begins. */
  override async registerResource(request: RegisterRequest, answer: Answer): Promise<void> {
    const registration = this.read(request);
    const { id, outputs } = await this.register(registration);
    answer(null, {
      getUrn: () => registration.urn,
      getId: () => id ?? "",
      getObject: () => ({ toJavaScript: () => outputs }),
      getPropertydependenciesMap: () => undefined,
      getResult: () => 0,
      getUnknown: () => false,
    });
  }

  override registerResourceOutputs(request: OutputsRequest, answer: Answer): void {
    if (request.getUrn().includes(`::${STACK_TYPE}::`)) {
      this.stackOutputs = objectOf(request.getOutputs());
    }
    answer(null, {});
  }

  private read(request: RegisterRequest): Registration {
    const type = request.getType();
    const name = request.getName();
    const parent = request.getParent();
    return {
      urn: this.urn(parent, type, name),
      type,
      name,
      custom: request.getCustom(),
      parent: parent === "" ? undefined : parent,
      inputs: objectOf(request.getObject()),
      dependencies: request.getDependenciesList(),
      deletedWith: request.getDeletedwith() === "" ? undefined : request.getDeletedwith(),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      protect: request.getProtect() === true,
      secretOutputs: request.getAdditionalsecretoutputsList(),
    };
  }

  /** As the real engine forms it: the types of all ancestors but the stack, then the name. */
  private urn(parent: string, type: string, name: string): string {
    const [, , parentType = ""] = parent.split("::");
    const types = parentType === "" || parentType === STACK_TYPE ? type : `${parentType}$${type}`;
    return `urn:pulumi:${this.names.stack}::${this.names.project}::${types}::${name}`;
  }
}

function objectOf(struct: Struct | undefined): WireObject {
  return (struct?.toJavaScript() ?? {}) as WireObject;
}
