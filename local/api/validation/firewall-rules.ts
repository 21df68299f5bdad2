import { isIPv4, isIPv6 } from "node:net";

import type { Rule, RuleSet } from "../state/model";
import type { Faults } from "./faults";
import { vendor } from "./vendor-schemas";

const RULE_LIMIT = 25;

/**
 * The vendor's schema refuses TCP without ports, which the API takes as every port, and looks at no
 * port number at all: its test discards what its own parser found.
 */
export function isPortsField(field: string): boolean {
  return field.endsWith(".ports");
}

/** Checks what the schema leaves open. `prefix` is where the rule set stands in the body. */
export function checkRules(faults: Faults, rules: Partial<RuleSet>, prefix: "" | "rules."): void {
  const lists = (["inbound", "outbound"] as const).flatMap((direction) => {
    const list = rules[direction];
    return Array.isArray(list) ? [{ field: `${prefix}${direction}`, list }] : [];
  });
  const count = lists.reduce((sum, { list }) => sum + list.length, 0);
  const first = lists.find(({ list }) => list.length > 0);
  if (first && count > RULE_LIMIT) {
    faults.add(first.field, `A firewall holds at most ${RULE_LIMIT} rules, these are ${count}.`);
  }
  for (const { field, list } of lists) {
    list.forEach((rule, index) => {
      if (isObject(rule)) checkRule(faults, rule, `${field}[${index}]`);
      else faults.check(`${field}[${index}]`, () => false, "Must be of type object.");
    });
  }
}

function checkRule(faults: Faults, rule: Partial<Rule>, field: string): void {
  const { action, protocol, label } = rule;
  faults
    .check(`${field}.action`, () => oneOf(["ACCEPT", "DROP"], action), "Must be ACCEPT or DROP.")
    .check(
      `${field}.protocol`,
      () => oneOf(["TCP", "UDP", "ICMP", "IPENCAP"], protocol),
      "Must be TCP, UDP, ICMP or IPENCAP.",
    )
    .check(
      `${field}.label`,
      () => label === undefined || label === null || (label.length >= 3 && label.length <= 32),
      "Label must be between 3 and 32 characters.",
    );
  checkPorts(faults, rule, `${field}.ports`);
  checkAddresses(faults, rule, `${field}.addresses`);
}

function checkPorts(faults: Faults, { ports, protocol }: Partial<Rule>, field: string): void {
  if (ports === undefined || ports === null) return;
  if (protocol !== "TCP" && protocol !== "UDP") {
    faults.add(field, "Ports are not allowed for ICMP and IPENCAP protocols.");
  } else if (typeof ports !== "string") {
    faults.add(field, "Must be of type string.");
  } else if (!vendor.isCustomPortsValid(ports)) {
    // The parser leaves its reason in an export of the module.
    faults.add(field, vendor.CUSTOM_PORTS_ERROR_MESSAGE);
  }
}

function checkAddresses(faults: Faults, rule: Partial<Rule>, field: string): void {
  if (faults.has(field)) return;
  const { ipv4, ipv6 } = rule.addresses ?? {};
  if ((ipv4?.length ?? 0) + (ipv6?.length ?? 0) === 0) {
    faults.add(field, "Must list at least one address; 0.0.0.0/0 and ::/0 stand for all of them.");
  }
  ipv4?.forEach((text, index) => {
    const reason = "Must be an IPv4 range such as 192.0.2.0/24; a single address ends in /32.";
    faults.check(`${field}.ipv4[${index}]`, () => isRange(text, isIPv4, 32), reason);
  });
  ipv6?.forEach((text, index) => {
    const reason = "Must be an IPv6 range such as 2001:db8::/32; a single address ends in /128.";
    faults.check(`${field}.ipv6[${index}]`, () => isRange(text, isIPv6, 128), reason);
  });
}

function isRange(text: string, isAddress: (text: string) => boolean, longest: number): boolean {
  const [address = "", length = "", ...rest] = text.split("/");
  return (
    isAddress(address) && /^\d{1,3}$/.test(length) && Number(length) <= longest && rest.length === 0
  );
}

function oneOf(allowed: readonly string[], value: string | undefined): boolean {
  return value !== undefined && allowed.includes(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
