/** The contract between the local API, which knows bodies and events, and the machines, which know hosts. */

/** A rule of a Cloud Firewall, as the API received it. */
export interface CloudFirewallRule {
  action: "ACCEPT" | "DROP";
  protocol: "TCP" | "UDP" | "ICMP" | "IPENCAP";
  /** "22", "80,443", "1000-2000"; absent means every port. */
  ports?: string;
  addresses?: { ipv4?: string[]; ipv6?: string[] };
  label?: string;
}

export interface CloudFirewall {
  inbound: CloudFirewallRule[];
  inboundPolicy: "ACCEPT" | "DROP";
  outbound: CloudFirewallRule[];
  outboundPolicy: "ACCEPT" | "DROP";
}

/** A place in a private network of one's own, on a second network card. */
export interface VpcPlace {
  /** Which network: two of them may use the same addresses. */
  id: number;
  address: string;
  /** Length of the subnet's prefix. */
  prefix: number;
}

export interface MachineSpec {
  id: number;
  label: string;
  /** An id of the images list, such as `linode/debian13`. */
  image: string;
  publicIPv4: string;
  privateIPv4?: string;
  vpc?: VpcPlace;
  publicIPv6: string;
  /** Decoded cloud-init user data. It may hold a secret: it goes to a file of mode 600 and nowhere else. */
  userData?: string;
  /** Set as root's password, as the vendor does. */
  rootPass: string;
  /** Root's authorised keys. */
  authorizedKeys: string[];
}

export type MachineStatus = "offline" | "booting" | "running";

/** Boots and wires real hosts. Every method but `create` is idempotent. */
export interface Machines {
  /** Images that `create` can use. */
  readonly images: readonly string[];
  /** Makes disk and network; does not boot. */
  create(spec: MachineSpec): Promise<void>;
  /** Resolves when the host's sshd accepts connections; rejects with the reason and the console's tail. */
  boot(id: number): Promise<void>;
  /** Orderly power-off; resolves when the host is off. */
  shutdown(id: number): Promise<void>;
  reboot(id: number): Promise<void>;
  /** Powers off and removes disk and network. An unknown id is no error. */
  destroy(id: number): Promise<void>;
  /** Puts the outer wall in force, atomically; `undefined` takes it away. Works before the first boot. */
  setFirewall(id: number, firewall: CloudFirewall | undefined): Promise<void>;
  status(id: number): MachineStatus;
  /** Called when a host changes state by itself: rebooted or powered off from inside, or crashed. */
  onStatus(listener: (id: number, status: MachineStatus) => void): void;
}
