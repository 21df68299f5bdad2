import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { ApplicationCertificate } from "./application-certificate";
import { BackupCredentials } from "./backup-credentials";
import { DatabaseCredentials } from "./database-credentials";
import { nameServers } from "./dns-names";
import { forLife } from "./for-life";
import { hardenServers, wallOfBackup } from "./hardenings";
import { applicationHosts } from "./lib/application-hosts";
import { appWall, databaseWall } from "./lib/firewall-rules";
import { outboundOf } from "./lib/outbound-settings";
import {
  type ApplicationOutput,
  type BackupsOutput,
  type DatabaseAccess,
  type Enrolments,
  OUTPUTS_VERSION,
  type ServerAddresses,
} from "./lib/outputs-contract";
import type { Role } from "./lib/roles";
import type { Settings } from "./lib/settings";
import { type KnownServers, renderKnownHosts, renderSshConfig } from "./lib/ssh-files";
import { labelOf, type StackIdentity } from "./lib/stack-names";
import {
  adoptMember,
  handed,
  known,
  type MakeArgs,
  makeMember,
  type Member,
  type MemberArgs,
  type Members,
} from "./member";
import { type PrivatePlace, Vpc } from "./private-network";
import { seal } from "./seal";
import { accessOf, applicationOf, backupsOf } from "./store-outputs";

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

/**
 * An app server and a database server, hardened, with the app server as the only way to the database
 * server, and a backup server in another data centre that the database server can add to and nothing
 * else.
 *
 * Guarantees that each server stands behind two walls made from one list of rules, that every
 * connection is verified from the first one on, that all are set up side by side, and that a refused
 * deletion takes nothing away. Makes the app server ready for an application, and does not install one:
 * that is `npm run deploy`.
 */
export class TwoServerEnvironment extends pulumi.ComponentResource {
  /** Of the contract that the outputs keep (`outputs.schema.json`). */
  public readonly outputsVersion = OUTPUTS_VERSION;
  public readonly app: pulumi.Output<ServerAddresses>;
  public readonly database: pulumi.Output<ServerAddresses>;
  public readonly backup: pulumi.Output<ServerAddresses>;
  /** The account of automation, the same on all servers. */
  public readonly deployer: string;
  /** An `ssh_config` that knows the way to all servers. */
  public readonly sshConfig: pulumi.Output<string>;
  /** The `known_hosts` for it. */
  public readonly knownHosts: pulumi.Output<string>;
  /** Initial passwords and second factors, to be handed to the people; a secret. */
  public readonly enrolments: pulumi.Output<Enrolments>;
  /** By what browsers find and know the application. */
  public readonly application: pulumi.Output<ApplicationOutput>;
  /** How the application and its deployments get to the database; a secret. */
  public readonly databaseAccess: pulumi.Output<DatabaseAccess>;
  /** The authority that vouches for the database server, in PEM. */
  public readonly databaseCa: pulumi.Output<string>;
  /** By what a backup of this stack is known. */
  public readonly backups: pulumi.Output<BackupsOutput>;

  private readonly args: TwoServerEnvironmentArgs;
  private readonly name: string;

  constructor(
    name: string,
    args: TwoServerEnvironmentArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("stronghold:index:TwoServerEnvironment", name, {}, opts);
    this.args = args;
    this.name = name;
    const { settings, identity, bundleDir = BUNDLE_DIR } = args;
    const parent = { parent: this };

    const members = this.createMembers();
    nameServers(`${name}-dns`, { settings, identity, members }, parent);
    const databaseCredentials = new DatabaseCredentials(
      `${name}-database-access`,
      { settings: settings.database, server: labelOf(identity, "database") },
      parent,
    );
    const backupCredentials = new BackupCredentials(`${name}-backup-keys`, parent);
    const applicationCertificate = this.createCertificate(members.app);
    const secrets = { databaseCredentials, backupCredentials, applicationCertificate };
    // Neither engine reads the other's files, and the account that makes others is not made by them.
    const engine = forLife(`${name}-database-engine`, settings.database.engine, parent);
    forLife(`${name}-deployer-name`, settings.deployer.name, parent);
    hardenServers(name, { settings, identity, bundleDir, members, engine, ...secrets }, parent);
    seal(name, this);

    this.app = members.app.addresses;
    this.database = members.database.addresses;
    this.backup = members.backup.addresses;
    this.deployer = settings.deployer.name;
    const servers = pulumi.output(byRole(members, known)) as pulumi.Output<KnownServers>;
    this.sshConfig = servers.apply((all) => renderSshConfig(identity, all));
    this.knownHosts = servers.apply(renderKnownHosts);
    this.enrolments = pulumi.secret(byRole(members, handed));
    this.application = applicationOf(settings, this.app, applicationCertificate);
    this.databaseAccess = accessOf(settings, this.database, databaseCredentials);
    this.databaseCa = databaseCredentials.caCertificate;
    this.backups = backupsOf(settings, identity, backupCredentials);
    this.registerOutputs({
      outputsVersion: this.outputsVersion,
      app: this.app,
      database: this.database,
      backup: this.backup,
      deployer: this.deployer,
      sshConfig: this.sshConfig,
      knownHosts: this.knownHosts,
      enrolments: this.enrolments,
      application: this.application,
      databaseAccess: this.databaseAccess,
      databaseCa: this.databaseCa,
      backups: this.backups,
    });
  }

  /** Each after those whose addresses its outer wall names. */
  private createMembers(): Members {
    const { ssh, region, replacing, ...settings } = this.args.settings;
    const outbound = outboundOf(settings);
    const wall = appWall({ sshFrom: ssh.allowFrom, ...outbound });
    const placeOf = this.createNetwork();
    const app = this.make("app", { server: settings.app, region, place: placeOf("app"), wall });
    const inside = app.addresses.privateIPv4.apply((appPrivateIPv4) =>
      databaseWall({ appPrivateIPv4, awaitsApp: replacing === "app", ...outbound }),
    );
    const databaseArgs = { server: settings.database, region, place: placeOf("database") };
    const database = this.make("database", { ...databaseArgs, wall: inside });
    return { app, database, backup: this.createBackup(database) };
  }

  /** In the shared network the data centre gives the addresses. */
  private createNetwork(): (role: Role) => PrivatePlace {
    const { settings, identity } = this.args;
    const { network, region } = settings;
    if (network.private === "shared") return () => "shared";
    const vpc = new Vpc(`${this.name}-network`, { network, identity, region }, { parent: this });
    return (role) => vpc.placeOf(role);
  }

  private createCertificate({ addresses }: Member): ApplicationCertificate {
    const { settings, identity } = this.args;
    const { application } = settings;
    const hosts = addresses.apply((known) => applicationHosts(application, known));
    const args = { settings: application.certificate, server: labelOf(identity, "app"), hosts };
    return new ApplicationCertificate(`${this.name}-certificate`, args, { parent: this });
  }

  private createBackup(database: Member): Member {
    const { settings, identity } = this.args;
    const { server } = settings.backup;
    if ("host" in server) {
      const args = { role: "backup", settings, identity, ...server } as const;
      return adoptMember(`${this.name}-backup`, args, { parent: this });
    }
    const { region, ...size } = server;
    const wall = wallOfBackup(settings, database);
    return this.make("backup", { server: size, region, place: "none", wall });
  }

  private make(role: Role, args: Omit<MakeArgs, keyof MemberArgs>): Member {
    const { settings, identity } = this.args;
    return makeMember(
      `${this.name}-${role}`,
      { role, settings, identity, ...args },
      { parent: this },
    );
  }
}

function byRole<T>(members: Members, of: (member: Member) => T): Record<Role, T> {
  const { app, database, backup } = members;
  return { app: of(app), database: of(database), backup: of(backup) };
}
