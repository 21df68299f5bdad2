import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

type Connection = command.types.input.remote.ConnectionArgs;
type Proxy = command.types.input.remote.ProxyConnectionArgs;

/** Where to log in, with the key that the host must prove to hold. */
export interface Endpoint {
  host: pulumi.Input<string>;
  user: string;
  /** `ssh-ed25519 <base64>`. Without it the provider would trust whoever answers. */
  hostKey: pulumi.Input<string>;
  /** A private key. @default the keys of the SSH agent */
  privateKey?: pulumi.Input<string>;
}

/** An endpoint, and the one through which it is reached, if any. */
export interface Route {
  endpoint: Endpoint;
  proxy?: Endpoint;
}

export interface RemoteStepArgs {
  route: Route;
  /** What to run. A failing step prints it, so it must hold no secret. */
  command: pulumi.Input<string>;
  /** What the command reads: parameters, and secrets. */
  stdin: pulumi.Input<string>;
  /** Whether what it prints could hold a secret. @default false */
  hasSecretOutput?: boolean;
  /** Values whose change makes the step a new one. @default none */
  triggers?: pulumi.Input<string>[];
}

/** A booting server refuses connections for a while: enough tries for a slow one. */
const DIAL_ERROR_LIMIT = 60;
const PER_DIAL_TIMEOUT_SECONDS = 10;

/**
 * One command on a host.
 *
 * Guarantees that both ends of the route are verified, that a change of the command or of what it
 * reads runs it again in place, and that nothing runs when it is taken out of the stack: a `delete`
 * that undid a hardening would run after the new hardening. Does not notice drift on the host.
 */
export class RemoteStep extends command.remote.Command {
  constructor(name: string, args: RemoteStepArgs, opts: pulumi.CustomResourceOptions) {
    const { route, command: text, stdin, hasSecretOutput = false, triggers } = args;
    super(
      name,
      {
        connection: connectionOf(route),
        create: text,
        update: text,
        stdin,
        // By setenv, which sshd refuses.
        addPreviousOutputInEnv: false,
        ...(hasSecretOutput ? { logging: command.types.enums.remote.Logging.None } : {}),
        ...(triggers ? { triggers } : {}),
      },
      hasSecretOutput
        ? pulumi.mergeOptions(opts, { additionalSecretOutputs: ["stdout", "stderr"] })
        : opts,
    );
  }
}

/** The route in the provider's words. */
export function connectionOf({ endpoint, proxy }: Route): Connection {
  return { ...dialOf(endpoint), ...(proxy ? { proxy: dialOf(proxy) } : {}) };
}

function dialOf(endpoint: Endpoint): Proxy {
  return {
    ...endpoint,
    dialErrorLimit: DIAL_ERROR_LIMIT,
    perDialTimeout: PER_DIAL_TIMEOUT_SECONDS,
  };
}
