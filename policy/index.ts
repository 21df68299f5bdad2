/**
 * The policy pack: what no change of the program or its settings may take away.
 *
 * Run it with `pulumi preview --policy-pack policy`. A rule looks at what a program declares, whoever wrote
 * it; what the servers really do is for the tests and the audit to show.
 */
import { PolicyPack, type ResourceValidationPolicy, Secret } from "@pulumi/policy";

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
      for (const fault of faults(declared)) report(`${resource}: ${fault}. ${repair}`);
    },
  };
}

/** The engine tells a pack which values are secret only when it may change them: so this one mends. */
const secretsAreSecret: ResourceValidationPolicy = {
  ...SECRETS_ARE_SECRET,
  enforcementLevel: "remediate",
  remediateResource: ({ type, props }) => {
    const plain = plainSecrets(type, props);
    if (plain.length === 0) return undefined;
    for (const { holder, key } of plain) holder[key] = new Secret(holder[key]);
    return props;
  },
};

new PolicyPack("stronghold", { policies: [...RULES.map(policyOf), secretsAreSecret] });
