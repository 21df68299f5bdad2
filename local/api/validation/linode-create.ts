import { findImage } from "../catalogue/images";
import { findPlan } from "../catalogue/types";
import { findRegion } from "../catalogue/regions";
import type { Cloud } from "../cloud";
import type { State } from "../state/model";
import { type Body, Faults, withoutNulls } from "./faults";
import { checkInterfaces, type InterfaceRequest } from "./interfaces";
import { checkLinodeLabel } from "./labels";
import { isSshKey, SSH_KEY_FAULT } from "./ssh-key";
import { checkTags } from "./tags";
import { vendor } from "./vendor-schemas";

/** The body of `POST /linode/instances` once it is checked. */
export interface LinodeRequest {
  region: string;
  type: string;
  image: string;
  root_pass: string;
  label?: string;
  group?: string;
  tags?: string[];
  authorized_keys?: string[];
  backups_enabled?: boolean;
  private_ip?: boolean;
  booted?: boolean;
  disk_encryption?: "enabled" | "disabled";
  firewall_id?: number;
  interfaces?: InterfaceRequest[];
  metadata?: { user_data?: string | null };
}

/** Known to the vendor but carried out by no machine here: taking them would promise too much. */
const NOT_CARRIED_OUT = [
  "authorized_users",
  "backup_id",
  "ipv4",
  "placement_group",
  "stackscript_data",
  "stackscript_id",
  "swap_size",
] as const;

const USER_DATA_LIMIT = 65_535;

export function checkLinodeRequest(raw: Body, cloud: Cloud): LinodeRequest {
  const body = withoutNulls(raw);
  const request = body as unknown as LinodeRequest;
  const faults = new Faults();
  const isOwn = (field: string): boolean => field === "label" || field.startsWith("interfaces");
  faults.schema(vendor.CreateLinodeSchema, body, isOwn);
  checkPlace(faults, request);
  checkImage(faults, request, cloud.machines.images);
  checkAccess(faults, request);
  checkUserData(faults, request.metadata?.user_data);
  checkNames(faults, request, cloud.store.state);
  checkInterfaces(faults, request, cloud.store.state);
  for (const field of NOT_CARRIED_OUT) {
    faults.check(field, () => isEmpty(body[field]), "The local cloud does not carry this out.");
  }
  faults.throwIfAny();
  return request;
}

function checkPlace(faults: Faults, { region, type }: LinodeRequest): void {
  faults
    .check("region", () => findRegion(region) !== undefined, "region is not valid")
    .check(
      "type",
      () => findPlan(type) !== undefined,
      "A valid plan type by that ID was not found",
    );
}

function checkImage(
  faults: Faults,
  { image }: Partial<LinodeRequest>,
  bootable: readonly string[],
): void {
  const able = bootable.join(", ");
  faults
    .check(
      "image",
      () => image !== undefined,
      `The local cloud makes Linodes of an image: ${able}.`,
    )
    .check("image", () => findImage(image ?? "") !== undefined, "image is not valid")
    .check(
      "image",
      () => bootable.includes(image ?? ""),
      `The vendor has this image, the local cloud cannot boot it. It can boot: ${able}.`,
    );
}

function checkAccess(faults: Faults, request: Partial<LinodeRequest>): void {
  const { root_pass: password = "", authorized_keys: keys = [] } = request;
  faults.check("root_pass", () => password !== "", "You must provide a root password.");
  faults.check(
    "root_pass",
    () => password.length >= 11 && password.length <= 128,
    "Password must be between 11 and 128 characters.",
  );
  if (faults.has("authorized_keys")) return;
  keys.forEach((key, index) => {
    faults.check(`authorized_keys[${index}]`, () => isSshKey(key), SSH_KEY_FAULT);
  });
}

function checkUserData(faults: Faults, encoded: string | null | undefined): void {
  if (encoded === null || encoded === undefined || faults.has("metadata")) return;
  const decoded = Buffer.from(encoded, "base64");
  faults
    // Node skips what is not base64 instead of refusing it, so compare with what it understood.
    .check(
      "metadata.user_data",
      () => decoded.toString("base64") === encoded,
      "user_data must be base64, padded and in one line.",
    )
    .check(
      "metadata.user_data",
      () => decoded.length <= USER_DATA_LIMIT,
      `user_data must not exceed ${USER_DATA_LIMIT} bytes before base64.`,
    );
}

function checkNames(faults: Faults, request: LinodeRequest, state: State): void {
  const { label, tags, firewall_id: firewallId } = request;
  if (label !== undefined) {
    const others = state.linodes.filter((linode) => linode.task?.kind !== "delete");
    checkLinodeLabel(
      faults,
      label,
      others.map((linode) => linode.label),
    );
  }
  checkTags(faults, tags);
  faults.check(
    "firewall_id",
    () => firewallId === undefined || state.firewalls.some(({ id }) => id === firewallId),
    "Firewall not found. It may have been deleted, or belong to another account.",
  );
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || (typeof value === "object" && Object.keys(value ?? {}).length === 0)
  );
}
