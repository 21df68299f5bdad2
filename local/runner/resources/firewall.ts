import type { Handler, Made, Work } from "../handler";
import { RunnerError } from "../failures";
import { ignoreMissing } from "./ignore-missing";

interface Rule {
  action: string;
  label: string;
  protocol: string;
  description?: string;
  ports?: string;
  ipv4s?: string[];
  ipv6s?: string[];
}

interface FirewallInputs {
  label: string;
  tags?: string[];
  disabled?: boolean;
  inboundPolicy: string;
  inbounds?: Rule[];
  outboundPolicy: string;
  outbounds?: Rule[];
  linodes?: number[];
  nodebalancers?: number[];
}

interface FirewallBody {
  id: number;
  status: string;
  created: string;
  updated: string;
}

const PATH = "/networking/firewalls";
const RULE_INPUTS = ["inbounds", "inboundPolicy", "outbounds", "outboundPolicy"];

/** `linode.Firewall`: attached to a server by the server's `firewallId`, before that first boots. */
export const firewallHandler: Handler = {
  async create(work, bare) {
    const inputs = checked(bare);
    const body = {
      label: inputs.label,
      ...(inputs.tags ? { tags: inputs.tags } : {}),
      rules: rulesOf(inputs),
      devices: { linodes: [], nodebalancers: [] },
    };
    const created = await work.linode().call<FirewallBody>(PATH, { method: "POST", body });
    if (inputs.disabled === true) await putSettings(work, String(created.id), inputs);
    return made(created);
  },

  async update(work, { id }, bare, changed) {
    const inputs = checked(bare);
    const rules = changed.filter((name) => RULE_INPUTS.includes(name));
    if (rules.length < changed.length) await putSettings(work, id, inputs);
    if (rules.length > 0) {
      const body = rulesOf(inputs);
      await work.linode().call(`${PATH}/${id}/rules`, { method: "PUT", body });
    }
    return made(await work.linode().call<FirewallBody>(`${PATH}/${id}`));
  },

  isThere: (work, id) => work.linode().has(`${PATH}/${id}`),

  async delete(work, id) {
    await ignoreMissing(work.linode().call(`${PATH}/${id}`, { method: "DELETE" }));
  },
};

async function putSettings(work: Work, id: string, inputs: FirewallInputs): Promise<void> {
  const { label, tags = [], disabled } = inputs;
  const body = { label, tags, status: disabled === true ? "disabled" : "enabled" };
  await work.linode().call(`${PATH}/${id}`, { method: "PUT", body });
}

function checked(bare: object): FirewallInputs {
  const inputs = bare as FirewallInputs;
  if ((inputs.linodes ?? []).length + (inputs.nodebalancers ?? []).length > 0) {
    throw new RunnerError(
      "the embedded runner does not attach servers to a firewall, which would leave them bare while " +
        "they boot: hand the firewall to the server as its `firewallId`",
    );
  }
  return inputs;
}

function rulesOf(inputs: FirewallInputs): object {
  return {
    inbound: (inputs.inbounds ?? []).map(ruleBody),
    inbound_policy: inputs.inboundPolicy,
    outbound: (inputs.outbounds ?? []).map(ruleBody),
    outbound_policy: inputs.outboundPolicy,
  };
}

/** Absent keys stay absent, as the real provider leaves them out. */
function ruleBody({ ipv4s, ipv6s, ...rule }: Rule): object {
  const addresses = { ...(ipv4s ? { ipv4: ipv4s } : {}), ...(ipv6s ? { ipv6: ipv6s } : {}) };
  return { ...rule, addresses };
}

function made({ id, status, created, updated }: FirewallBody): Made {
  return { id: String(id), outputs: { status, created, updated } };
}
