/** What the local cloud remembers. No secret has a place in here. */
export interface State {
  version: 1;
  /** The last id given out, by kind. It only grows, so that no id ever comes back. */
  lastIds: Record<IdKind, number>;
  /** The last number given out in each row of addresses. */
  lastAddresses: { public?: number; private?: number };
  linodes: Linode[];
  firewalls: Firewall[];
  devices: FirewallDevice[];
  events: Event[];
  sshKeys: SshKey[];
  domains: Domain[];
  records: DomainRecord[];
  vpcs: Vpc[];
  subnets: Subnet[];
}

export type IdKind =
  | "linode"
  | "disk"
  | "config"
  | "firewall"
  | "device"
  | "event"
  | "sshKey"
  | "domain"
  | "record"
  | "vpc"
  | "subnet"
  | "interface";

export type LinodeStatus =
  "provisioning" | "booting" | "rebooting" | "running" | "shutting_down" | "offline";

/** Work under way on a Linode. It is kept, so that a restart can take it up again. */
export interface Task {
  kind: "provision" | "boot" | "reboot" | "shutdown" | "resize" | "delete";
  eventId: number;
}

export interface Linode {
  id: number;
  label: string;
  group: string;
  tags: string[];
  region: string;
  type: string;
  image: string;
  status: LinodeStatus;
  created: string;
  updated: string;
  publicIPv4: string;
  privateIPv4: string | null;
  publicIPv6: string;
  /** Names that its addresses were given, by address. */
  reverseNames?: Record<string, string>;
  hostUuid: string;
  diskEncryption: "enabled" | "disabled";
  watchdogEnabled: boolean;
  alerts: Record<string, unknown>;
  backupsEnabled: boolean;
  hasUserData: boolean;
  /** Whether provisioning ends with a boot. */
  bootWanted: boolean;
  /** Whether its machine exists; until then there is nothing to put a firewall before. */
  made: boolean;
  /** Why it is not up although it was asked to be. */
  fault: string | null;
  task: Task | null;
  disks: Disk[];
  configs: Config[];
  /** As it was made with, of its one config; absent where nothing was said. */
  interfaces?: Interface[];
}

/** A network card that a Linode was explicitly made with. */
export type Interface = { id: number; primary: boolean } & (
  { purpose: "public" } | { purpose: "vpc"; subnetId: number; address: string }
);

export interface Disk {
  id: number;
  label: string;
  filesystem: "ext4" | "swap";
  /** In MB. */
  size: number;
  created: string;
  updated: string;
}

export interface Config {
  id: number;
  label: string;
  comments: string;
  kernel: string;
  memoryLimit: number;
  runLevel: string;
  virtMode: string;
  rootDevice: string;
  devices: Record<string, DiskSlot | null>;
  helpers: Record<string, boolean>;
  created: string;
  updated: string;
}

export interface DiskSlot {
  disk_id: number | null;
  volume_id: number | null;
}

export interface Firewall {
  id: number;
  label: string;
  status: "enabled" | "disabled";
  tags: string[];
  rules: RuleSet;
  created: string;
  updated: string;
}

/** A rule set exactly as it was sent: a client that reads back anything else sees drift. */
export interface RuleSet {
  inbound: Rule[];
  inbound_policy: Policy;
  outbound: Rule[];
  outbound_policy: Policy;
}

export type Policy = "ACCEPT" | "DROP";

export interface Rule {
  action: Policy;
  protocol: "TCP" | "UDP" | "ICMP" | "IPENCAP";
  ports?: string | null;
  addresses: { ipv4?: string[] | null; ipv6?: string[] | null };
  label?: string | null;
  description?: string | null;
}

export interface FirewallDevice {
  id: number;
  firewallId: number;
  linodeId: number;
  created: string;
  updated: string;
}

export interface Event {
  id: number;
  action: string;
  status: "started" | "finished" | "failed";
  created: string;
  message: string | null;
  entity: Entity;
  secondaryEntity: Entity | null;
}

export interface Entity {
  id: number;
  type: string;
  label: string;
  url: string;
}

export interface SshKey {
  id: number;
  label: string;
  sshKey: string;
  created: string;
}

/** A zone. */
export interface Domain {
  id: number;
  domain: string;
  type: "master" | "slave";
  soaEmail: string;
  tags: string[];
  /** In seconds; 0 for the vendor's own choice. */
  ttlSec: number;
}

/** A record of a zone. */
export interface DomainRecord {
  id: number;
  domainId: number;
  type: string;
  /** Without the zone; empty for the zone itself. */
  name: string;
  target: string;
  ttlSec: number;
  created: string;
  updated: string;
}

/** A private network of one's own. */
export interface Vpc {
  id: number;
  label: string;
  description: string;
  region: string;
  created: string;
  updated: string;
}

/** A range of addresses in a VPC. */
export interface Subnet {
  id: number;
  vpcId: number;
  label: string;
  ipv4: string;
  created: string;
  updated: string;
}

/** The state of a cloud that has never been used. Each kind of id starts elsewhere, so that a mix-up shows. */
export function emptyState(): State {
  return {
    version: 1,
    lastIds: {
      linode: 1000,
      disk: 20000,
      config: 30000,
      firewall: 400,
      device: 5000,
      event: 600000,
      sshKey: 70,
      domain: 8000,
      record: 900000,
      vpc: 300,
      subnet: 3000,
      interface: 40000,
    },
    lastAddresses: {},
    linodes: [],
    firewalls: [],
    devices: [],
    events: [],
    sshKeys: [],
    domains: [],
    records: [],
    vpcs: [],
    subnets: [],
  };
}

/** Takes the next id of a kind. */
export function takeId(state: State, kind: IdKind): number {
  state.lastIds[kind] += 1;
  return state.lastIds[kind];
}

/** Now, as the vendor writes it: UTC to the second, without a zone. */
export function timestamp(): string {
  return new Date().toISOString().slice(0, 19);
}
