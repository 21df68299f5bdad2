import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { ServerCredentials } from "./credentials";
import { Hardening } from "./hardening";
import type { Enrolment } from "./lib/enrolment";
import { appWall, databaseWall, type Wall } from "./lib/firewall-rules";
import { singleAddress } from "./lib/networks";
import { outboundOf } from "./lib/outbound-settings";
import type { Role } from "./lib/roles";
import type { Settings } from "./lib/settings";
import { type KnownServers, renderKnownHosts, renderSshConfig } from "./lib/ssh-files";
import { labelOf, type StackIdentity } from "./lib/stack-names";
import { PersonCredentials } from "./person-credentials";
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

/** What people are handed, by server and name. */
export type Enrolments = Record<Role, Record<string, Enrolment>>;

/** A server with what it was born with, who gets in and what may pass its walls. */
interface Member {
  role: Role;
  server: Server;
  credentials: ServerCredentials;
  people: readonly PersonCredentials[];
  wall: pulumi.Input<Wall>;
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
  /** Initial passwords and second factors, to be handed to the people; a secret. */
  public readonly enrolments: pulumi.Output<Enrolments>;

  private readonly args: TwoServerEnvironmentArgs;

  constructor(
    name: string,
    args: TwoServerEnvironmentArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("stronghold:index:TwoServerEnvironment", name, {}, opts);
    this.args = args;
    const { settings, identity } = args;

    const outbound = outboundOf(settings);
    const outside = appWall({ sshFrom: settings.ssh.allowFrom, ...outbound });
    const app = this.createMember(`${name}-app`, "app", outside);
    this.app = app.server.addresses;
    const inside = this.app.privateIPv4.apply((appPrivateIPv4) =>
      databaseWall({ appPrivateIPv4, ...outbound }),
    );
    const database = this.createMember(`${name}-database`, "database", inside);
    this.database = database.server.addresses;

    const appHardening = this.hardenApp(`${name}-app-hardening`, app, database);
    this.hardenDatabase(`${name}-database-hardening`, database, appHardening);

    this.deployer = settings.deployer.name;
    const servers = pulumi.output({ app: known(app), database: known(database) });
    this.sshConfig = servers.apply((both: KnownServers) => renderSshConfig(identity, both));
    this.knownHosts = servers.apply((both: KnownServers) => renderKnownHosts(both));
    this.enrolments = pulumi.secret({ app: handed(app), database: handed(database) });
    this.registerOutputs({
      app: this.app,
      database: this.database,
      deployer: this.deployer,
      sshConfig: this.sshConfig,
      knownHosts: this.knownHosts,
      enrolments: this.enrolments,
    });
  }

  private createMember(name: string, role: Role, wall: pulumi.Input<Wall>): Member {
    const { settings, identity } = this.args;
    const { region, deployer } = settings;
    const parent = { parent: this };
    const credentials = new ServerCredentials(`${name}-credentials`, parent);
    const people = settings.admins.map((person) => {
      const args = { person, server: labelOf(identity, role) };
      return new PersonCredentials(`${name}-person-${person.name}`, args, parent);
    });
    const own = { role, settings: settings[role], credentials, wall };
    const server = new Server(name, { ...own, identity, region, deployer }, parent);
    return { role, server, credentials, people, wall };
  }

  /** From outside, and with a way on to the database server's SSH and to nothing else. */
  private hardenApp(name: string, app: Member, database: Member): Hardening {
    return this.harden(name, app, {
      host: this.app.publicIPv4,
      deployerFrom: this.args.settings.ssh.allowFrom,
      permitOpen: pulumi.interpolate`${this.database.privateIPv4}:22`,
      nextServer: pulumi.interpolate`${this.database.privateIPv4} ${database.credentials.hostKey.publicKey}\n`,
    });
  }

  /** Through the app server, as people come, and with no way on. */
  private hardenDatabase(name: string, database: Member, through: Hardening): Hardening {
    return this.harden(name, database, {
      host: this.database.privateIPv4,
      deployerFrom: this.app.privateIPv4.apply((address) => [singleAddress(address)]),
      permitOpen: "",
      nextServer: "",
      through,
    });
  }

  private harden(name: string, member: Member, way: Way): Hardening {
    const { settings, bundleDir = BUNDLE_DIR } = this.args;
    const { deployer, admins, passwords, twoFactor, clock, alerts, deployerPrivateKey } = settings;
    const { wall, people, ...server } = member;
    const { deployerFrom, permitOpen, nextServer, ...route } = way;
    const facts = {
      deployer: deployer.name,
      deployerKeys: deployer.keys,
      admins,
      people: pulumi.all(people.map(({ person }) => person)),
      changeAtFirstUse: passwords.changeAtFirstUse,
      unenrolled: twoFactor.unenrolled,
      timeServers: clock.servers,
      alerts: pulumi.secret(alerts),
    };
    return new Hardening(
      name,
      {
        ...server,
        ...route,
        facts: { ...facts, deployerFrom, permitOpen, nextServer, wall },
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
  nextServer: pulumi.Input<string>;
  through?: Hardening;
}

function handed({ people }: Member): Record<string, pulumi.Output<Enrolment>> {
  return Object.fromEntries(people.map(({ name, enrolment }) => [name, enrolment]));
}

function known({ server, credentials }: Member): pulumi.Output<KnownServers[Role]> {
  return pulumi
    .all([server.addresses, credentials.hostKey.publicKey])
    .apply(([addresses, hostKey]) => ({ ...addresses, hostKey }));
}
