import type { Outbound } from "./firewall-rules";
import type { Settings } from "./settings";

/** What the settings let out, with the one port that only they know of. */
export function outboundOf({
  outbound: { policy, allow },
  alerts,
}: Pick<Settings, "outbound" | "alerts">): {
  outbound: Outbound;
  relayPort?: number;
} {
  if (policy === "allow") return { outbound: "anywhere" };
  const outbound = allow.map(({ to, protocol, ports }, index) => ({
    label: `allow-${index + 1}`,
    protocol,
    ports,
    destinations: to,
  }));
  const [, relayPort] = alerts.mail?.relay.split(":") ?? [];
  return { outbound, ...(relayPort === undefined ? {} : { relayPort: Number(relayPort) }) };
}
