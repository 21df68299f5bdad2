import { contains, type Network, overlap, parseNetwork } from "../../../components/lib/networks";
import { findRegion } from "../catalogue/regions";
import type { State, Subnet } from "../state/model";
import { type Body, Faults, withoutNulls } from "./faults";
import { vendor } from "./vendor-schemas";

export interface VpcRequest {
  label: string;
  description?: string;
  region: string;
}

export interface SubnetRequest {
  label: string;
  ipv4: string;
}

/** RFC 1918, of which the shared private network of a data centre is taken. */
const ALLOWED = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
const SHARED = "192.168.128.0/17";
const LONGEST_PREFIX = 29;

export function checkVpc(raw: Body, { vpcs }: Readonly<State>): VpcRequest {
  const body = withoutNulls(raw);
  const request = body as unknown as VpcRequest;
  const faults = new Faults().schema(vendor.createVPCSchema, body);
  checkLabel(faults, request.label, vpcs);
  faults
    .check("region", () => findRegion(request.region) !== undefined, "region is not valid")
    .check(
      "subnets",
      () => ((body["subnets"] ?? []) as unknown[]).length === 0,
      "The local cloud makes subnets one by one.",
    )
    .throwIfAny();
  return request;
}

export function checkVpcUpdate(raw: Body, id: number, { vpcs }: Readonly<State>): void {
  const body = withoutNulls(raw);
  const faults = new Faults().schema(vendor.updateVPCSchema, body);
  const others = vpcs.filter((vpc) => vpc.id !== id);
  if (body["label"] !== undefined) checkLabel(faults, body["label"], others);
  faults.throwIfAny();
}

export function checkSubnet(raw: Body, vpcId: number, { subnets }: Readonly<State>): SubnetRequest {
  const body = withoutNulls(raw);
  const request = body as unknown as SubnetRequest;
  const faults = new Faults().schema(vendor.createSubnetSchemaIPv4, body);
  const others = subnets.filter((subnet) => subnet.vpcId === vpcId);
  checkLabel(faults, request.label, others);
  checkRange(faults, request.ipv4, others);
  faults.throwIfAny();
  return request;
}

export function checkSubnetUpdate(
  raw: Body,
  { id, vpcId }: Subnet,
  { subnets }: Readonly<State>,
): Partial<SubnetRequest> {
  const body = withoutNulls(raw);
  const faults = new Faults().schema(vendor.modifySubnetSchema, body);
  const others = subnets.filter((subnet) => subnet.vpcId === vpcId && subnet.id !== id);
  if (body["label"] !== undefined) checkLabel(faults, body["label"], others);
  faults.throwIfAny();
  return body;
}

function checkLabel(faults: Faults, label: unknown, others: readonly { label: string }[]): void {
  faults
    .check(
      "label",
      () => /^(?!.*--)[A-Za-z0-9-]{1,64}$/.test(String(label)),
      "Must be 1 to 64 letters, digits and single hyphens.",
    )
    .check(
      "label",
      () => !others.some((other) => other.label === label),
      "Label must be unique among your resources of this kind.",
    );
}

function checkRange(faults: Faults, text: string, others: readonly Subnet[]): void {
  const range = parseNetwork(text);
  faults
    .check("ipv4", () => range?.cidr === text, "Must be an IPv4 range in canonical CIDR form.")
    .check(
      "ipv4",
      () => ALLOWED.some((outer) => contains(networkOf(outer), networkOf(text))),
      "Must be a private range of RFC 1918.",
    )
    .check("ipv4", () => !overlaps(text, SHARED), `Must not overlap with ${SHARED}.`)
    .check(
      "ipv4",
      () => networkOf(text).prefix <= LONGEST_PREFIX,
      `Must be a /${LONGEST_PREFIX} or wider.`,
    )
    .check(
      "ipv4",
      () => !others.some(({ ipv4 }) => overlaps(text, ipv4)),
      "Must not overlap with another subnet of the VPC.",
    );
}

function overlaps(one: string, other: string): boolean {
  return overlap(networkOf(one), networkOf(other));
}

function networkOf(cidr: string): Network {
  const network = parseNetwork(cidr);
  if (!network) throw new Error(`${cidr} is no network`);
  return network;
}
