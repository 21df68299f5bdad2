import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { BackupCredentials } from "./backup-credentials";
import { DnsNames } from "./dns-names";
import { DatabaseCredentials } from "./database-credentials";
import { forLife } from "./for-life";
import { hardenServers, type Members, wallOfBackup } from "./hardenings";
import { appWall, databaseWall } from "./lib/firewall-rules";
import { outboundOf } from "./lib/outbound-settings";
import {
  type BackupsOutput,
  type DatabaseAccess,
  type Enrolments,
  OUTPUTS_VERSION,
  type ServerAddresses,
} from "./lib/outputs-contract";
import type { Role } from "./lib/roles";
import type { Settings } from "./lib/settings";
import { type KnownServers, renderKnownHosts, renderSshConfig } from "./lib/ssh-files";
import { labelOf, originOf, type StackIdentity } from "./lib/stack-names";
import {
  adoptMember,
  handed,
  known,
  type MakeArgs,
  makeMember,
  type Member,
  type MemberArgs,
} from "./member";
import { type PrivatePlace, Vpc } from "./private-network";
import { seal } from "./seal";
import { accessOf, backupsOf } from "./store-outputs";

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
 * deletion takes nothing away. Does not install an application.
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
    this.nameServers(members);
    const databaseCredentials = new DatabaseCredentials(
      `${name}-database-access`,
      { settings: settings.database, server: labelOf(identity, "database") },
      parent,
    );
    const backupCredentials = new BackupCredentials(`${name}-backup-keys`, parent);
    const secrets = { databaseCredentials, backupCredentials };
    // Neither engine reads the other's files, and the account that makes all others is not made by them.
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
      databaseAccess: this.databaseAccess,
      databaseCa: this.databaseCa,
      backups: this.backups,
    });
  }

  /** Each after those whose addresses its outer wall names. */
  private createMembers(): Members {
    const { ssh, region, replacing, ...settings } = this.args.settings;
    const outbound = outboundOf(settings);
    const outside = appWall({ sshFrom: ssh.allowFrom, ...outbound });
    const placeOf = this.createNetwork();
    const appArgs = { server: settings.app, region, place: placeOf("app"), wall: outside };
    const app = this.make("app", appArgs);
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

  private nameServers({ app, backup }: Members): void {
    const { settings, identity } = this.args;
    const { dns } = settings;
    if (dns === undefined) return;
    const servers = Object.fromEntries(
      [app, backup].flatMap(({ role, addresses, host: { made } }) =>
        made && role !== "database" ? [[role, { label: dns[role], addresses, made }]] : [],
      ),
    );
    const tags = [identity.project, originOf(identity), ...settings.tags];
    new DnsNames(`${this.name}-dns`, { dns, servers, tags }, { parent: this });
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
