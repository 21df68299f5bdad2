import { RunnerError } from "../failures";
import type { Handler, Made } from "../handler";
import type { WireObject } from "../wire";
import { ignoreMissing } from "./ignore-missing";

const PATH = "/vpcs";

/** `linode.Vpc`: a private network of one's own. */
export const vpcHandler: Handler = {
  async create(work, { label, description, region }) {
    const body = { label, region, ...(description === undefined ? {} : { description }) };
    return made(await work.linode().call<{ id: number }>(PATH, { method: "POST", body }));
  },

  async update(work, { id }, { label, description = "" }: WireObject, changed) {
    if (changed.includes("region")) {
      throw new RunnerError(
        "this would replace the VPC (changed: region), and all servers in it, which the embedded runner does not do: " +
          "take it `down` and `up` again, or use the Pulumi CLI",
      );
    }
    const body = { label, description };
    return made(await work.linode().call<{ id: number }>(`${PATH}/${id}`, { method: "PUT", body }));
  },

  isThere: (work, id) => work.linode().has(`${PATH}/${id}`),

  async delete(work, id) {
    await ignoreMissing(work.linode().call(`${PATH}/${id}`, { method: "DELETE" }));
  },
};

function made({ id }: { id: number }): Made {
  return { id: String(id), outputs: {} };
}
