/** Faults that no single value shows. */
import { z } from "zod";

import { contains, parseNetwork } from "./networks";
import { publicHalfOf } from "./ssh-key-pairs";
import { inspectPublicKey } from "./ssh-public-keys";
import { applicationFaults } from "./settings-application";
import { backupFaults } from "./settings-backup";
import { databaseFaults } from "./settings-database";
import { dnsFaults } from "./settings-dns";
import type { Fault } from "./settings-faults";
import { privateNetworkFaults } from "./settings-network";
import { ANYWHERE_WORD } from "./settings-values";

const NAME = z.string().catch("");
const TEXTS = z.array(z.string().catch("")).catch([]);
const NO_OUTBOUND: { policy: string; allow: { to: string[] }[] } = { policy: "drop", allow: [] };

/**
 * The settings with whatever has the wrong shape left out.
 *
 * One fault must not hide another, so these checks also run on settings that have other faults.
 */
const LENIENT = z
  .object({
    ssh: z.object({ allowFrom: TEXTS }).catch({ allowFrom: [] }),
    admins: z.array(z.object({ name: NAME, keys: TEXTS }).catch({ name: "", keys: [] })).catch([]),
    deployer: z
      .object({ name: z.string().default("deployer").catch(""), keys: TEXTS })
      .catch({ name: "", keys: [] }),
    deployerPrivateKey: z.string().optional().catch(undefined),
    outbound: z
      .object({
        policy: z.string().catch("drop").default("allow"),
        allow: z
          .array(z.object({ to: TEXTS }).catch({ to: [] }))
          .catch([])
          .default([]),
      })
      .catch(NO_OUTBOUND)
      .default(NO_OUTBOUND),
    alerts: z.record(z.string(), z.unknown()).optional().catch(undefined),
    region: z.string().default("us-east").catch(""),
    application: z.unknown().optional(),
    database: z.unknown().optional(),
    backup: z.unknown().optional(),
    dns: z.unknown().optional(),
    network: z.unknown().optional(),
  })
  .catch({
    ssh: { allowFrom: [] },
    admins: [],
    deployer: { name: "", keys: [] },
    deployerPrivateKey: undefined,
    outbound: NO_OUTBOUND,
    alerts: undefined,
    region: "",
    application: undefined,
    database: undefined,
    backup: undefined,
    dns: undefined,
    network: undefined,
  });

type Lenient = z.output<typeof LENIENT>;

export function consistencyFaults(raw: unknown, now: Date): Fault[] {
  const settings = LENIENT.parse(raw);
  return [
    ...networkFaults(settings.ssh.allowFrom, "ssh.allowFrom"),
    ...settings.outbound.allow.flatMap(({ to }, index) =>
      networkFaults(to, `outbound.allow[${index}].to`),
    ),
    ...nameFaults(settings),
    ...sharedKeyFaults(settings),
    ...privateKeyFaults(settings),
    ...outboundFaults(settings),
    ...alertFaults(settings),
    ...applicationFaults(settings.application, settings.dns, now),
    ...databaseFaults(settings.database),
    ...backupFaults(settings.backup, settings.region),
    ...(settings.dns === undefined ? [] : dnsFaults(settings.dns)),
    ...privateNetworkFaults(settings.network),
  ];
}

function networkFaults(texts: string[], list: string): Fault[] {
  const path = (index: number): string => `${list}[${index}]`;
  const anywhere = texts.indexOf(ANYWHERE_WORD);
  if (anywhere >= 0 && texts.length > 1) {
    const text = `"${ANYWHERE_WORD}" is not allowed: it stands alone, since it covers all else; remove it or the others`;
    return [{ path: path(anywhere), text }];
  }
  const networks = texts.map(parseNetwork);
  return networks.flatMap((network, index) => {
    const outer = networks.findIndex(
      (other, at) =>
        at !== index &&
        network !== undefined &&
        other !== undefined &&
        contains(other, network) &&
        // Of two equal ones, the later is the surplus one.
        (other.cidr !== network.cidr || at < index),
    );
    if (outer < 0 || network === undefined) return [];
    const text = `"${network.cidr}" is not allowed: it lies within ${path(outer)}; remove one of the two`;
    return [{ path: path(index), text }];
  });
}

function nameFaults({ admins, deployer }: Lenient): Fault[] {
  return admins.flatMap(({ name }, index) => {
    if (name === "") return [];
    const path = `admins[${index}].name`;
    if (name === deployer.name) {
      const why =
        "is the automation's account; people have accounts of their own, so choose another name";
      return [{ path, text: `"${name}" is not allowed: it ${why}` }];
    }
    const first = admins.findIndex((other) => other.name === name);
    if (first === index) return [];
    const why = `it is also the name of admins[${first}]; put all keys of a person into one entry`;
    return [{ path, text: `"${name}" is not allowed: ${why}` }];
  });
}

/** Each key names its holder in the log, which it could not if two shared it. */
function sharedKeyFaults({ admins, deployer }: Lenient): Fault[] {
  const seen = new Map<string, string>();
  const lists = [
    ...admins.map(({ keys }, index) => ({ keys, path: `admins[${index}].keys` })),
    { keys: deployer.keys, path: "deployer.keys" },
  ];
  const entries = lists.flatMap(({ keys, path }) =>
    keys.map((text, index) => ({ inspected: inspectPublicKey(text), path: `${path}[${index}]` })),
  );
  return entries.flatMap(({ inspected, path }) => {
    if (!("key" in inspected)) return [];
    const { fingerprint } = inspected.key;
    const first = seen.get(fingerprint);
    if (first === undefined) {
      seen.set(fingerprint, path);
      return [];
    }
    const why = `it is the same key as ${first}; remove one, and give each holder a key of their own`;
    return [{ path, text: `${fingerprint} is not allowed: ${why}` }];
  });
}

function privateKeyFaults({ deployer, deployerPrivateKey }: Lenient): Fault[] {
  if (deployerPrivateKey === undefined) return [];
  const half = publicHalfOf(deployerPrivateKey);
  if (!("publicKey" in half)) return [];
  const known = deployer.keys.some((key) => key.trim().startsWith(half.publicKey));
  if (known) return [];
  const text =
    "this key is not allowed: its public half is none of deployer.keys, so no server would let it in; add to " +
    "deployer.keys what `ssh-keygen -y -f <file>` prints";
  return [{ path: "deployerPrivateKey", text }];
}

/** Somebody who lists what may be reached expects that nothing else may. */
function outboundFaults({ outbound: { policy, allow } }: Lenient): Fault[] {
  if (policy !== "allow" || allow.length === 0) return [];
  const text =
    "such a list is not allowed: outbound.policy is allow, so everything may be reached already; write policy: drop " +
    "or remove the list";
  return [{ path: "outbound.allow", text }];
}

const CHANNELS = ["mail", "slack", "pushover"];

/** That nobody hears of a login must be meant. */
function alertFaults({ alerts }: Lenient): Fault[] {
  if (alerts === undefined) return [];
  const channels = CHANNELS.filter((name) => alerts[name] !== undefined);
  if (alerts["logOnly"] === true && channels.length > 0) {
    const text = `true is not allowed: alerts go to ${channels.join(" and ")}; remove one of the two`;
    return [{ path: "alerts.logOnly", text }];
  }
  if (alerts["logOnly"] === true || channels.length > 0) return [];
  const text =
    "nobody would be told of a login: give mail, slack or pushover, or write logOnly: true if you mean it";
  return [{ path: "alerts", text }];
}
