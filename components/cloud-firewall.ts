import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";

import { cloudFirewallRules } from "./lib/cloud-firewall-rules";
import type { Rule } from "./lib/firewall-rules";

export interface CloudFirewallArgs {
  /** Unique within the account, 3 to 32 characters. */
  label: string;
  /** By which it is found in the account. */
  tags: string[];
  /** What may come in; the host's own wall is made from the same list. */
  rules: pulumi.Input<readonly Rule[]>;
}

/**
 * The outer wall of one server.
 *
 * Guarantees that nothing but the rules gets in, from the server's first moment on, since it exists
 * before the server and is handed to it at creation. Attaching the server to it afterwards would leave
 * the server bare while it boots, also at each replacement. Does not restrict what goes out.
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
    const { label, tags, rules } = args;
    const inbounds = pulumi.output(rules).apply((known) => cloudFirewallRules(known));
    return new linode.Firewall(
      name,
      { label, tags, inboundPolicy: "DROP", inbounds, outboundPolicy: "ACCEPT" },
      { parent: this },
    );
  }
}
