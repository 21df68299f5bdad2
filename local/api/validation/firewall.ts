import type { Firewall, RuleSet, State } from "../state/model";
import { type Body, Faults, withoutNulls } from "./faults";
import { checkRules, isPortsField } from "./firewall-rules";
import { checkFirewallLabel } from "./labels";
import { checkTags } from "./tags";
import { vendor } from "./vendor-schemas";

export interface FirewallRequest {
  label: string;
  tags?: string[];
  rules: RuleSet;
  devices?: { linodes?: number[]; nodebalancers?: number[] };
}

export type FirewallUpdate = Partial<Pick<Firewall, "label" | "tags" | "status">>;

export function checkFirewallRequest(raw: Body, state: State): FirewallRequest {
  const body = withoutNulls(raw);
  const request = body as unknown as FirewallRequest;
  const faults = new Faults();
  faults.schema(vendor.CreateFirewallSchema, body, (f) => f === "label" || isPortsField(f));
  checkFirewallLabel(faults, body["label"], labels(state));
  checkTags(faults, request.tags);
  faults.check("rules", () => body["rules"] !== undefined, "rules is required.");
  if (!faults.has("rules")) checkRules(faults, request.rules, "rules.");
  checkDevices(faults, request, state);
  faults.throwIfAny();
  return { ...request, rules: asSent(request.rules) };
}

export function checkFirewallUpdate(raw: Body, firewall: Firewall, state: State): FirewallUpdate {
  const body = withoutNulls(raw);
  const faults = new Faults();
  faults.schema(vendor.UpdateFirewallSchema, body, (field) => field === "label");
  if (body["label"] !== undefined) {
    checkFirewallLabel(faults, body["label"], labels(state, firewall.id));
  }
  checkTags(faults, (body as FirewallUpdate).tags);
  faults.throwIfAny();
  return body;
}

export function checkRuleSet(body: Body): RuleSet {
  const faults = new Faults();
  faults.schema(vendor.FirewallRuleSchema, body, isPortsField);
  checkRules(faults, body, "");
  faults.throwIfAny();
  return asSent(body as unknown as RuleSet);
}

/** The linode that a new device is to protect. */
export function checkDevice(body: Body, state: State): number {
  const faults = new Faults();
  faults.schema(vendor.FirewallDeviceSchema, body);
  faults.check("type", () => body["type"] === "linode", "The local cloud protects Linodes only.");
  const id = body["id"] as number;
  faults.check("id", () => exists(state, id), `There is no Linode ${id}.`);
  faults.check("id", () => !isTaken(state, id), taken(id));
  faults.throwIfAny();
  return id;
}

function checkDevices(faults: Faults, { devices }: FirewallRequest, state: State): void {
  if (faults.has("devices")) return;
  devices?.linodes?.forEach((id, index) => {
    const field = `devices.linodes[${index}]`;
    faults.check(field, () => exists(state, id), `There is no Linode ${id}.`);
    faults.check(field, () => !isTaken(state, id), taken(id));
  });
  faults.check(
    "devices.nodebalancers",
    () => (devices?.nodebalancers ?? []).length === 0,
    "The local cloud protects Linodes only.",
  );
}

function exists(state: State, linodeId: number): boolean {
  return state.linodes.some(({ id, task }) => id === linodeId && task?.kind !== "delete");
}

/** Whether a firewall guards the Linode already: the vendor allows one. */
function isTaken(state: State, linodeId: number): boolean {
  return state.devices.some((device) => device.linodeId === linodeId);
}

function taken(linodeId: number): string {
  return `Linode ${linodeId} has a firewall already: remove it from that one first.`;
}

function labels(state: State, except?: number): string[] {
  return state.firewalls.filter(({ id }) => id !== except).map(({ label }) => label);
}

/** Only the parts that make a rule set, each untouched; no list is an empty list. */
function asSent(rules: RuleSet): RuleSet {
  const { inbound, inbound_policy, outbound, outbound_policy } = rules as Partial<RuleSet>;
  return {
    inbound: inbound ?? [],
    inbound_policy: inbound_policy ?? "DROP",
    outbound: outbound ?? [],
    outbound_policy: outbound_policy ?? "DROP",
  };
}
