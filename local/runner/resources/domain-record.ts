import type { Handler } from "../handler";
import type { WireObject } from "../wire";
import { ignoreMissing } from "./ignore-missing";

/** `linode.DomainRecord`: its id has the zone in front, as no record is found without it. */
export const domainRecordHandler: Handler = {
  async create(work, inputs) {
    const { domainId } = inputs as { domainId: number };
    const path = `/domains/${domainId}/records`;
    const call = { method: "POST", body: bodyOf(inputs) } as const;
    const { id } = await work.linode().call<{ id: number }>(path, call);
    return { id: `${domainId}/${id}`, outputs: {} };
  },

  async update(work, { id }, inputs, changed) {
    if (changed.includes("domainId")) {
      await this.delete?.(work, id);
      return this.create(work, inputs);
    }
    await work.linode().call(pathOf(id), { method: "PUT", body: bodyOf(inputs) });
    return { id, outputs: {} };
  },

  isThere: (work, id) => work.linode().has(pathOf(id)),

  async delete(work, id) {
    await ignoreMissing(work.linode().call(pathOf(id), { method: "DELETE" }));
  },
};

function pathOf(id: string): string {
  const [domain = "", record = ""] = id.split("/");
  return `/domains/${domain}/records/${record}`;
}

function bodyOf({ name, recordType, target, ttlSec }: WireObject): object {
  return { name, type: recordType, target, ...(ttlSec === undefined ? {} : { ttl_sec: ttlSec }) };
}
