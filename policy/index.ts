/**
 * The policy pack: what no change of the program or its settings may take away.
 *
 * Run it with `pulumi preview --policy-pack policy`. A rule looks at what a program declares, whoever wrote
 * it; what the servers really do is for the tests and the audit to show.
 */
import { PolicyPack, type ResourceValidationPolicy } from "@pulumi/policy";

import { RULES } from "./rules";
import { plainSecrets, SECRETS_ARE_SECRET } from "./rules/secrets";
import type { Rule } from "./rules/rule";

function policyOf({ name, description, repair, faults }: Rule): ResourceValidationPolicy {
  return {
    name,
    description,
    remediationSteps: repair,
    enforcementLevel: "mandatory",
    validateResource: ({ type, name: resource, urn, props, opts }, report) => {
      const { protect, ignoreChanges } = opts;
      const declared = { type, name: resource, urn, props, protect, ignoreChanges };
      for (const fault of known(() => faults(declared))) report(`${resource}: ${fault}. ${repair}`);
    },
  };
}

/**
 * What a preview cannot know yet, such as the address of a server that is not there, is no fault: the
 * pack runs again in `pulumi up`, when it is known and before the resource is made. The engine's own
 * notice of it, once for each rule and step, would bury whatever else it has to say.
 */
function known(look: () => string[]): string[] {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && error.constructor.name === "UnknownValueError") return [];
    throw error;
  }
}

/**
 * The engine tells a pack which values are secret only where the pack may change them. This one changes
 * nothing: of what a pack has made secret, the engine's notice shows what it was before.
 */
const { repair, ...secrets } = SECRETS_ARE_SECRET;
const secretsAreSecret: ResourceValidationPolicy = {
  ...secrets,
  remediationSteps: repair,
  enforcementLevel: "remediate",
  remediateResource: ({ type, name, props }) => {
    const plain = plainSecrets(type, props);
    if (plain.length === 0) return;
    const refusal = new Error(`${name}: its ${plain.join(" and ")} is in clear. ${repair}`);
    // The engine prints this, and where in the pack it comes from helps nobody.
    refusal.stack = refusal.message;
    throw refusal;
  },
};

new PolicyPack("stronghold", { policies: [...RULES.map(policyOf), secretsAreSecret] });
