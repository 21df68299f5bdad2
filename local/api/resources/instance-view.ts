import { planOf } from "../catalogue/types";
import type { Linode } from "../state/model";

/** A Linode as the vendor shows it. Specs, alerts and backups must be objects: null crashes the provider. */
export function instanceView(linode: Linode) {
  const plan = planOf(linode.type);
  return {
    id: linode.id,
    label: linode.label,
    group: linode.group,
    status: linode.status,
    created: linode.created,
    updated: linode.updated,
    type: linode.type,
    ipv4: [linode.publicIPv4, ...(linode.privateIPv4 === null ? [] : [linode.privateIPv4])],
    ipv6: `${linode.publicIPv6}/128`,
    image: linode.image,
    region: linode.region,
    site_type: "core",
    specs: {
      disk: plan.disk,
      memory: plan.memory,
      vcpus: plan.vcpus,
      gpus: 0,
      transfer: plan.transfer,
      accelerated_devices: 0,
    },
    alerts: linode.alerts,
    backups: {
      enabled: linode.backupsEnabled,
      available: linode.backupsEnabled,
      schedule: { day: null, window: null },
      last_successful: null,
    },
    hypervisor: "kvm",
    watchdog_enabled: linode.watchdogEnabled,
    tags: linode.tags,
    host_uuid: linode.hostUuid,
    has_user_data: linode.hasUserData,
    placement_group: null,
    disk_encryption: linode.diskEncryption,
    lke_cluster_id: null,
    capabilities: ["Block Storage Encryption"],
    interface_generation: "legacy_config",
    maintenance_policy: null,
    locks: [],
  };
}
