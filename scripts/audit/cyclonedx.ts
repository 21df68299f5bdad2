/**
 * An inventory as a CycloneDX bill of materials: servers, what is installed on them, and which of it waits for a
 * security update. Accounts, ports and keys have no place in that format; they are in the JSON.
 */
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";

import type { Inventory, ServerInventory } from "./inventory";

export function renderCycloneDx(inventory: Inventory): string {
  const bom = new Models.Bom();
  bom.serialNumber = `urn:uuid:${crypto.randomUUID()}`;
  bom.metadata.timestamp = new Date(inventory.time);
  const stack = new Models.Component(Enums.ComponentType.Platform, inventory.stack, {
    bomRef: "stack",
  });
  bom.metadata.component = stack;
  for (const server of inventory.servers) {
    const component = componentOf(server);
    bom.components.add(component);
    stack.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(
    new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6),
  );
  return serializer.serialize(bom, { sortLists: true, space: 2 });
}

function componentOf({ role, label, assets }: ServerInventory): Models.Component {
  const [system] = assets.system;
  const server = new Models.Component(Enums.ComponentType.Device, label, { bomRef: role });
  const distro = `${system?.id ?? "linux"}-${system?.version ?? ""}`;
  server.components.add(
    new Models.Component(Enums.ComponentType.OperatingSystem, system?.name ?? "Linux", {
      bomRef: `${role}/os`,
      ...(system ? { version: system.version } : {}),
    }),
  );
  for (const { name, version, architecture, securityUpdate } of assets.package) {
    const type = `pkg:deb/${system?.id ?? "debian"}/${encodeURIComponent(name)}`;
    const component = new Models.Component(Enums.ComponentType.Library, name, {
      bomRef: `${role}/${name}:${architecture}`,
      version,
      purl: `${type}@${encodeURIComponent(version)}?arch=${architecture}&distro=${distro}`,
    });
    if (securityUpdate !== "") {
      component.properties.add(new Models.Property("stronghold:securityUpdate", securityUpdate));
    }
    server.components.add(component);
  }
  return server;
}
