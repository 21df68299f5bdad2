import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { HardeningArgs, Made, PendingFacts } from "./hardening-args";
import { bundleManifest, packagesOf } from "./lib/bundle";
import { CONTROL_PLAN, controlsLeaningOn, renderParameters } from "./lib/control-plan";
import type { Control, HostFacts } from "./lib/host-facts";
import type { Role } from "./lib/roles";
import { driverCommand, handOverCommand, type Verb } from "./lib/remote-commands";
import { connectionOf, type Endpoint, RemoteStep, type Route } from "./remote-step";

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
  /** The step after which `endpoint` answers; none on a server that was there before. */
  public readonly handOver: RemoteStep | undefined;

  private readonly args: HardeningArgs;
  private readonly name: string;
  /** Reads every file of the bundle: once, not for each control. */
  private readonly bundle: string;
  /** The last step so far. */
  private last: pulumi.Resource;

  constructor(name: string, args: HardeningArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("stronghold:index:Hardening", name, {}, opts);
    this.args = args;
    this.name = name;
    this.bundle = bundleManifest(args.bundleDir);
    const { server, deployerPrivateKey } = args;
    this.endpoint = this.login(server.hostKey, deployerPrivateKey);
    this.handOver = server.made && this.createHandOver(`${name}-hand-over`, server.made);
    this.last = this.createBundle(`${name}-bundle`);
    this.createControls(undefined);
    this.registerOutputs({ endpoint: this.endpoint });
  }

  /** Goes on with the controls that lean on another server, once all of that one's so far are in place. */
  connect(other: Hardening): void {
    this.createControls(other.args.server.role, [other.last]);
  }

  /** After what others may come through: its hand-over, or all its controls so far. */
  private opening(isHardened: boolean): pulumi.Resource[] {
    if (isHardened) return [this.last];
    return this.handOver ? [this.handOver] : [];
  }

  private createHandOver(name: string, { instance, credentials }: Made): RemoteStep {
    const { facts, through, waitsForThrough = false, bundleDir } = this.args;
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
        triggers: [instance.id],
      },
      // What is ignored keeps its old value when the step is made anew. So after the app server was
      // replaced, the database server's hand-over has to be taken out of the state before that server
      // is replaced, too.
      this.stepOptions(through ? through.opening(waitsForThrough) : [], [
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
        triggers: [server.id],
      },
      this.stepOptions(this.handOver ? [this.handOver] : []),
    );
  }

  /** Those that lean on a server of that role, or on none. */
  private createControls(role: Role | undefined, others: pulumi.Resource[] = []): void {
    for (const control of controlsLeaningOn(role, CONTROL_PLAN[this.args.server.role])) {
      const stdin = this.parametersOf(control);
      const step = (suffix: string, verb: Verb): RemoteStep =>
        this.createStep(`${this.name}-${control.name}${suffix}`, verb, control, stdin, others);
      this.last = step("", "apply");
      if (control.confirmed) this.last = step("-confirm", "confirm");
    }
  }

  private createStep(
    name: string,
    verb: Verb,
    control: Control,
    stdin: pulumi.Output<string>,
    others: pulumi.Resource[],
  ): RemoteStep {
    const { server, facts, bundleDir } = this.args;
    const call = { verb, control: control.name, deployer: facts.deployer, bundleDir };
    const text = pulumi.output(server.id).apply((serverId) => driverCommand({ ...call, serverId }));
    const args = { route: this.route(this.endpoint), command: text, stdin };
    return new RemoteStep(name, args, this.stepOptions([this.last, ...others]));
  }

  /** Waits just for the facts that the control needs: the app server's first controls run before the
   * database server has an address. */
  private parametersOf(control: Control): pulumi.Output<string> {
    const { server, facts, packages = [], bundleDir } = this.args;
    const names = CONTROL_PLAN[server.role].map(({ name }) => name);
    const all = pulumi
      .output(packages)
      .apply((more) => [...packagesOf(names, bundleDir), ...more].sort());
    const { bundle } = this;
    const pending: Partial<PendingFacts> = { ...facts, packages: all, controls: names, bundle };
    const needed = Object.fromEntries(
      control.needs.map((fact) => {
        if (pending[fact] === undefined) throw new Error(`${this.name} was not given ${fact}`);
        return [fact, pending[fact]];
      }),
    );
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
    const { made } = this.args.server;
    return {
      parent: this,
      dependsOn,
      ignoreChanges,
      ...(made ? { deletedWith: made.instance } : {}),
    };
  }
}
