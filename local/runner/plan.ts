import { MadeUp } from "./made-up";
import type { Registration } from "./monitor";
import { type ProgramRun, runProgram } from "./run-program";
import { readStep, type Step } from "./step";
import { mask, rewrite, type Wire, type WireObject } from "./wire";

/** What the program would make, as a tree with the stack at its root. */
export interface Plan {
  type: string;
  name: string;
  /** Whether it exists in the program alone, to hold its children together. */
  component: boolean;
  protect: boolean;
  /** The inputs that matter; a secret reads "[secret]". */
  inputs: WireObject;
  /** For a command on a host: what it does. */
  step?: Step;
  children: Plan[];
}

const COMMAND = "command:remote:Command";

/** The inputs of each type that tell something; of other types all are shown. */
const TELLING: Record<string, readonly string[]> = {
  "random:index/randomBytes:RandomBytes": ["length"],
  "random:index/randomPassword:RandomPassword": ["length"],
  "linode:index/firewall:Firewall": [
    "label",
    "inboundPolicy",
    "inbounds",
    "outboundPolicy",
    "outbounds",
    "tags",
  ],
  "linode:index/instance:Instance": [
    "label",
    "region",
    "type",
    "image",
    "privateIp",
    "booted",
    "diskEncryption",
    "firewallId",
    "tags",
  ],
  "command:remote:CopyToRemote": ["source", "remotePath"],
  [COMMAND]: [],
};

/** Runs the program without carrying anything out: no root, network, token or Pulumi CLI is needed. */
export async function makePlan(
  run: Omit<ProgramRun, "register" | "preview">,
  projectDir: string,
): Promise<Plan> {
  const madeUp = new MadeUp();
  const nodes = new Map<string, Plan>();
  let root: Plan | undefined;
  await runProgram({
    ...run,
    preview: true,
    register: (registration) => {
      const node = nodeOf(registration, madeUp, projectDir);
      nodes.set(registration.urn, node);
      nodes.get(registration.parent ?? "")?.children.push(node);
      root ??= node;
      return Promise.resolve(madeUp.register(registration));
    },
  });
  if (!root) throw new Error("the stack was not registered");
  return root;
}

function nodeOf(registration: Registration, madeUp: MadeUp, projectDir: string): Plan {
  const { type, name, custom, inputs, protect } = registration;
  const shown = (value: Wire): Wire => rewrite(mask(value), (part) => madeUp.name(part));
  const shownText = (text: string): string => madeUp.nameIn(text);
  const telling = custom ? (TELLING[type] ?? Object.keys(inputs)) : [];
  const entries = telling.flatMap((key) => {
    const value = inputs[key];
    return value === undefined ? [] : [[key, shown(value)] as const];
  });
  const step = type === COMMAND ? readStep(inputs, projectDir, shownText) : undefined;
  return {
    type,
    name,
    component: !custom,
    protect,
    inputs: Object.fromEntries(entries),
    ...(step ? { step } : {}),
    children: [],
  };
}
