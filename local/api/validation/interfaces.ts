import { parseNetwork } from "../../../components/lib/networks";
import type { Linode, State } from "../state/model";
import type { Faults } from "./faults";

/** A network card in the body of `POST /linode/instances`. */
export interface InterfaceRequest {
  purpose: string;
  primary?: boolean | null;
  subnet_id?: number | null;
  ipv4?: { vpc?: string | null; nat_1_1?: string | null } | null;
  ip_ranges?: unknown[] | null;
}

interface Request {
  region: string;
  private_ip?: boolean;
  interfaces?: InterfaceRequest[];
}

/** The vendor keeps the first two addresses of a subnet, and the last two. */
const KEPT = 2n;

/**
 * The two that the local cloud wires: none, or a public one and then one in a VPC with an address of its own
 * choice. The schema of the console asks for more than the API, so it does not judge these.
 */
export function checkInterfaces(faults: Faults, request: Request, state: Readonly<State>): void {
  const { interfaces = [], private_ip: isShared = false } = request;
  if (interfaces.length === 0) return;
  const [open, closed, ...more] = interfaces;
  faults
    .check(
      "interfaces",
      () => open?.purpose === "public" && closed?.purpose === "vpc" && more.length === 0,
      "The local cloud carries out one public interface, followed by one of a VPC.",
    )
    .check("interfaces", () => !isShared, "The local cloud gives a Linode one private network.")
    .check("interfaces", () => open?.primary === true, "The local cloud routes by the public one.");
  if (!faults.has("interfaces") && closed) checkVpcInterface(faults, closed, request.region, state);
}

function checkVpcInterface(
  faults: Faults,
  { subnet_id: subnetId, ipv4, ip_ranges: ranges }: InterfaceRequest,
  region: string,
  state: Readonly<State>,
): void {
  const subnet = state.subnets.find(({ id }) => id === subnetId);
  const vpc = state.vpcs.find(({ id }) => id === subnet?.vpcId);
  const address = ipv4?.vpc ?? "";
  faults
    .check("interfaces[1].subnet_id", () => vpc !== undefined, "Subnet not found.")
    .check(
      "interfaces[1].subnet_id",
      () => vpc?.region === region,
      "The VPC is in another region than the Linode.",
    )
    .check(
      "interfaces[1].ip_ranges",
      () => (ranges ?? []).length === 0,
      "The local cloud does not carry this out.",
    )
    .check(
      "interfaces[1].ipv4.nat_1_1",
      () => (ipv4?.nat_1_1 ?? "") === "",
      "The local cloud does not carry this out.",
    )
    .check(
      "interfaces[1].ipv4.vpc",
      () => subnet !== undefined && isFreeFor(address, subnet.ipv4),
      "Must be an address of the subnet, the first two and the last two excepted.",
    )
    .check(
      "interfaces[1].ipv4.vpc",
      () => !state.linodes.some((linode) => holds(linode, subnet?.id, address)),
      "The address is another Linode's.",
    );
}

function isFreeFor(address: string, subnet: string): boolean {
  const range = parseNetwork(subnet);
  const own = parseNetwork(`${address}/32`);
  if (!range || !own) return false;
  return own.first >= range.first + KEPT && own.last <= range.last - KEPT;
}

function holds({ interfaces = [] }: Linode, subnetId: number | undefined, address: string) {
  return interfaces.some(
    (card) => card.purpose === "vpc" && card.subnetId === subnetId && card.address === address,
  );
}
