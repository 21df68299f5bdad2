import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/**
 * Keeps all of a component or nothing of it: a protected resource that depends on everything in it.
 *
 * The engine deletes what nothing depends on first. So where the servers alone are protected, a `pulumi
 * destroy` without preview is refused at last, but has by then taken out of the state what leads into them:
 * their host keys, people's second factors, every step. With this, the refusal comes first.
 */
export function seal(name: string, component: pulumi.ComponentResource): void {
  const options = { parent: component, dependsOn: component, protect: true };
  // It means nothing, and there is nothing outside the state that would have to go with it.
  new random.RandomPassword(`${name}-seal`, { length: 8, special: false }, options);
}
