import type { Faults } from "./faults";

/** Ends in a letter or digit on both sides, and no two of - _ . of a kind in a row. */
const LINODE_LABEL = /^[a-zA-Z0-9](?:(?!--|__|\.\.)[a-zA-Z0-9_.-])*[a-zA-Z0-9]$/;

/** The provider stops at 50 where the console allows 64, so a stack cannot use more. */
export function checkLinodeLabel(faults: Faults, label: unknown, others: readonly string[]): void {
  checkLabel(faults, label, { least: 3, most: 50, others });
  faults.check(
    "label",
    () => LINODE_LABEL.test(label as string),
    "Must begin and end with a letter or digit and use only letters, digits, and single - _ or .",
  );
}

export function checkFirewallLabel(
  faults: Faults,
  label: unknown,
  others: readonly string[],
): void {
  checkLabel(faults, label, { least: 3, most: 32, others });
}

function checkLabel(
  faults: Faults,
  label: unknown,
  { least, most, others }: { least: number; most: number; others: readonly string[] },
): void {
  faults
    .check("label", () => typeof label === "string", "Must be of type string.")
    .check(
      "label",
      () => (label as string).length >= least && (label as string).length <= most,
      `Label must be between ${least} and ${most} characters.`,
    )
    .check(
      "label",
      () => !others.includes(label as string),
      "Label must be unique among your resources of this kind.",
    );
}
