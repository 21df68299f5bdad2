import type { Identity } from "./identity";
import { OUTSIDE_IPV4, PUSHOVER_PATH, RELAY_PORT } from "./places";

type Config = Record<string, unknown>;

const CHANNELS = ["mail", "slack", "pushover"];

/**
 * Fills in the time server and the ways of alerts that a local cloud has, where the settings leave
 * them out. Whoever names a channel, or says that nobody is to be told, gets exactly that.
 */
export function fillInOutside(config: Config, identity: Identity, person: string): void {
  config["stronghold:clock"] ??= { servers: [OUTSIDE_IPV4] };
  const alerts = config["stronghold:alerts"] ?? {};
  // What is no object has its fault told by the schema.
  if (typeof alerts !== "object" || Array.isArray(alerts)) return;
  const given = alerts as Config;
  if (given["logOnly"] === true || CHANNELS.some((channel) => channel in given)) return;
  config["stronghold:alerts"] = { ...outsideAlerts(identity, person), ...given };
}

function outsideAlerts(identity: Identity, person: string): Config {
  const web = `https://${OUTSIDE_IPV4}`;
  return {
    mail: {
      relay: `${OUTSIDE_IPV4}:${RELAY_PORT}`,
      tls: "starttls",
      user: identity.relayUser,
      password: identity.relayPassword,
      from: "stronghold@local.test",
      to: [`${person}@local.test`],
    },
    slack: { webhook: `${web}${identity.webhookPath}` },
    pushover: {
      url: `${web}${PUSHOVER_PATH}`,
      token: identity.pushoverToken,
      user: identity.pushoverUser,
    },
    caCertificate: identity.caCertificate,
    whiteList: [],
  };
}
