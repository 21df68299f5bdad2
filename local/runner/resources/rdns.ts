import type { Handler, Work } from "../handler";
import { ignoreMissing } from "./ignore-missing";

/** `linode.Rdns`: the name of an address, which is its id. The local API knows its own records at once. */
export const rdnsHandler: Handler = {
  async create(work, inputs) {
    const { address, rdns } = inputs as { address: string; rdns: string };
    await put(work, address, rdns);
    return { id: address, outputs: {} };
  },

  async update(work, { id }, inputs, changed) {
    // The old address may be another's by now, or nobody's.
    if (changed.includes("address")) await ignoreMissing(put(work, id, null));
    return this.create(work, inputs);
  },

  isThere: (work, id) => work.linode().has(`/networking/ips/${id}`),

  async delete(work, id) {
    await ignoreMissing(put(work, id, null));
  },
};

function put(work: Work, address: string, rdns: unknown): Promise<unknown> {
  return work.linode().call(`/networking/ips/${address}`, { method: "PUT", body: { rdns } });
}
