/** What a deployment takes of a stack's outputs. */
import { MASKED, type StackOutputs } from "../../components/lib/outputs-contract";
import { UserError } from "../../local/cli/user-error";
import { requireOutputs } from "../stacks/file-stack";
import type { Stack } from "../stacks/stack";
import type { KnownSecret } from "./secret-faults";

export interface Account {
  user: string;
  password: string;
}

export interface Target {
  stack: string;
  /** Where the application serves. */
  origin: string;
  /** Changes the schema; unknown where secrets are masked. */
  deployment?: Account;
  /** What must not be in a release. */
  secrets: readonly KnownSecret[];
}

type Output<Name extends keyof StackOutputs> = StackOutputs[Name] | typeof MASKED;

/** @throws UserError if the outputs are not those of a stack that an application can be deployed to */
export function targetOf(stack: Stack): Target {
  const outputs = requireOutputs(stack.name, stack.outputs("shown"));
  const { application, sshConfig } = outputs;
  if (!hostsOf(sshConfig ?? "").includes("app")) {
    throw new UserError(`${stack.name}: sshConfig has no host "app": bring the stack up again.`);
  }
  const access = outputs.databaseAccess as Output<"databaseAccess">;
  const target = { stack: stack.name, origin: application?.origin ?? "" };
  if (access === MASKED) return { ...target, secrets: peoples(outputs) };
  const accounts = (["application", "deployment"] as const).map((name) => ({
    what: `the password of the database account "${access[name].user}"`,
    value: access[name].password,
  }));
  return {
    ...target,
    deployment: { user: access.deployment.user, password: access.deployment.password },
    secrets: [...accounts, ...peoples(outputs)],
  };
}

function hostsOf(sshConfig: string): string[] {
  const lines = sshConfig.split("\n").map((line) => line.split(" "));
  return lines.flatMap(([word, ...names]) => (word === "Host" ? names : []));
}

/** @throws UserError if there is none to be had */
export function deploymentOf({ stack, deployment }: Target): Account {
  if (deployment !== undefined) return deployment;
  throw new UserError(
    `${stack}: databaseAccess is masked ("${MASKED}"), and the release's migration takes the deployment account: ` +
      "print the outputs with `pulumi stack output --json --show-secrets`.",
  );
}

function peoples(outputs: { enrolments?: unknown }): KnownSecret[] {
  const enrolments = outputs.enrolments as Output<"enrolments">;
  if (enrolments === MASKED) return [];
  return Object.values(enrolments).flatMap((people) =>
    Object.entries(people).flatMap(([name, { password, secret }]) => [
      ...(password === undefined
        ? []
        : [{ what: `the initial password of ${name}`, value: password }]),
      ...(secret === undefined ? [] : [{ what: `the second factor of ${name}`, value: secret }]),
    ]),
  );
}
