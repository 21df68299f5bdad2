import { RunnerError } from "../failures";
import type { Handler } from "../handler";
import type { WireObject } from "../wire";

/** `linode.VpcSubnet`. It goes with its VPC, so that nobody has to delete it. */
export const vpcSubnetHandler: Handler = {
  async create(work, inputs) {
    const { label, ipv4 } = inputs;
    const call = { method: "POST", body: { label, ipv4 } } as const;
    const { id } = await work.linode().call<{ id: number }>(pathIn(inputs), call);
    return { id: String(id), outputs: {} };
  },

  async update(work, { id }, inputs, changed) {
    const others = changed.filter((input) => input !== "label");
    if (others.length > 0) {
      throw new RunnerError(
        `this would replace the subnet (changed: ${others.join(", ")}), and all servers in it, which the embedded ` +
          "runner does not do: take it `down` and `up` again, or use the Pulumi CLI",
      );
    }
    const body = { label: inputs["label"] };
    await work.linode().call(`${pathIn(inputs)}/${id}`, { method: "PUT", body });
    return { id, outputs: {} };
  },
};

function pathIn(inputs: WireObject): string {
  return `/vpcs/${Number(inputs["vpcId"])}/subnets`;
}
