/** Names for the servers: the schema of the setting `dns`, and its faults that no single value shows. */
import { z } from "zod";

import type { Fault } from "./settings-faults";
import { wholeNumber } from "./settings-values";

/** One label of a host name, or the zone itself. */
export const APEX = "@";

/** Short enough to leave room for a name before it (RFC 1035). */
const LONGEST_ZONE = 190;

const ZONE = z.string().refine((text) => isDomainName(text, LONGEST_ZONE), {
  message: "a zone is a domain of yours in lower-case letters; write it like example.org",
});

const LABEL = z.string().refine((text) => text === APEX || isLabel(text), {
  message:
    'a name is what stands before the zone, one word in lower-case letters, or "@" for the zone itself; write for ' +
    "example www",
});

/** A name of at least two words in lower-case letters. */
export function isDomainName(text: string, longest: number): boolean {
  const labels = text.split(".");
  return text.length <= longest && labels.length > 1 && labels.every(isLabel);
}

function isLabel(text: string): boolean {
  return /^[a-z0-9-]{1,63}$/.test(text) && !text.startsWith("-") && !text.endsWith("-");
}

export const DNS = z.strictObject({
  zone: ZONE,
  id: wholeNumber(
    1,
    "an id is the number of a zone in the account; `linode-cli domains list` shows it",
    999_999_999,
  ).optional(),
  email: z.email("an email is an address to which this zone's mail goes").optional(),
  app: LABEL.default("app"),
  backup: LABEL.default("backup"),
  reverse: z.boolean().default(true),
});

/** The zone with the names of the servers that can be reached from outside. */
export type DnsSettings = z.output<typeof DNS>;

/** A server's whole name. */
export function domainNameOf({ zone }: Pick<DnsSettings, "zone">, label: string): string {
  return label === APEX ? zone : `${label}.${zone}`;
}

const LENIENT = z.object({
  id: z.unknown().optional(),
  email: z.unknown().optional(),
  app: z.string().default("app").catch(""),
  backup: z.string().default("backup").catch(""),
});

export function dnsFaults(raw: unknown): Fault[] {
  const parsed = LENIENT.safeParse(raw);
  if (!parsed.success) return [];
  const { id, email, app, backup } = parsed.data;
  return [
    ...((id === undefined) === (email === undefined)
      ? [
          {
            path: "dns",
            text:
              "either id or email is needed, and not both: the number of a zone that is in the account, or the address for a " +
              "zone that the stack makes; `linode-cli domains list` shows the numbers",
          },
        ]
      : []),
    ...(app !== "" && app === backup
      ? [
          {
            path: "dns.backup",
            text: `"${backup}" is not allowed: it is the app server's name, too; choose another`,
          },
        ]
      : []),
  ];
}
