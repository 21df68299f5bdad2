import { VANTAGE_ADDRESSES, VANTAGE_POINTS } from "../machines/vantage";
import { type CloudPaths, cloudPaths } from "../paths";
import type { Engine } from "./engines";
import { listMachines, type MachineView } from "./machines";
import { requireCloud } from "./readiness";
import { readOutputs } from "./stack";
import { readEngine } from "./up";

/** What `status --json` prints. */
export interface StatusReport {
  cloud: string;
  engine: Engine | null;
  machines: MachineView[];
  vantagePoints: ({ name: string } & (typeof VANTAGE_ADDRESSES)[keyof typeof VANTAGE_ADDRESSES])[];
  outputs: Record<string, unknown>;
}

export async function status(options: { json?: boolean; showSecrets?: boolean }): Promise<void> {
  const paths = cloudPaths();
  requireCloud(paths);
  const report: StatusReport = {
    cloud: paths.cloudId,
    engine: readEngine(paths) ?? null,
    machines: await listMachines(paths),
    vantagePoints: VANTAGE_POINTS.map((name) => ({ name, ...VANTAGE_ADDRESSES[name] })),
    outputs: shownOutputs(paths, options.showSecrets === true),
  };
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else print(report);
}

function shownOutputs(paths: CloudPaths, showSecrets: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(readOutputs(paths)).map(([name, { value, secret }]) => [
      name,
      secret && !showSecrets ? "[secret]" : value,
    ]),
  );
}

function print(report: StatusReport): void {
  const made = report.engine === null ? "nothing made yet" : `made by the ${report.engine} engine`;
  console.log(`cloud ${report.cloud}, ${made}\n`);
  const rows = [
    ["MACHINE", "STATUS", "PUBLIC IPv4", "PUBLIC IPv6", "PRIVATE IPv4"],
    ...report.machines.map((machine) => [
      machine.label,
      machine.status,
      machine.publicIPv4,
      machine.publicIPv6,
      machine.privateIPv4 ?? "-",
    ]),
    ...report.vantagePoints.map((point) => [
      point.name,
      "vantage",
      point.publicIPv4,
      point.publicIPv6,
      point.privateIPv4 ?? "-",
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
  console.log(
    `\noutputs: ${Object.keys(report.outputs).join(", ") || "none yet"}  (--json shows them)`,
  );
}
