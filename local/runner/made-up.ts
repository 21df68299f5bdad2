import { createHash } from "node:crypto";

import type { Registered, Registration } from "./monitor";
import { secret, type Wire, type WireObject } from "./wire";

/** Below the real ids and addresses that a plan could show, and of equal length, so that none begins another. */
const FIRST_ID = 9_000_001;
const FIRST_HOST = 101;

/**
 * Stands in for what only carrying out would tell, so that a plan can show what depends on it.
 *
 * The values have the right form, since the program computes with them, and come from the ranges kept
 * for documentation; `name` turns them back into what they stand for.
 */
export class MadeUp {
  private readonly meanings = new Map<string, string>();
  private resources = 0;
  private servers = 0;

  register({ type, name, custom, inputs, secretOutputs }: Registration): Registered {
    if (!custom) return { outputs: inputs };
    const id = this.mean(String(FIRST_ID + this.resources), name, "id");
    this.resources += 1;
    const outputs: WireObject = { ...inputs, ...this.outputsOf(type, name, inputs) };
    for (const key of secretOutputs) {
      if (outputs[key] !== undefined) outputs[key] = secret(outputs[key]);
    }
    return { id, outputs };
  }

  /** The same value, with `<server ipAddress>` for what was made up. */
  name(value: Wire): Wire {
    if (typeof value === "number") return this.meanings.get(String(value)) ?? value;
    return typeof value === "string" ? this.nameIn(value) : value;
  }

  nameIn(text: string): string {
    return [...this.meanings].reduce(
      (named, [standIn, meaning]) => named.replaceAll(standIn, meaning),
      text,
    );
  }

  private outputsOf(type: string, name: string, inputs: WireObject): WireObject {
    switch (type) {
      case "random:index/randomPassword:RandomPassword":
        return { result: textFor(name, Number(inputs["length"])) };
      case "linode:index/instance:Instance": {
        const host = FIRST_HOST + this.servers;
        this.servers += 1;
        const ipAddress = this.mean(`192.0.2.${host}`, name, "ipAddress");
        const privateIpAddress = this.mean(`192.168.255.${host}`, name, "privateIpAddress");
        const ipv6 = this.mean(`2001:db8:ffff::${host}`, name, "ipv6");
        const ipv4s = [ipAddress, privateIpAddress];
        return { ipAddress, privateIpAddress, ipv4s, ipv6: `${ipv6}/128`, status: "running" };
      }
      default:
        return { stdout: "", stderr: "" };
    }
  }

  private mean(standIn: string, name: string, output: string): string {
    this.meanings.set(standIn, `<${name} ${output}>`);
    return standIn;
  }
}

/** The same each time, so that two plans of one program are equal. */
function textFor(name: string, length: number): string {
  const block = createHash("sha512").update(name).digest("hex");
  return `made-up-${block}`.repeat(2).slice(0, length);
}
