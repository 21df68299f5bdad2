/** The part of the vendor's answers that tests look at by name. */
export interface VendorLinode {
  id: number;
  label: string;
  status: string;
  type: string;
  tags: string[];
  ipv4: string[];
  ipv6: string;
  [field: string]: unknown;
}

export interface VendorEvent {
  id: number;
  action: string;
  status: string;
  message: string | null;
  created: string;
  entity: { id: number; type: string };
  secondary_entity: { id: number; type: string } | null;
}

export interface VendorConfig {
  id: number;
  label: string;
  devices: Record<string, unknown>;
  [field: string]: unknown;
}

export interface VendorFirewall {
  id: number;
  label: string;
  status: string;
  rules: unknown;
  entities: { id: number }[];
  [field: string]: unknown;
}

export interface VendorDevice {
  id: number;
  entity: { id: number; type: string; label: string };
}

export interface VendorPage<T> {
  data: T[];
  page: number;
  pages: number;
  results: number;
}

type Params = Record<string, unknown>;
type List<T> = (params?: Params, filter?: object) => Promise<VendorPage<T>>;
type ListOf<T> = (id: number, params?: Params, filter?: object) => Promise<VendorPage<T>>;

export interface Answer {
  status: number;
  headers: Record<string, string>;
  data: unknown;
}

interface RequestConfig {
  url?: string;
  headers: { set(name: string, value: string): void };
}

/** The vendor's client library, as far as tests use it. Its own types resolve for ES modules' bundlers only. */
export interface VendorClient {
  baseRequest: {
    request(config: object): Promise<Answer>;
    interceptors: { request: { use(change: (config: RequestConfig) => RequestConfig): number } };
  };
  createLinode(data: object): Promise<VendorLinode>;
  getLinode(id: number): Promise<VendorLinode>;
  getLinodes: List<VendorLinode>;
  updateLinode(id: number, data: object): Promise<VendorLinode>;
  deleteLinode(id: number): Promise<object>;
  linodeBoot(id: number, configId?: number): Promise<object>;
  linodeReboot(id: number, configId?: number): Promise<object>;
  linodeShutdown(id: number): Promise<object>;
  resizeLinode(id: number, data: object): Promise<object>;
  enableBackups(id: number): Promise<object>;
  cancelBackups(id: number): Promise<object>;
  getLinodeIPs(id: number): Promise<{
    ipv4: Record<string, { address: string; public: boolean; rdns: string | null }[]>;
    ipv6: { slaac: { address: string } };
  }>;
  allocateIPAddress(id: number, data: object): Promise<object>;
  getLinodeDisks: ListOf<{ id: number; size: number; filesystem: string }>;
  getLinodeConfigs: ListOf<VendorConfig>;
  updateLinodeConfig(id: number, configId: number, data: object): Promise<VendorConfig>;
  createFirewall(data: object): Promise<VendorFirewall>;
  getFirewall(id: number): Promise<VendorFirewall>;
  getFirewalls: List<VendorFirewall>;
  updateFirewall(id: number, data: object): Promise<VendorFirewall>;
  enableFirewall(id: number): Promise<VendorFirewall>;
  disableFirewall(id: number): Promise<VendorFirewall>;
  deleteFirewall(id: number): Promise<object>;
  getFirewallRules(id: number): Promise<unknown>;
  updateFirewallRules(id: number, data: object): Promise<unknown>;
  getFirewallDevices: ListOf<VendorDevice>;
  getFirewallDevice(id: number, deviceId: number): Promise<VendorDevice>;
  addFirewallDevice(id: number, data: object): Promise<VendorDevice>;
  deleteFirewallDevice(id: number, deviceId: number): Promise<object>;
  getProfile(): Promise<Record<string, unknown>>;
  getSSHKeys: List<{ id: number; label: string; ssh_key: string }>;
  getSSHKey(id: number): Promise<{ id: number; label: string; ssh_key: string }>;
  createSSHKey(data: object): Promise<{ id: number; label: string; ssh_key: string }>;
  updateSSHKey(id: number, data: object): Promise<{ label: string; ssh_key: string }>;
  deleteSSHKey(id: number): Promise<object>;
  getAccountInfo(): Promise<Record<string, unknown>>;
  getEvents: List<VendorEvent>;
  getEvent(id: number): Promise<VendorEvent>;
  getLinodeTypes: List<{ id: string; price: { monthly: number; hourly: number } }>;
  getType(id: string): Promise<{ id: string; disk: number }>;
  getRegions: List<{ id: string; capabilities: string[] }>;
  getRegion(id: string): Promise<{ id: string }>;
  getImages: List<{ id: string; capabilities: string[] }>;
  getImage(id: string): Promise<{ id: string }>;
}

const client = jest.requireActual<VendorClient>("@linode/api-v4");

let target = { origin: "", token: "" };

// The library knows one address only, and asks some routes of its beta, which the stable one has too.
client.baseRequest.interceptors.request.use((config) => {
  config.url = config.url?.replace(
    /^(?:https:\/\/api\.linode\.com)?\/v4(?:beta)?/,
    `${target.origin}/v4`,
  );
  config.headers.set("Authorization", `Bearer ${target.token}`);
  return config;
});

/** The vendor's client, pointed at a local API. */
export function vendorClient(origin: string, token: string): VendorClient {
  target = { origin, token };
  return client;
}
