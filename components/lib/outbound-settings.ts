import type { Outbound } from "./firewall-rules";
import { privateNetworkOf } from "./private-network";
import type { Settings } from "./settings";

/** What the settings let out, with the one port and the one network that only they know of. */
export function outboundOf({
  outbound: { policy, allow },
  alerts,
  network,
}: Pick<Settings, "outbound" | "alerts" | "network">): {
  outbound: Outbound;
  relayPort?: number;
  privateNetwork: string;
} {
  const privateNetwork = privateNetworkOf(network);
  if (policy === "allow") return { outbound: "anywhere", privateNetwork };
  const outbound = allow.map(({ to, protocol, ports }, index) => ({
    label: `allow-${index + 1}`,
    protocol,
    ports,
    destinations: to,
  }));
  const [, relayPort] = alerts.mail?.relay.split(":") ?? [];
  return {
    outbound,
    privateNetwork,
    ...(relayPort === undefined ? {} : { relayPort: Number(relayPort) }),
  };
}
