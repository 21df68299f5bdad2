/** Everything that an environment consists of (catalogue H13), as its servers tell it. */
import { type Role, ROLES, SHORT_NAMES } from "../../components/lib/roles";
import { UserError } from "../../local/cli/user-error";
import type { Servers } from "../stacks/servers";
import { hostOf } from "./ask";

const INVENTORY = "sudo -n /usr/local/sbin/stronghold-audit inventory";

/** What a server tells of each kind, field by field; `controls/audit/inventory.sh` says what they mean. */
const KINDS = {
  system: ["name", "id", "version", "kernel"],
  package: ["name", "version", "architecture", "securityUpdate"],
  lists: ["time"],
  port: ["protocol", "address", "port", "program"],
  account: ["name", "uid", "shell", "groups", "password"],
  key: ["account", "type", "bits", "fingerprint", "holder", "since"],
  certificate: ["file", "subject", "until"],
  backup: ["name", "bytes", "made"],
} as const;

type Kind = keyof typeof KINDS;
type Asset<K extends Kind> = Record<(typeof KINDS)[K][number], string>;

export type Assets = { [K in Kind]: Asset<K>[] };

export interface ServerInventory {
  role: Role;
  label: string;
  addresses: string[];
  assets: Assets;
}

export interface Inventory {
  inventoryVersion: 1;
  stack: string;
  time: string;
  servers: ServerInventory[];
}

/** Asks all servers side by side. */
export async function takeInventory(stack: string, servers: Servers): Promise<Inventory> {
  const time = new Date().toISOString();
  const told = await Promise.all(
    ROLES.map(async (role) => {
      const { stdout, stderr, code } = await servers.run(hostOf(role), INVENTORY);
      if (code !== 0) {
        throw new UserError(
          `The server "${hostOf(role)}" does not tell what it consists of (${code}): ${stderr.trim()}`,
        );
      }
      const { label, publicIPv4, publicIPv6, privateIPv4 } = servers.outputs[role];
      const addresses = [publicIPv4, publicIPv6, privateIPv4].filter((address) => address !== "");
      return { role, label, addresses, assets: assetsIn(stdout) };
    }),
  );
  return { inventoryVersion: 1, stack, time, servers: told };
}

/** What a server prints, by kind. Lines of a kind that is not known are of a newer version, and left out. */
export function assetsIn(text: string): Assets {
  const rows = text.split("\n").map((line) => line.split("\t"));
  const of = <K extends Kind>(kind: K): Asset<K>[] =>
    rows
      .filter(([name]) => name === kind)
      .map(([, ...fields]) => {
        const named = KINDS[kind].map((field, index) => [field, fields[index] ?? ""]);
        return Object.fromEntries(named) as Asset<K>;
      });
  return {
    system: of("system"),
    package: of("package"),
    lists: of("lists"),
    port: of("port"),
    account: of("account"),
    key: of("key"),
    certificate: of("certificate"),
    backup: of("backup"),
  };
}

/** For the terminal: packages in one line, but for those that wait for a security update. */
export function renderInventory({ servers }: Inventory): string {
  return servers.map(renderServer).join("\n\n");
}

function renderServer({ role, label, addresses, assets }: ServerInventory): string {
  const [system] = assets.system;
  const waiting = assets.package.filter(({ securityUpdate }) => securityUpdate !== "");
  const [lists] = assets.lists;
  const [newest] = assets.backup.slice(-1);
  const section = (title: string, rows: readonly string[]): string[] =>
    rows.length === 0 ? [] : [`  ${title}`, ...rows.map((row) => `    ${row}`)];
  return [
    `${SHORT_NAMES[role]}: ${label}, ${system?.name ?? "?"}, kernel ${system?.kernel ?? "?"}`,
    `  addresses     ${addresses.join("  ")}`,
    `  packages      ${assets.package.length}, ${waiting.length} wait for a security update (lists of ${lists?.time ?? "?"})`,
    ...section(
      "security updates that wait",
      waiting.map((one) => `${one.name} ${one.version} -> ${one.securityUpdate}`),
    ),
    ...section(
      "ports",
      assets.port.map((one) => `${one.protocol} ${one.address}:${one.port}  ${one.program}`),
    ),
    ...section(
      "accounts",
      assets.account.map(
        (one) => `${one.name}  ${one.shell}  ${one.groups}  password ${one.password}`,
      ),
    ),
    ...section(
      "keys",
      assets.key.map(
        (one) => `${one.account}: ${one.type} ${one.bits} ${one.holder}, since ${one.since}`,
      ),
    ),
    ...section(
      "certificates",
      assets.certificate.map((one) => `${one.file}  ${one.subject}  until ${one.until}`),
    ),
    ...(newest ? [`  backups       ${assets.backup.length}, the newest of ${newest.made}`] : []),
  ].join("\n");
}
