import type { Handler, Made } from "../handler";
import type { WireObject } from "../wire";
import { ignoreMissing } from "./ignore-missing";

const PATH = "/domains";

/** `linode.Domain`: a zone. */
export const domainHandler: Handler = {
  async create(work, inputs) {
    const body = { ...bodyOf(inputs), type: inputs["type"] };
    return made(await work.linode().call<{ id: number }>(PATH, { method: "POST", body }));
  },

  async update(work, { id }, inputs) {
    const call = { method: "PUT", body: bodyOf(inputs) } as const;
    return made(await work.linode().call<{ id: number }>(`${PATH}/${id}`, call));
  },

  isThere: (work, id) => work.linode().has(`${PATH}/${id}`),

  async delete(work, id) {
    await ignoreMissing(work.linode().call(`${PATH}/${id}`, { method: "DELETE" }));
  },
};

function bodyOf({ domain, soaEmail, tags }: WireObject): object {
  return { domain, soa_email: soaEmail, tags: tags ?? [] };
}

function made({ id }: { id: number }): Made {
  return { id: String(id), outputs: {} };
}
