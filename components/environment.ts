import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { ServerCredentials } from "./credentials";
import { Hardening } from "./hardening";
import { appRules, databaseRules, type Rule } from "./lib/firewall-rules";
import { singleAddress } from "./lib/networks";
import type { Role } from "./lib/roles";
import type { Settings } from "./lib/settings";
import { type KnownServers, renderKnownHosts, renderSshConfig } from "./lib/ssh-files";
import type { StackIdentity } from "./lib/stack-names";
import { Server, type ServerAddresses } from "./server";

/** What is copied to every server. Its name is the folder's name there, too. */
const BUNDLE_DIR = join(__dirname, "..", "scripts", "host");

export interface TwoServerEnvironmentArgs {
  /** Settings that `parseSettings` has checked. They decide which resources exist. */
  settings: Settings;
  /** Whose stack it is: every label begins with it. */
  identity: StackIdentity;
  /** The folder with the controls, named `host`. @default scripts/host */
  bundleDir?: string;
}

/** A server with what it was born with and what may come in. */
interface Member {
  role: Role;
  server: Server;
  credentials: ServerCredentials;
  rules: pulumi.Input<readonly Rule[]>;
}

/**
 * An app server and a database server, hardened, with the app server as the only way to the database
 * server.
 *
 * Guarantees that each server stands behind two walls made from one list of rules, that every
 * connection is verified from the first one on, and that both are set up side by side. Does not
 * install an application or a database.
 */
export class TwoServerEnvironment extends pulumi.ComponentResource {
  public readonly app: pulumi.Output<ServerAddresses>;
  public readonly database: pulumi.Output<ServerAddresses>;
  /** The account of automation, the same on both servers. */
  public readonly deployer: string;
  /** An `ssh_config` that knows the way to both servers. */
  public readonly sshConfig: pulumi.Output<string>;
  /** The `known_hosts` for it. */
  public readonly knownHosts: pulumi.Output<string>;

  private readonly args: TwoServerEnvironmentArgs;

  constructor(
    name: string,
    args: TwoServerEnvironmentArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("stronghold:index:TwoServerEnvironment", name, {}, opts);
    this.args = args;
    const { settings, identity } = args;

    const app = this.createMember(`${name}-app`, "app", appRules(settings.ssh.allowFrom));
    this.app = app.server.addresses;
    const databaseWall = this.app.privateIPv4.apply(databaseRules);
    const database = this.createMember(`${name}-database`, "database", databaseWall);
    this.database = database.server.addresses;

    const appHardening = this.hardenApp(`${name}-app-hardening`, app);
    this.hardenDatabase(`${name}-database-hardening`, database, appHardening);

    this.deployer = settings.deployer.name;
    const servers = pulumi.output({ app: known(app), database: known(database) });
    this.sshConfig = servers.apply((both: KnownServers) => renderSshConfig(identity, both));
    this.knownHosts = servers.apply((both: KnownServers) => renderKnownHosts(both));
    this.registerOutputs({
      app: this.app,
      database: this.database,
      deployer: this.deployer,
      sshConfig: this.sshConfig,
      knownHosts: this.knownHosts,
    });
  }

  private createMember(name: string, role: Role, rules: pulumi.Input<readonly Rule[]>): Member {
    const { settings, identity } = this.args;
    const { region, deployer } = settings;
    const parent = { parent: this };
    const credentials = new ServerCredentials(`${name}-credentials`, parent);
    const own = { role, settings: settings[role], credentials, rules };
    const server = new Server(name, { ...own, identity, region, deployer }, parent);
    return { role, server, credentials, rules };
  }

  /** From outside, and with a way on to the database server's SSH and to nothing else. */
  private hardenApp(name: string, app: Member): Hardening {
    return this.harden(name, app, {
      host: this.app.publicIPv4,
      deployerFrom: this.args.settings.ssh.allowFrom,
      permitOpen: pulumi.interpolate`${this.database.privateIPv4}:22`,
    });
  }

  /** Through the app server, as people come, and with no way on. */
  private hardenDatabase(name: string, database: Member, through: Hardening): Hardening {
    return this.harden(name, database, {
      host: this.database.privateIPv4,
      deployerFrom: this.app.privateIPv4.apply((address) => [singleAddress(address)]),
      permitOpen: "",
      through,
    });
  }

  private harden(name: string, member: Member, way: Way): Hardening {
    const { settings, bundleDir = BUNDLE_DIR } = this.args;
    const { deployer, admins, deployerPrivateKey } = settings;
    const { rules, ...server } = member;
    const { deployerFrom, permitOpen, ...route } = way;
    const people = { deployer: deployer.name, deployerKeys: deployer.keys, admins };
    return new Hardening(
      name,
      {
        ...server,
        ...route,
        facts: { ...people, deployerFrom, permitOpen, rules },
        ...(deployerPrivateKey ? { deployerPrivateKey: pulumi.secret(deployerPrivateKey) } : {}),
        bundleDir,
      },
      { parent: this },
    );
  }
}

/** How a server is reached, and what can be reached from it. */
interface Way {
  host: pulumi.Input<string>;
  deployerFrom: pulumi.Input<readonly string[]>;
  permitOpen: pulumi.Input<string>;
  through?: Hardening;
}

function known({ server, credentials }: Member): pulumi.Output<KnownServers[Role]> {
  return pulumi
    .all([server.addresses, credentials.hostKey.publicKey])
    .apply(([addresses, hostKey]) => ({ ...addresses, hostKey }));
}
