import type { Linode, State } from "../state/model";
import { type Body, Faults, withoutNulls } from "./faults";
import { checkLinodeLabel } from "./labels";
import { checkTags } from "./tags";
import { vendor } from "./vendor-schemas";

/** What `PUT /linode/instances/{id}` may alter; a field that is absent or null stays as it is. */
export function checkLinodeUpdate(raw: Body, linode: Linode, state: State): Partial<Linode> {
  const body = withoutNulls(raw);
  const faults = new Faults();
  faults.schema(vendor.UpdateLinodeSchema, body, (field) => field === "label");
  if (body["label"] !== undefined) {
    const others = state.linodes.filter(
      ({ id, task }) => id !== linode.id && task?.kind !== "delete",
    );
    checkLinodeLabel(
      faults,
      body["label"],
      others.map(({ label }) => label),
    );
  }
  const { label, tags, group, watchdog_enabled, alerts } = body as {
    label?: string;
    tags?: string[];
    group?: string;
    watchdog_enabled?: boolean;
    alerts?: Record<string, unknown>;
  };
  checkTags(faults, tags);
  faults.check(
    "group",
    () => ["undefined", "string"].includes(typeof group),
    "Must be of type string.",
  );
  faults.throwIfAny();
  return {
    ...(label === undefined ? {} : { label }),
    ...(tags === undefined ? {} : { tags }),
    ...(group === undefined ? {} : { group }),
    ...(watchdog_enabled === undefined ? {} : { watchdogEnabled: watchdog_enabled }),
    ...(alerts === undefined ? {} : { alerts: { ...linode.alerts, ...alerts } }),
  };
}
