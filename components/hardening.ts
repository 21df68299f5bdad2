import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { ServerCredentials } from "./credentials";
import { packagesOf } from "./lib/bundle";
import { CONTROL_PLAN, renderParameters } from "./lib/control-plan";
import type { Control, HostFacts } from "./lib/host-facts";
import { driverCommand, handOverCommand, type Verb } from "./lib/remote-commands";
import type { Role } from "./lib/roles";
import { connectionOf, type Endpoint, RemoteStep, type Route } from "./remote-step";
import type { Server } from "./server";

/** Facts that may depend on servers that do not exist yet. */
type PendingFacts = { [Fact in keyof HostFacts]: pulumi.Input<HostFacts[Fact]> };

export interface HardeningArgs {
  role: Role;
  server: Server;
  credentials: ServerCredentials;
  /** The address under which the server is reached. */
  host: pulumi.Input<string>;
  /** What the controls are told. */
  facts: Omit<PendingFacts, "packages" | "deployer"> & { deployer: string };
  /** The deployer's private key. @default the keys of the SSH agent */
  deployerPrivateKey?: pulumi.Input<string>;
  /** The hardened server through which this one is reached. @default none */
  through?: Hardening;
  /** The folder that is copied to the server and holds the controls. */
  bundleDir: string;
}

/**
 * Makes a fresh server a hardened one, over SSH.
 *
 * Guarantees the order: the first connection swaps the first host key for the lasting one, then the
 * controls are applied one by one, and whatever could lock the operator out is proved by a new
 * connection before the next control begins. A control runs again when its files, its parameters or
 * the server change. Does not notice changes made on the server by hand: that takes an audit.
 */
export class Hardening extends pulumi.ComponentResource {
  /** How the server is reached once its lasting host key is in place. */
  public readonly endpoint: Endpoint;
  /** The step after which `endpoint` answers. */
  public readonly handOver: RemoteStep;

  private readonly args: HardeningArgs;

  constructor(name: string, args: HardeningArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("stronghold:index:Hardening", name, {}, opts);
    this.args = args;
    this.endpoint = this.login(args.credentials.hostKey.publicKey, args.deployerPrivateKey);
    this.handOver = this.createHandOver(`${name}-hand-over`);
    const bundle = this.createBundle(`${name}-bundle`);
    this.createControls(name, bundle);
    this.registerOutputs({ endpoint: this.endpoint });
  }

  private createHandOver(name: string): RemoteStep {
    const { server, credentials, facts, through, bundleDir } = this.args;
    const { firstHostKey, firstLoginKey, hostKey } = credentials;
    const stdin = pulumi
      .all([hostKey.privateKey, firstLoginKey.publicKey])
      .apply(([HOST_KEY_B64, BOOTSTRAP_CLIENT_KEY]) =>
        renderParameters({ HOST_KEY_B64, DEPLOYER: facts.deployer, BOOTSTRAP_CLIENT_KEY }),
      );
    return new RemoteStep(
      name,
      {
        route: this.route(this.login(firstHostKey.publicKey, firstLoginKey.privateKey)),
        command: handOverCommand(bundleDir),
        stdin,
        hasSecretOutput: true,
        // It works once a server, as it ends the validity of its own connection: a new server needs
        // a new hand-over, and no other change may repeat it.
        triggers: [server.instance.id],
      },
      // What is ignored keeps its old value when the step is made anew. So after the app server was
      // replaced, the database server's hand-over has to be taken out of the state before that server
      // is replaced, too.
      this.stepOptions(through ? [through.handOver] : [], [
        "create",
        "update",
        ...(through ? ["connection.proxy"] : []),
      ]),
    );
  }

  private createBundle(name: string): command.remote.CopyToRemote {
    const { server, facts, bundleDir } = this.args;
    return new command.remote.CopyToRemote(
      name,
      {
        connection: connectionOf(this.route(this.endpoint)),
        source: new pulumi.asset.FileArchive(bundleDir),
        remotePath: `/home/${facts.deployer}`,
        // A new server may have the old one's address, and would then look supplied.
        triggers: [server.instance.id],
      },
      this.stepOptions([this.handOver]),
    );
  }

  private createControls(name: string, bundle: pulumi.Resource): void {
    let previous = bundle;
    for (const control of CONTROL_PLAN[this.args.role]) {
      const stdin = this.parametersOf(control);
      const step = (suffix: string, verb: Verb): RemoteStep =>
        this.createStep(`${name}-${control.name}${suffix}`, verb, control, stdin, previous);
      previous = step("", "apply");
      if (control.confirmed) previous = step("-confirm", "confirm");
    }
  }

  private createStep(
    name: string,
    verb: Verb,
    control: Control,
    stdin: pulumi.Output<string>,
    previous: pulumi.Resource,
  ): RemoteStep {
    const { server, facts, bundleDir } = this.args;
    const call = { verb, control: control.name, deployer: facts.deployer, bundleDir };
    const text = server.instance.id.apply((serverId) => driverCommand({ ...call, serverId }));
    const route = this.route(this.endpoint);
    return new RemoteStep(name, { route, command: text, stdin }, this.stepOptions([previous]));
  }

  /** Waits just for the facts that the control needs: the app server's first controls run before the
   * database server has an address. */
  private parametersOf(control: Control): pulumi.Output<string> {
    const { role, facts, bundleDir } = this.args;
    const names = CONTROL_PLAN[role].map(({ name }) => name);
    const pending: PendingFacts = { ...facts, packages: packagesOf(names, bundleDir) };
    const needed = Object.fromEntries(control.needs.map((fact) => [fact, pending[fact]]));
    return pulumi
      .output(needed)
      .apply((known) => renderParameters(control.parameters(known as unknown as HostFacts)));
  }

  private login(hostKey: pulumi.Input<string>, privateKey?: pulumi.Input<string>): Endpoint {
    const { host, facts } = this.args;
    return { host, user: facts.deployer, hostKey, ...(privateKey ? { privateKey } : {}) };
  }

  private route(endpoint: Endpoint): Route {
    const { through } = this.args;
    return { endpoint, ...(through ? { proxy: through.endpoint } : {}) };
  }

  /** A step ends with its server: there is nothing to undo on a host that is gone. */
  private stepOptions(
    dependsOn: pulumi.Resource[],
    ignoreChanges: string[] = [],
  ): pulumi.CustomResourceOptions {
    return { parent: this, dependsOn, ignoreChanges, deletedWith: this.args.server.instance };
  }
}
