import { findPlan } from "../catalogue/types";
import type { Linode } from "../state/model";
import { type Body, Faults, withoutNulls } from "./faults";

export interface ResizeRequest {
  type: string;
  allow_auto_disk_resize?: boolean;
}

/** The vendor's package has no schema for this body. */
export function checkResize(raw: Body, linode: Linode): ResizeRequest {
  const body = withoutNulls(raw);
  const request = body as unknown as ResizeRequest;
  const plan = findPlan(request.type);
  const used = linode.disks.reduce((sum, { size }) => sum + size, 0);
  const { allow_auto_disk_resize: grows = true } = request;
  new Faults()
    .check("type", () => plan !== undefined, "A valid plan type by that ID was not found")
    .check(
      "type",
      () => request.type !== linode.type,
      "Linode is already running this service plan.",
    )
    .check(
      "type",
      () => grows || plan === undefined || plan.disk >= used,
      "Linode has allocated more disk than the new plan allows. Delete or resize disks smaller.",
    )
    .check(
      "migration_type",
      () => [undefined, "cold", "warm"].includes(body["migration_type"] as string | undefined),
      "Must be cold or warm.",
    )
    .check("allow_auto_disk_resize", () => typeof grows === "boolean", "Must be of type boolean.")
    .throwIfAny();
  return request;
}
