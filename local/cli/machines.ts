import { join } from "node:path";

import type { CloudPaths } from "../paths";
import { ensureDaemon } from "./daemon-control";
import { requireCloud } from "./readiness";
import { UserError } from "./user-error";

/** One machine of the cloud, as the API tells of it. */
export interface MachineView {
  label: string;
  id: number;
  status: string;
  publicIPv4: string;
  publicIPv6: string;
  privateIPv4: string | null;
}

interface InstanceBody {
  id: number;
  label: string;
  status: string;
  ipv4: string[];
  ipv6: string;
}

const PRIVATE = /^192\.168\./;

/** The machines of this cloud. A daemon that has crashed is started again; hosts outlive it. */
export async function listMachines(paths: CloudPaths): Promise<MachineView[]> {
  requireCloud(paths);
  const { port, token } = await ensureDaemon(paths);
  const answer = await fetch(`http://127.0.0.1:${port}/v4/linode/instances`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!answer.ok)
    throw new UserError(`The local API answered ${answer.status} to a list of instances.`);
  const { data } = (await answer.json()) as { data: InstanceBody[] };
  return data.map(({ id, label, status, ipv4, ipv6 }) => ({
    label,
    id,
    status,
    publicIPv4: ipv4.find((address) => !PRIVATE.test(address)) ?? "",
    publicIPv6: ipv6.replace(/\/.*/, ""),
    privateIPv4: ipv4.find((address) => PRIVATE.test(address)) ?? null,
  }));
}

/** The machine that people call `app` or `db`; a full label names any other. */
export async function findMachine(paths: CloudPaths, name: string): Promise<MachineView> {
  const machines = await listMachines(paths);
  const found = machines.find(({ label }) => label === name || label.endsWith(`-${name}`));
  if (found) return found;
  const known = machines.map(({ label }) => label).join(", ") || "none yet";
  throw new UserError(`There is no host "${name}" in this cloud. Its machines: ${known}.`, 64);
}

/** Where the console of a machine is kept. */
export function consoleLog(paths: CloudPaths, id: number): string {
  return join(paths.stateDir, "machines", String(id), "console.log");
}
