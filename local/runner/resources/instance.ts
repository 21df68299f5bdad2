import { RunnerError } from "../failures";
import type { Handler, Made, Work } from "../handler";
import type { WireObject } from "../wire";
import { ignoreMissing } from "./ignore-missing";

interface InstanceBody {
  id: number;
  status: string;
  label: string;
  host_uuid: string;
  has_user_data: boolean;
  ipv4: string[];
  ipv6: string;
}

interface Addresses {
  ipv4: { public: { address: string }[]; private: { address: string }[] };
}

interface Interface {
  purpose: string;
  primary?: boolean;
  subnetId?: number;
  ipv4?: { vpc?: string };
}

/** How the API calls each input that the runner sends. */
const BODY_NAMES: Record<string, string> = {
  region: "region",
  type: "type",
  label: "label",
  rootPass: "root_pass",
  authorizedKeys: "authorized_keys",
  authorizedUsers: "authorized_users",
  image: "image",
  backupsEnabled: "backups_enabled",
  privateIp: "private_ip",
  tags: "tags",
  metadatas: "metadata",
  diskEncryption: "disk_encryption",
  firewallId: "firewall_id",
  swapSize: "swap_size",
  booted: "booted",
  interfaces: "interfaces",
};

/** By a `PUT` of the same name. */
const PUT_IN_PLACE = ["label", "tags"];
const BACKUPS = "backupsEnabled";

/** `linode.Instance`: made and waited for, changed in place where that is a matter of a word, never replaced. */
export const instanceHandler: Handler = {
  async create(work, inputs) {
    const call = { method: "POST", body: bodyOf(inputs) } as const;
    const { id } = await work.linode().call<InstanceBody>("/linode/instances", call);
    // It costs money from here on, if it were the real thing: what happens next must not lose it.
    work.exists(String(id));
    return settle(work, String(id), inputs);
  },

  resume: settle,

  async update(work, { id }, inputs, changed) {
    refuseReplacement(changed);
    if (changed.includes(BACKUPS)) {
      const verb = inputs[BACKUPS] === true ? "enable" : "cancel";
      await work.linode().call(`${pathOf(id)}/backups/${verb}`, { method: "POST", body: {} });
    }
    const put = changed.filter((name) => PUT_IN_PLACE.includes(name));
    if (put.length > 0) {
      const body = Object.fromEntries(put.map((name) => [name, inputs[name] ?? []]));
      await work.linode().call(pathOf(id), { method: "PUT", body });
    }
    return read(work, id);
  },

  isThere: (work, id) => work.linode().has(pathOf(id)),

  async delete(work, id) {
    const start = (): Promise<unknown> => work.linode().call(pathOf(id), { method: "DELETE" });
    await ignoreMissing(work.linode().untilDone("linode_delete", id, start, work.signal));
  },
};

function pathOf(id: string): string {
  return `/linode/instances/${id}`;
}

/** As the real provider sends it: what is false or empty is left out, except `booted`. */
export function bodyOf(inputs: WireObject): object {
  const body: Record<string, unknown> = {};
  const sent: WireObject = { booted: true, ...inputs };
  for (const [name, value] of Object.entries(sent)) {
    const key = BODY_NAMES[name];
    if (key === undefined) {
      throw new RunnerError(`the embedded runner does not send \`${name}\` of an instance`);
    }
    const isEmpty = value === "" || value === false || (Array.isArray(value) && value.length === 0);
    if (isEmpty && name !== "booted") continue;
    body[key] = FORMS[name]?.(value) ?? value;
  }
  return body;
}

/** Inputs that the API wants in another form. */
const FORMS: Record<string, (value: unknown) => unknown> = {
  metadatas(value) {
    const [first] = value as { userData?: string }[];
    return { user_data: first?.userData };
  },

  interfaces: (value) =>
    (value as Interface[]).map(({ purpose, primary = false, subnetId, ipv4 }) => ({
      ...{ purpose, primary },
      ...(subnetId === undefined ? {} : { subnet_id: subnetId }),
      ...(ipv4 === undefined ? {} : { ipv4: { vpc: ipv4.vpc } }),
    })),
};

async function settle(work: Work, id: string, inputs: WireObject): Promise<Made> {
  const off = inputs["booted"] === false || inputs["image"] === undefined;
  const wanted = off ? "offline" : "running";
  await work
    .linode()
    .until<InstanceBody>(pathOf(id), ({ status }) => status === wanted, work.signal);
  return read(work, id);
}

async function read(work: Work, id: string): Promise<Made> {
  const [instance, ips] = await Promise.all([
    work.linode().call<InstanceBody>(pathOf(id)),
    work.linode().call<Addresses>(`${pathOf(id)}/ips`),
  ]);
  const ipAddress = ips.ipv4.public[0]?.address ?? "";
  const privateIpAddress = ips.ipv4.private[0]?.address ?? "";
  work.say([`Linode ${id}`, ipAddress, privateIpAddress].filter((word) => word !== "").join(", "));
  return {
    id,
    outputs: {
      status: instance.status,
      label: instance.label,
      hostUuid: instance.host_uuid,
      hasUserData: instance.has_user_data,
      ipAddress,
      privateIpAddress,
      ipv4s: instance.ipv4,
      ipv6: instance.ipv6,
    },
  };
}

function refuseReplacement(changed: string[]): void {
  const others = changed.filter((input) => input !== BACKUPS && !PUT_IN_PLACE.includes(input));
  if (others.length === 0) return;
  const verb = others.every((input) => input === "type") ? "resize" : "replace";
  throw new RunnerError(
    `this would ${verb} the server (changed: ${others.join(", ")}), which the embedded runner does not ` +
      "do: take it `down` and `up` again, or use the Pulumi CLI",
  );
}
