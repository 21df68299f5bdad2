/** How each server of an environment is hardened: its way in, and what its controls are told. */
import * as pulumi from "@pulumi/pulumi";

import { Hardening } from "./hardening";
import type { GivenFacts } from "./hardening-args";
import { databasePackages, sourceParameter } from "./lib/database-packages";
import { appWall, backupWall, databaseWall, type Wall } from "./lib/firewall-rules";
import { singleAddress } from "./lib/networks";
import { outboundOf } from "./lib/outbound-settings";
import { privateNetworkOf } from "./lib/private-network";
import type { Role } from "./lib/roles";
import type { Settings } from "./lib/settings";
import type { Member, Members } from "./member";
import {
  applicationFacts,
  applicationPackages,
  backupsFacts,
  databaseClientFacts,
  databaseFacts,
  type Parts,
} from "./role-facts";

interface Args extends Parts {
  bundleDir: string;
}

/**
 * Hardens all servers side by side. What leans on another server comes last: the application's access
 * after the database, and the first backup after the vault that receives it.
 */
export function hardenServers(
  name: string,
  args: Args,
  opts: pulumi.ComponentResourceOptions,
): void {
  const harden = (role: Role, way: Way): Hardening => {
    const { settings, bundleDir, members } = args;
    const { deployerPrivateKey } = settings;
    const { host, through, packages, ...facts } = way;
    return new Hardening(
      `${name}-${role}-hardening`,
      {
        server: members[role].host,
        host,
        facts: { ...sharedFacts(settings, members[role]), ...facts },
        bundleDir,
        ...(through ? { through, waitsForThrough: settings.replacing === "database" } : {}),
        ...(packages ? { packages } : {}),
        ...(deployerPrivateKey ? { deployerPrivateKey: pulumi.secret(deployerPrivateKey) } : {}),
      },
      opts,
    );
  };
  const app = harden("app", wayToApp(args));
  const database = harden("database", { ...wayToDatabase(args), through: app });
  const backup = harden("backup", wayToBackup(args));
  app.connect(database);
  database.connect(backup);
}

/** How a server is reached, what can be reached from it, and what else its controls are told. */
type Way = Omit<GivenFacts, keyof ReturnType<typeof sharedFacts>> & {
  host: pulumi.Input<string>;
  through?: Hardening;
  packages?: pulumi.Input<readonly string[]>;
};

function sharedFacts(settings: Settings, { people }: Member) {
  const { deployer, admins, passwords, twoFactor, clock, alerts } = settings;
  return {
    deployer: deployer.name,
    deployerKeys: deployer.keys,
    admins,
    people: pulumi.all(people.map(({ person }) => person)),
    changeAtFirstUse: passwords.changeAtFirstUse,
    unenrolled: twoFactor.unenrolled,
    timeServers: clock.servers,
    alerts: pulumi.secret(alerts),
  };
}

/** No database of its own, nobody who brings backups, and no way on. */
const NOTHING_SPECIAL = {
  packageSource: { source: "none", expired: "refuse" },
  receiver: { keys: [], from: [] },
  permitOpen: "",
  nextServer: "",
} as const;

/** From outside, and with a way on to the database server's SSH and to nothing else. */
function wayToApp(args: Args): Way {
  const { settings, members } = args;
  const { app, database } = members;
  const { allowFrom } = settings.ssh;
  const { privateIPv4 } = database.addresses;
  return {
    ...NOTHING_SPECIAL,
    host: app.addresses.publicIPv4,
    deployerFrom: allowFrom,
    permitOpen: pulumi.interpolate`${privateIPv4}:22`,
    nextServer: pulumi.interpolate`${privateIPv4} ${database.host.hostKey}\n`,
    wall: appWall({ sshFrom: allowFrom, ...outboundOf(settings) }),
    packages: applicationPackages(settings),
    application: applicationFacts(args),
    databaseClient: databaseClientFacts(args),
  };
}

/** Through the app server, as people come, and with no way on. */
function wayToDatabase(args: Args): Way {
  const { settings, members, engine } = args;
  const { source } = settings.database;
  const appAddress = members.app.addresses.privateIPv4;
  return {
    ...NOTHING_SPECIAL,
    host: members.database.addresses.privateIPv4,
    deployerFrom: appAddress.apply((address) => [
      settings.replacing === "app" ? privateNetworkOf(settings.network) : singleAddress(address),
    ]),
    wall: wallOfDatabase(settings, members),
    packages: engine.apply((known) => databasePackages(known, source.kind)),
    packageSource: { source: sourceParameter(source), expired: source.expired },
    database: databaseFacts(args),
    backups: backupsFacts(args),
  };
}

/** From outside, where the database server brings backups, too; with no way on. */
function wayToBackup({ settings, members, backupCredentials }: Args): Way {
  const from = members.database.addresses.publicIPv4.apply((address) => [singleAddress(address)]);
  const receiver = { keys: [backupCredentials.pushKey.publicKey], from };
  return {
    ...NOTHING_SPECIAL,
    host: members.backup.addresses.publicIPv4,
    deployerFrom: settings.ssh.allowFrom,
    receiver: pulumi.output(receiver),
    wall: wallOfBackup(settings, members.database),
    vault: settings.backup.vault,
  };
}

/** The inner wall, which stands later than the outer one, knows where the backups go. */
function wallOfDatabase(settings: Settings, { app, backup }: Members): pulumi.Output<Wall> {
  const outbound = outboundOf(settings);
  const appPrivateIPv4 = app.addresses.privateIPv4;
  // Else its firewall would wait for a server that it does not name.
  const backupIPv4 =
    outbound.outbound === "anywhere" ? pulumi.output(undefined) : backup.addresses.publicIPv4;
  return pulumi.all([appPrivateIPv4, backupIPv4]).apply(([from, to]) => {
    const known = to === undefined ? {} : { backupIPv4: to };
    const awaitsApp = settings.replacing === "app";
    return databaseWall({ appPrivateIPv4: from, awaitsApp, ...known, ...outbound });
  });
}

/** Both of the backup server's walls. */
export function wallOfBackup(settings: Settings, database: Member): pulumi.Output<Wall> {
  const { allowFrom } = settings.ssh;
  return database.addresses.publicIPv4.apply((databaseIPv4) =>
    backupWall({ sshFrom: allowFrom, databaseIPv4, ...outboundOf(settings) }),
  );
}
