import type { Rule } from "./firewall-rules";
import { renderIPv4Rules, renderIPv6Rules } from "./host-firewall-rules";
import type { Role } from "./roles";
import type { Admin } from "./settings";

/** All that the controls of one server are told; `scripts/host` does the rest. */
export interface HostFacts {
  /** Debian packages that the controls say they need. */
  packages: readonly string[];
  /** The account of automation. */
  deployer: string;
  deployerKeys: readonly string[];
  admins: readonly Pick<Admin, "name" | "keys">[];
  /** Networks from which the deployer logs in. */
  deployerFrom: readonly string[];
  /** The one `address:port` that may be reached through this server's SSH; empty for none. */
  permitOpen: string;
  /** What may come in. */
  rules: readonly Rule[];
}

/** What a control reads on stdin; values whose names end in _B64 may have several lines. */
export type Parameters = Readonly<Record<string, string>>;

/** One concern of a server: `scripts/host/controls/<name>.sh` with what it is told. */
export interface Control<Need extends keyof HostFacts = keyof HostFacts> {
  name: string;
  /** Whether it could lock the operator out, so that a new connection has to confirm it. */
  confirmed: boolean;
  /** The facts that its parameters are made of; it waits for no others. */
  needs: readonly Need[];
  parameters: (facts: Pick<HostFacts, Need>) => Parameters;
}

/** Time for the confirming connection: it has to get through, but a lock-out should end soon. */
const ROLLBACK_SECONDS = "120";

/** One transaction for all: apt is the slowest part, and only one at a time can hold its lock. */
const PACKAGES: Control<"packages"> = {
  name: "packages",
  confirmed: false,
  needs: ["packages"],
  parameters: ({ packages }) => ({ PACKAGES: packages.join(" ") }),
};

const ACCOUNTS: Control<"deployer" | "deployerKeys" | "admins" | "deployerFrom"> = {
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

const SSH: Control<"deployer" | "deployerFrom" | "permitOpen"> = {
  name: "ssh",
  confirmed: true,
  needs: ["deployer", "deployerFrom", "permitOpen"],
  parameters: ({ deployer, deployerFrom, permitOpen }) => ({
    DEPLOYER: deployer,
    DEPLOYER_FROM: deployerFrom.join(","),
    PERMIT_OPEN: permitOpen,
    ROLLBACK_SECONDS,
  }),
};

const FIREWALL: Control<"rules"> = {
  name: "firewall",
  confirmed: true,
  needs: ["rules"],
  parameters: ({ rules }) => ({
    RULES_V4_B64: renderIPv4Rules(rules),
    RULES_V6_B64: renderIPv6Rules(rules),
    ROLLBACK_SECONDS,
  }),
};

/**
 * The controls of a server in their order. Accounts come before SSH, so that those who are to get in
 * are there before the door closes; the firewall comes last, when the door has proved to work.
 */
export const CONTROL_PLAN: Readonly<Record<Role, readonly Control[]>> = {
  app: [PACKAGES, ACCOUNTS, SSH, FIREWALL],
  database: [PACKAGES, ACCOUNTS, SSH, FIREWALL],
};

/** The text that a control gets on stdin, one `KEY=value` a line. */
export function renderParameters(parameters: Parameters): string {
  return lines(Object.entries(parameters).map(([key, value]) => `${key}=${encoded(key, value)}`));
}

function encoded(key: string, value: string): string {
  if (!/^[A-Z][A-Z0-9_]*$/.test(key)) throw new Error(`"${key}" is not the name of a parameter`);
  if (key.endsWith("_B64")) return Buffer.from(value).toString("base64");
  if (/[\n\r\0]/.test(value)) {
    throw new Error(`parameter ${key} has several lines; name it ${key}_B64`);
  }
  return value;
}

function lines(items: readonly string[]): string {
  return items.map((item) => `${item}\n`).join("");
}
