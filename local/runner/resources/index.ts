import type { Handler } from "../handler";
import { commandHandler } from "./command";
import { copyToRemoteHandler } from "./copy-to-remote";
import { domainHandler } from "./domain";
import { domainRecordHandler } from "./domain-record";
import { firewallHandler } from "./firewall";
import { instanceHandler } from "./instance";
import { randomPasswordHandler } from "./random-password";
import { rdnsHandler } from "./rdns";
import { vpcHandler } from "./vpc";
import { vpcSubnetHandler } from "./vpc-subnet";

/** Every type of resource that the embedded runner carries out. */
export const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ["random:index/randomPassword:RandomPassword", randomPasswordHandler],
  ["linode:index/firewall:Firewall", firewallHandler],
  ["linode:index/instance:Instance", instanceHandler],
  ["linode:index/domain:Domain", domainHandler],
  ["linode:index/domainRecord:DomainRecord", domainRecordHandler],
  ["linode:index/rdns:Rdns", rdnsHandler],
  ["linode:index/vpc:Vpc", vpcHandler],
  ["linode:index/vpcSubnet:VpcSubnet", vpcSubnetHandler],
  ["command:remote:CopyToRemote", copyToRemoteHandler],
  ["command:remote:Command", commandHandler],
]);
