import type { Person } from "./enrolment";
import type { Wall } from "./firewall-rules";
import type { Role } from "./roles";
import type { Admin, Alerts } from "./settings";
import type { DatabaseEngine } from "./settings-database";

/** All that the controls of one server are told; `scripts/host` does the rest. */
export interface HostFacts {
  /** Debian packages that the controls say they need. */
  packages: readonly string[];
  /** All controls of the server. */
  controls: readonly string[];
  /** What the controls are made of, as lines of sha256sum(1). */
  bundle: string;
  /** Where the database's packages come from; `none` on a server without one. */
  packageSource: PackageSource;
  /** The account of automation. */
  deployer: string;
  deployerKeys: readonly string[];
  admins: readonly Pick<Admin, "name" | "keys">[];
  /** The admins' initial passwords and second factors on this server; secret. */
  people: readonly Person[];
  /** Whether an initial password has to be changed at the first login. */
  changeAtFirstUse: boolean;
  /** What happens to a person who has no second factor. */
  unenrolled: "refuse" | "keyOnly";
  /** Names or addresses of the servers that the clock follows. */
  timeServers: readonly string[];
  /** Networks from which the deployer logs in. */
  deployerFrom: readonly string[];
  /** The one `address:port` that may be reached through this server's SSH; empty for none. */
  permitOpen: string;
  /** The next server as lines of `known_hosts`; empty for none. */
  nextServer: string;
  /** What may come in and go out. */
  wall: Wall;
  /** Who is told of logins; holds secrets. */
  alerts: Alerts;
  /** Who brings backups to this server: nobody, but to the backup server. */
  receiver: Receiver;
  /** The database on this server; holds secrets. */
  database: DatabaseFacts;
  /** The application on this server; holds a secret. */
  application: ApplicationFacts;
  /** How the application gets to the database; holds a secret. */
  databaseClient: DatabaseClientFacts;
  /** What is backed up and where to; holds secrets. */
  backups: BackupsFacts;
  /** What the backup server keeps. */
  vault: VaultFacts;
}

/** A source of packages in the words of the control packages, and whether its index may be out of date. */
export interface PackageSource {
  source: string;
  expired: "refuse" | "accept";
}

/** Public keys with which backups may be brought, and the networks they may come from. */
export interface Receiver {
  keys: readonly string[];
  from: readonly string[];
}

/** A password, and the one that still works beside it; empty for none. */
export interface RotatedPassword {
  current: string;
  previous: string;
}

export interface DatabaseFacts {
  engine: DatabaseEngine;
  /** The address on which the database listens. */
  bindAddress: string;
  schema: string;
  /** The one address from which its accounts log in. */
  appAddress: string;
  application: RotatedPassword;
  deployment: RotatedPassword;
  /** PEM. */
  caCertificate: string;
  certificate: string;
  privateKey: string;
  auditLog: boolean;
}

export interface ApplicationFacts {
  memoryMB: number;
  tasks: number;
  /** Under which names and addresses it is reached, the one that its origin is made of first. */
  hosts: readonly string[];
  certificateKind: "authority" | "own" | "acme";
  /** PEM, the server's own certificate first; with acme what is shown until the ACME server has certified. */
  certificate: string;
  privateKey: string;
  /** Whom the server asks for a certificate; empty texts for the other kinds. */
  acme: AcmeFacts;
}

export interface AcmeFacts {
  /** URL. */
  directory: string;
  email: string;
  /** PEM; empty where Debian trusts the ACME server. */
  caCertificate: string;
}

export interface DatabaseClientFacts {
  /** The database server's private address. */
  host: string;
  schema: string;
  password: string;
  caCertificate: string;
}

export interface BackupsFacts {
  engine: DatabaseEngine;
  schema: string;
  /** Whose backups they are, as every manifest says. */
  origin: string;
  /** age's public keys. */
  recipients: readonly string[];
  /** OpenSSH's private key that signs the manifests. */
  signingKey: string;
  /** Time of the day, HH:MM. */
  time: string;
  keep: number;
  sizeChangePercent: number;
  logMinutes: number;
  /** The backup server's address, host key and the key that it lets add files. */
  vaultHost: string;
  vaultHostKey: string;
  pushKey: string;
}

export interface VaultFacts {
  quotaGB: number;
  keepDays: number;
}

/** What a control reads on stdin; values whose names end in _B64 may have several lines. */
export type Parameters = Readonly<Record<string, string>>;

/** One concern of a server: `scripts/host/controls/<name>.sh` with what it is told. */
export interface Control<Need extends keyof HostFacts = keyof HostFacts> {
  name: string;
  /** Whether it could lock the operator out, so that a new connection has to confirm it. */
  confirmed: boolean;
  /** The server whose own controls have to be in place first. @default none */
  leansOn?: Role;
  /** The facts that its parameters are made of; it waits for no others. */
  needs: readonly Need[];
  parameters: (facts: Pick<HostFacts, Need>) => Parameters;
}
