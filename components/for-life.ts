import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** Nobody reads it: what counts is what it is kept for. */
const LENGTH = 8;

/**
 * A setting that cannot be changed once the servers exist.
 *
 * Guarantees that a plan which would change it is refused, as a protected resource named after it would
 * have to be replaced; and that whatever is made from the answer does not begin in such a run.
 */
export function forLife<T extends string>(
  name: string,
  value: T,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<T> {
  const kept = new random.RandomPassword(
    `${name}-is-for-life`,
    { length: LENGTH, special: false, keepers: { value } },
    { ...opts, protect: true },
  );
  return kept.keepers.apply((keepers) => keepers?.["value"] as T);
}
