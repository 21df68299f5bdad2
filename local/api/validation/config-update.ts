import type { Config, DiskSlot, Linode } from "../state/model";
import { type Body, Faults, withoutNulls } from "./faults";
import { vendor } from "./vendor-schemas";

interface ConfigRequest {
  label?: string;
  comments?: string;
  kernel?: string;
  memory_limit?: number;
  run_level?: string;
  virt_mode?: string;
  root_device?: string;
  interfaces?: unknown[];
  devices?: Record<string, Partial<DiskSlot> | null>;
  helpers?: Record<string, boolean>;
}

/** What `PUT .../configs/{id}` alters. Null, of a field or of a device slot, leaves it as it is. */
export function checkConfigUpdate(raw: Body, config: Config, linode: Linode): Partial<Config> {
  const body = withoutNulls(raw);
  // The console's schema wants what neither the API asks for nor the provider sends.
  const isOwn = (field: string): boolean => field.startsWith("interfaces");
  const faults = new Faults().schema(vendor.UpdateLinodeConfigSchema, body, isOwn);
  const request = body as ConfigRequest;
  const others = linode.configs.filter(({ id }) => id !== config.id);
  faults
    .check(
      "label",
      () => !others.some(({ label }) => label === request.label),
      "Label must be unique among the configs of a Linode.",
    )
    .check(
      "interfaces",
      () =>
        request.interfaces === undefined || request.interfaces.length === linode.interfaces?.length,
      "The local cloud gives network cards at creation only.",
    );
  checkSlots(faults, request, linode);
  faults.throwIfAny();
  return {
    label: request.label ?? config.label,
    comments: request.comments ?? config.comments,
    kernel: request.kernel ?? config.kernel,
    memoryLimit: request.memory_limit ?? config.memoryLimit,
    runLevel: request.run_level ?? config.runLevel,
    virtMode: request.virt_mode ?? config.virtMode,
    rootDevice: request.root_device ?? config.rootDevice,
    devices: { ...config.devices, ...slots(request) },
    helpers: { ...config.helpers, ...withoutNulls(request.helpers ?? {}) } as Config["helpers"],
  };
}

function checkSlots(faults: Faults, { devices }: ConfigRequest, linode: Linode): void {
  if (faults.has("devices")) return;
  for (const [name, slot] of Object.entries(devices ?? {})) {
    const diskId = slot?.disk_id ?? undefined;
    faults
      .check(`devices.${name}`, () => /^sd[a-h]$/.test(name), "Slots are sda to sdh.")
      .check(
        `devices.${name}.disk_id`,
        () => diskId === undefined || linode.disks.some(({ id }) => id === diskId),
        "The Linode has no such disk.",
      )
      .check(
        `devices.${name}.volume_id`,
        () => (slot?.volume_id ?? null) === null,
        "The local cloud has no volumes.",
      );
  }
}

function slots({ devices }: ConfigRequest): Record<string, DiskSlot> {
  return Object.fromEntries(
    Object.entries(devices ?? {}).flatMap(([name, slot]) =>
      slot ? [[name, { disk_id: slot.disk_id ?? null, volume_id: null }] as const] : [],
    ),
  );
}
