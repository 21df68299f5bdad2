import { createHmac } from "node:crypto";

import { RULES } from "../../policy/rules";
import { withFingerprints } from "./fingerprint";
import { MadeUp } from "./made-up";
import type { Registration } from "./monitor";
import { type ProgramRun, runProgram } from "./run-program";
import { readStep, type Step } from "./step";
import {
  canonical,
  isArchive,
  isAsset,
  mask,
  revealAll,
  rewrite,
  type Wire,
  type WireObject,
} from "./wire";

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
  /** Rules of the policy pack that it breaks, and how. */
  faults: string[];
  /** By input, what is equal for equal values, secret or not; only where a key was given. */
  digests?: Record<string, string>;
  children: Plan[];
}

const COMMAND = "command:remote:Command";

/** The inputs of each type that tell something; of other types all are shown. */
const TELLING: Record<string, readonly string[]> = {
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
    "backupsEnabled",
    "privateIp",
    "booted",
    "diskEncryption",
    "firewallId",
    "tags",
  ],
  "command:remote:CopyToRemote": ["source", "remotePath"],
  [COMMAND]: [],
};

/**
 * Runs the program without carrying anything out: no root, network, token or Pulumi CLI is needed.
 *
 * Two plans can be compared if they were made with the same `digestKey`, which is drawn for that and then
 * forgotten: without one, the digest of a short secret would give it away.
 */
export async function makePlan(
  run: Omit<ProgramRun, "register" | "preview">,
  projectDir: string,
  digestKey?: string,
): Promise<Plan> {
  const madeUp = new MadeUp();
  const nodes = new Map<string, Plan>();
  let root: Plan | undefined;
  await runProgram({
    ...run,
    preview: true,
    register: (registration) => {
      const node = nodeOf(registration, madeUp, projectDir);
      if (digestKey !== undefined) node.digests = digestsOf(registration, madeUp, digestKey);
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
    faults: faultsOf(registration),
    children: [],
  };
}

function faultsOf({ type, name, urn, inputs, protect, ignoreChanges }: Registration): string[] {
  const props = revealAll(inputs);
  return RULES.flatMap((rule) =>
    rule
      .faults({ type, name, urn, props, protect, ignoreChanges })
      .map((fault) => `${rule.name}: ${fault}. ${rule.repair}`),
  );
}

/** Files count by what is in them, wherever they lie. */
function digestsOf({ inputs }: Registration, madeUp: MadeUp, key: string): Record<string, string> {
  const comparable = rewrite(withFingerprints(inputs), (part) =>
    isArchive(part) || isAsset(part) ? (part["hash"] ?? null) : madeUp.name(part),
  ) as WireObject;
  const entries = Object.entries(comparable).map(([name, value]) => {
    const digest = createHmac("sha256", key).update(canonical(value)).digest("hex");
    return [name, digest.slice(0, 16)] as const;
  });
  return Object.fromEntries(entries);
}
