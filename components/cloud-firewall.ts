import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";

import { type CloudFirewallRule, cloudFirewallRules } from "./lib/cloud-firewall-rules";
import type { Wall } from "./lib/firewall-rules";

export interface CloudFirewallArgs {
  /** Unique within the account, 3 to 32 characters. */
  label: string;
  /** By which it is found in the account. */
  tags: string[];
  /** What may come in and go out; the host's own rules are made from the same. */
  wall: pulumi.Input<Wall>;
}

/**
 * The outer wall of one server.
 *
 * Guarantees that nothing but the rules gets in or, where it is restricted, out, from the server's first
 * moment on, since it exists before the server and is handed to it at creation. Attaching the server to
 * it afterwards would leave the server bare while it boots, also at each replacement.
 */
export class CloudFirewall extends pulumi.ComponentResource {
  /** For the `firewallId` of the server. */
  public readonly firewallId: pulumi.Output<number>;

  constructor(name: string, args: CloudFirewallArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("stronghold:index:CloudFirewall", name, {}, opts);
    this.firewallId = this.createFirewall(`${name}-rules`, args).id.apply(Number);
    this.registerOutputs({ firewallId: this.firewallId });
  }

  private createFirewall(name: string, args: CloudFirewallArgs): linode.Firewall {
    const { label, tags, wall } = args;
    const rules = pulumi.output(wall).apply(cloudFirewallRules);
    const { inboundPolicy, inbounds, outboundPolicy } = rules;
    // Left out where nothing is listed: an empty list would be drift.
    const outbounds = rules.outbounds as pulumi.Output<CloudFirewallRule[]>;
    return new linode.Firewall(
      name,
      { label, tags, inboundPolicy, inbounds, outboundPolicy, outbounds },
      { parent: this },
    );
  }
}
