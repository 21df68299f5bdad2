/** The controls, each with what it is told. */
import type { Person } from "./enrolment";
import { renderIPv4Rules, renderIPv6Rules } from "./host-firewall-rules";
import type { Control, Parameters } from "./host-facts";
import type { Alerts } from "./settings";

/** Time for the confirming connection: it has to get through, but a lock-out should end soon. */
const ROLLBACK_SECONDS = "120";

/** One transaction for all: apt is the slowest part, and only one at a time can hold its lock. */
export const PACKAGES: Control<"packages"> = {
  name: "packages",
  confirmed: false,
  needs: ["packages"],
  parameters: ({ packages }) => ({ PACKAGES: packages.join(" ") }),
};

export const ACCOUNTS: Control<"deployer" | "deployerKeys" | "admins" | "deployerFrom"> = {
  name: "accounts",
  confirmed: false,
  needs: ["deployer", "deployerKeys", "admins", "deployerFrom"],
  parameters: ({ deployer, deployerKeys, admins, deployerFrom }) => ({
    DEPLOYER: deployer,
    DEPLOYER_KEYS_B64: lines(deployerKeys),
    ADMINS_B64: lines(admins.flatMap(({ name, keys }) => keys.map((key) => `${name}\t${key}`))),
    DEPLOYER_FROM: deployerFrom.join(","),
  }),
};

export const PASSWORDS: Control<"people" | "changeAtFirstUse"> = {
  name: "passwords",
  confirmed: false,
  needs: ["people", "changeAtFirstUse"],
  parameters: ({ people, changeAtFirstUse }) => ({
    PEOPLE_B64: lines(
      people.map(({ name, password: { kind, value } }) => `${name}\t${kind}\t${value}`),
    ),
    CHANGE_AT_FIRST_USE: changeAtFirstUse ? "yes" : "no",
  }),
};

export const CLOCK: Control<"timeServers"> = {
  name: "clock",
  confirmed: false,
  needs: ["timeServers"],
  parameters: ({ timeServers }) => ({ SERVERS: timeServers.join(" ") }),
};

export const TWO_FACTOR: Control<"people" | "unenrolled"> = {
  name: "two-factor",
  confirmed: true,
  needs: ["people", "unenrolled"],
  parameters: ({ people, unenrolled }) => ({
    PEOPLE_B64: lines(people.map(factorLine)),
    UNENROLLED: unenrolled,
    ROLLBACK_SECONDS,
  }),
};

function factorLine({ name, twoFactor }: Person): string {
  if (!twoFactor) return name;
  return `${name}\t${twoFactor.secret}\t${twoFactor.scratchCodes.join(",")}`;
}

export const SSH: Control<"deployer" | "deployerFrom" | "permitOpen" | "nextServer"> = {
  name: "ssh",
  confirmed: true,
  needs: ["deployer", "deployerFrom", "permitOpen", "nextServer"],
  parameters: ({ deployer, deployerFrom, permitOpen, nextServer }) => ({
    DEPLOYER: deployer,
    DEPLOYER_FROM: deployerFrom.join(","),
    PERMIT_OPEN: permitOpen,
    KNOWN_HOSTS_B64: nextServer,
    ROLLBACK_SECONDS,
  }),
};

export const FIREWALL: Control<"wall"> = {
  name: "firewall",
  confirmed: true,
  needs: ["wall"],
  parameters: ({ wall }) => ({
    RULES_V4_B64: renderIPv4Rules(wall),
    RULES_V6_B64: renderIPv6Rules(wall),
    ROLLBACK_SECONDS,
  }),
};

export const LOGIN_ALERTS: Control<"deployer" | "alerts"> = {
  name: "login-alerts",
  confirmed: false,
  needs: ["deployer", "alerts"],
  parameters: ({ deployer, alerts }) => ({
    DEPLOYER: deployer,
    WHITE_LIST_B64: lines(alerts.whiteList),
    CA_B64: alerts.caCertificate ?? "",
    ...channelParameters(alerts),
  }),
};

/** A channel that is not given is an empty text. */
function channelParameters({ mail, slack, pushover }: Alerts): Parameters {
  return {
    MAIL_RELAY: mail?.relay ?? "",
    MAIL_TLS: mail?.tls ?? "starttls",
    MAIL_USER: mail?.user ?? "",
    MAIL_PASSWORD_B64: mail?.password ?? "",
    MAIL_FROM: mail?.from ?? "",
    MAIL_TO: mail?.to.join(",") ?? "",
    SLACK_WEBHOOK_B64: slack?.webhook ?? "",
    PUSHOVER_URL: pushover?.url ?? "",
    PUSHOVER_TOKEN: pushover?.token ?? "",
    PUSHOVER_USER: pushover?.user ?? "",
  };
}

function lines(items: readonly string[]): string {
  return items.map((item) => `${item}\n`).join("");
}
