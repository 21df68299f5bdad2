/** What stands in the way of a server's replacement in a stack's state, and how it is put aside. */
import type { Role } from "../../components/lib/roles";

/** A resource, as `pulumi stack export` has it. */
export interface StateResource {
  urn: string;
  id?: string;
  protect?: boolean;
  inputs?: Readonly<Record<string, unknown>>;
}

/** The server's own resource, by its name in the program. */
export function instanceName(role: Role): string {
  return `environment-${role}-instance`;
}

/** The step of the first contact, which swaps the keys of the first boot. */
export function handOverName(role: Role): string {
  return `environment-${role}-hardening-hand-over`;
}

/** @throws SyntaxError if the text is not what `pulumi stack export` prints. */
export function readResources(text: string): StateResource[] {
  const exported = JSON.parse(text) as { deployment: { resources?: StateResource[] } };
  return exported.deployment.resources ?? [];
}

/**
 * Makes way for a server's successor in the state, by a CLI that is told its stack, and answers with what
 * names the server for `up`.
 */
export function makeWay(role: Role, pulumi: (words: readonly string[]) => string): string[] {
  const { instance, steps } = wayFor(role, readResources(pulumi(["stack", "export"])));
  for (const words of steps) pulumi(words);
  return ["--replace", instance];
}

/**
 * The URN of a server and the commands of the CLI, without `--stack`, that make way for its successor.
 *
 * The protection goes, which the program puts on the successor again. So does, for the database server,
 * the step of the first connection with all that follows it, the seal included: a step that is made anew
 * keeps the old value of what it ignores, which is the way through an app server that may be long gone.
 *
 * @throws Error if the stack has no such server.
 */
export function wayFor(
  role: Role,
  resources: readonly StateResource[],
): { instance: string; steps: string[][] } {
  const find = (name: string): StateResource | undefined =>
    resources.find(({ urn }) => urn.endsWith(`::${name}`));
  const instance = find(instanceName(role));
  if (!instance) throw new Error(`the stack has no ${instanceName(role)}`);
  const handOver = role === "database" && find(handOverName(role));
  const kept = [instance, ...(handOver ? [find("environment-seal")] : [])];
  return {
    instance: instance.urn,
    steps: [
      ...kept.flatMap((it) => (it?.protect ? [["state", "unprotect", it.urn, "--yes"]] : [])),
      ...(handOver ? [["state", "delete", handOver.urn, "--target-dependents", "--yes"]] : []),
    ],
  };
}
