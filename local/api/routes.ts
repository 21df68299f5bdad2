import type { Handler } from "./call";
import * as account from "./resources/account";
import * as catalogue from "./resources/catalogue";
import * as records from "./resources/domain-records";
import * as domains from "./resources/domains";
import * as devices from "./resources/firewall-devices";
import * as firewalls from "./resources/firewalls";
import * as actions from "./resources/instance-actions";
import * as configs from "./resources/instance-configs";
import * as disks from "./resources/instance-disks";
import * as ips from "./resources/instance-ips";
import * as instances from "./resources/instances";
import * as profile from "./resources/profile";
import * as sshKeys from "./resources/ssh-keys";
import * as subnets from "./resources/vpc-subnets";
import * as vpcs from "./resources/vpcs";
import type { Scope } from "./scopes";

export interface Route {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  /** What the token must be good for: `undefined` any token, and "public" none at all. */
  scope: Scope | "public" | undefined;
  handler: Handler;
}

const LINODE = "/linode/instances/:linodeId";
const DOMAIN = "/domains/:domainId";
const VPC = "/vpcs/:vpcId";
const FIREWALL = "/networking/firewalls/:firewallId";

/** All that the local cloud answers, below `/v4`. Whatever is not here answers 501. */
export const ROUTES: readonly Route[] = [
  route("GET", "/linode/instances", "linodes:read_only", instances.listInstances),
  route("POST", "/linode/instances", "linodes:read_write", instances.createInstance),
  route("GET", LINODE, "linodes:read_only", instances.getInstance),
  route("PUT", LINODE, "linodes:read_write", instances.updateInstance),
  route("DELETE", LINODE, "linodes:read_write", instances.deleteInstance),
  route("POST", `${LINODE}/boot`, "linodes:read_write", actions.bootInstance),
  route("POST", `${LINODE}/reboot`, "linodes:read_write", actions.rebootInstance),
  route("POST", `${LINODE}/shutdown`, "linodes:read_write", actions.shutdownInstance),
  route("POST", `${LINODE}/resize`, "linodes:read_write", actions.resizeInstance),
  route("POST", `${LINODE}/backups/enable`, "linodes:read_write", actions.enableBackups),
  route("POST", `${LINODE}/backups/cancel`, "linodes:read_write", actions.cancelBackups),
  route("GET", `${LINODE}/ips`, "linodes:read_only", ips.listIps),
  route("POST", `${LINODE}/ips`, "linodes:read_write", ips.addIp),
  route("GET", `${LINODE}/disks`, "linodes:read_only", disks.listDisks),
  route("GET", `${LINODE}/configs`, "linodes:read_only", configs.listConfigs),
  route("GET", `${LINODE}/configs/:configId`, "linodes:read_only", configs.getConfig),
  route("PUT", `${LINODE}/configs/:configId`, "linodes:read_write", configs.updateConfig),

  route("GET", "/networking/firewalls", "firewall:read_only", firewalls.listFirewalls),
  route("POST", "/networking/firewalls", "firewall:read_write", firewalls.createFirewall),
  route("GET", FIREWALL, "firewall:read_only", firewalls.getFirewall),
  route("PUT", FIREWALL, "firewall:read_write", firewalls.updateFirewall),
  route("DELETE", FIREWALL, "firewall:read_write", firewalls.deleteFirewall),
  route("GET", `${FIREWALL}/rules`, "firewall:read_only", firewalls.getRules),
  route("PUT", `${FIREWALL}/rules`, "firewall:read_write", firewalls.updateRules),
  route("GET", `${FIREWALL}/devices`, "firewall:read_only", devices.listDevices),
  route("POST", `${FIREWALL}/devices`, "firewall:read_write", devices.addDevice),
  route("GET", `${FIREWALL}/devices/:deviceId`, "firewall:read_only", devices.getDevice),
  route("DELETE", `${FIREWALL}/devices/:deviceId`, "firewall:read_write", devices.deleteDevice),

  route("GET", "/networking/ips/:address", "ips:read_only", ips.getIp),
  route("PUT", "/networking/ips/:address", "ips:read_write", ips.updateIp),

  route("GET", "/domains", "domains:read_only", domains.listDomains),
  route("POST", "/domains", "domains:read_write", domains.createDomain),
  route("GET", DOMAIN, "domains:read_only", domains.getDomain),
  route("PUT", DOMAIN, "domains:read_write", domains.updateDomain),
  route("DELETE", DOMAIN, "domains:read_write", domains.deleteDomain),
  route("GET", `${DOMAIN}/records`, "domains:read_only", records.listRecords),
  route("POST", `${DOMAIN}/records`, "domains:read_write", records.createRecord),
  route("GET", `${DOMAIN}/records/:recordId`, "domains:read_only", records.getRecord),
  route("PUT", `${DOMAIN}/records/:recordId`, "domains:read_write", records.updateRecord),
  route("DELETE", `${DOMAIN}/records/:recordId`, "domains:read_write", records.deleteRecord),

  route("GET", "/vpcs", "vpc:read_only", vpcs.listVpcs),
  route("POST", "/vpcs", "vpc:read_write", vpcs.createVpc),
  route("GET", VPC, "vpc:read_only", vpcs.getVpc),
  route("PUT", VPC, "vpc:read_write", vpcs.updateVpc),
  route("DELETE", VPC, "vpc:read_write", vpcs.deleteVpc),
  route("GET", `${VPC}/subnets`, "vpc:read_only", subnets.listSubnets),
  route("POST", `${VPC}/subnets`, "vpc:read_write", subnets.createSubnet),
  route("GET", `${VPC}/subnets/:subnetId`, "vpc:read_only", subnets.getSubnet),
  route("PUT", `${VPC}/subnets/:subnetId`, "vpc:read_write", subnets.updateSubnet),
  route("DELETE", `${VPC}/subnets/:subnetId`, "vpc:read_write", subnets.deleteSubnet),

  route("GET", "/profile", undefined, profile.getProfile),
  route("GET", "/profile/sshkeys", "account:read_only", sshKeys.listSshKeys),
  route("POST", "/profile/sshkeys", "account:read_write", sshKeys.createSshKey),
  route("GET", "/profile/sshkeys/:keyId", "account:read_only", sshKeys.getSshKey),
  route("PUT", "/profile/sshkeys/:keyId", "account:read_write", sshKeys.updateSshKey),
  route("DELETE", "/profile/sshkeys/:keyId", "account:read_write", sshKeys.deleteSshKey),

  route("GET", "/account", "account:read_only", account.getAccount),
  route("GET", "/account/events", "events:read_only", account.listEvents),
  route("GET", "/account/events/:eventId", "events:read_only", account.getEvent),

  route("GET", "/linode/types", "public", catalogue.listTypes),
  route("GET", "/linode/types/:typeId", "public", catalogue.getType),
  route("GET", "/regions", "public", catalogue.listRegions),
  route("GET", "/regions/:regionId", "public", catalogue.getRegion),
  route("GET", "/images", "public", catalogue.listImages),
  route("GET", "/images/*", "public", catalogue.getImage),
];

function route(
  method: Route["method"],
  path: string,
  scope: Route["scope"],
  handler: Handler,
): Route {
  return { method, path, scope, handler };
}
