/** The application: the schema of the setting `application`, and its faults that no single value shows (catalogue A01). */
import { z } from "zod";

import { ownCertificateFaults, readChain, readKey } from "./own-certificate";
import { ACME, type AcmeCertificate, acmeCertificate, acmeFaults } from "./settings-acme";
import { domainNameOf } from "./settings-dns";
import { type Fault, shapeOf } from "./settings-faults";
import { wholeNumber } from "./settings-values";
import { pkcs8Of } from "./x509";

const KINDS = ["authority", "own", "acme"] as const;

type Kind = (typeof KINDS)[number];

/** What the certificate of each kind is described by. */
const PARTS = {
  authority: ["issue"],
  own: ["chain", "privateKey"],
  acme: ["directory", "email", "acceptTerms", "names", "caCertificate"],
} as const;

type Part = (typeof PARTS)[Kind][number];

/** Those that have no default. */
const REQUIRED: Readonly<Record<Kind, readonly Part[]>> = {
  authority: [],
  own: ["chain", "privateKey"],
  acme: ["email", "acceptTerms"],
};

/** Why a part of another kind would do nothing. */
const MAKERS: Readonly<Record<Kind, string>> = {
  authority: "the stack's own authority makes the certificate",
  own: "you give the certificate yourself",
  acme: "an ACME server makes the certificate",
};

function numberBetween(least: number, most: number, what: string) {
  return wholeNumber(least, `${what} is a whole number from ${least} to ${most}`, most);
}

/** What holds a private key beside certificates is in the wrong place, and everybody could read it there. */
const holdsPrivateKey = (text: string): boolean => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);

const CHAIN = z.string().transform((text, context) => {
  const chain = holdsPrivateKey(text) ? undefined : readChain(text);
  if (chain !== undefined) return chain.map(String).join("");
  const [found, repair] = holdsPrivateKey(text)
    ? ["a private key", "; give the key as privateKey, and replace it: it is exposed"]
    : ["this text", ""];
  const message = `certificates in PEM are allowed, the server's own first, from -----BEGIN to -----END CERTIFICATE-----${repair}`;
  context.addIssue({ code: "custom", message, params: { found } });
  return z.NEVER;
});

const PRIVATE_KEY = z.string().transform((text, context) => {
  const key = readKey(text);
  if (key !== undefined) return pkcs8Of(key);
  const repair = text.includes("ENCRYPTED")
    ? ", and this one is encrypted; decrypt it with `openssl pkey -in <file>`"
    : ", from -----BEGIN to -----END PRIVATE KEY-----";
  const message = `an unencrypted private key in PEM is allowed${repair}`;
  context.addIssue({ code: "custom", message, params: { found: "this key" } });
  return z.NEVER;
});

/** The stack's own authority vouches for the server. */
interface AuthorityCertificate {
  kind: "authority";
  /** A higher one makes another authority. */
  issue: number;
}

/** The operator has got a certificate elsewhere. */
interface GivenCertificate {
  kind: "own";
  /** PEM, the server's own first. */
  chain: string;
  /** PKCS #8 in PEM; a secret. */
  privateKey: string;
}

const CERTIFICATE = z
  .strictObject({
    kind: z.enum(KINDS, "write authority, own or acme").default("authority"),
    issue: wholeNumber(
      1,
      "an issue is a whole number from 1; a higher one makes a new authority and a new certificate",
    ).optional(),
    chain: CHAIN.optional(),
    privateKey: PRIVATE_KEY.optional(),
    ...ACME,
  })
  .prefault({})
  .transform((given): AuthorityCertificate | GivenCertificate | AcmeCertificate => {
    const { kind, issue = 1, chain = "", privateKey = "" } = given;
    switch (kind) {
      case "authority":
        return { kind, issue };
      case "own":
        return { kind, chain, privateKey };
      case "acme":
        return acmeCertificate(given);
      default:
        return kind satisfies never;
    }
  });

export const APPLICATION = z
  .strictObject({
    memoryMB: numberBetween(128, 65_536, "a size in MB").default(512),
    tasks: numberBetween(40, 4096, "a number of tasks").default(64),
    certificate: CERTIFICATE,
  })
  .prefault({});

/** What the application may use, and how it proves who it is. */
export type ApplicationSettings = z.output<typeof APPLICATION>;

const ANYTHING = z.unknown().optional();

/** The setting with whatever has the wrong shape left out. */
const LENIENT = z.object({
  certificate: z.object({
    kind: z.enum(KINDS).default("authority"),
    ...{ issue: ANYTHING, chain: ANYTHING, privateKey: ANYTHING },
    ...{ directory: ANYTHING, email: ANYTHING, acceptTerms: ANYTHING },
    ...{ names: ANYTHING, caCertificate: ANYTHING },
  }),
});
const LENIENT_DNS = z.object({ zone: z.string(), app: z.string().default("app") });

type Lenient = z.output<typeof LENIENT>["certificate"];

export function applicationFaults(raw: unknown, dns: unknown, now: Date): Fault[] {
  const parsed = LENIENT.safeParse(raw);
  if (!parsed.success) return [];
  const { certificate } = parsed.data;
  const faults = [...lackFaults(certificate), ...surplusFaults(certificate)];
  const domainName = domainNameIn(dns);
  switch (certificate.kind) {
    case "authority":
      return faults;
    case "own":
      return [...faults, ...contentFaults(certificate, domainName, now)];
    case "acme":
      return [
        ...faults,
        ...acmeFaults(certificate.names, { isGiven: dns !== undefined, domainName }),
      ];
    default:
      return certificate.kind satisfies never;
  }
}

function lackFaults({ kind, ...given }: Lenient): Fault[] {
  return REQUIRED[kind]
    .filter((part) => given[part] === undefined)
    .map((part) => `application.certificate.${part}`)
    .map((path) => ({ path, text: `is missing: ${shapeOf(path)}` }));
}

function surplusFaults({ kind, ...given }: Lenient): Fault[] {
  const others = KINDS.filter((other) => other !== kind);
  return others.flatMap((other) =>
    PARTS[other]
      .filter((part) => given[part] !== undefined)
      .map((part) => ({
        path: `application.certificate.${part}`,
        text: surplusText(kind, other),
      })),
  );
}

function surplusText(kind: Kind, other: Kind): string {
  if (other === "authority") {
    return "an issue is not allowed here: it counts the stack's own authorities; remove it, or write kind: authority";
  }
  // Whoever says nothing means the stack's own authority, and may have forgotten the kind.
  const repair = `write kind: ${other} ${kind === "authority" ? "too" : "instead"}, or remove it`;
  return `is not allowed here: ${MAKERS[kind]}; ${repair}`;
}

function contentFaults(
  { chain, privateKey }: Lenient,
  domainName: string | undefined,
  now: Date,
): Fault[] {
  const certificates = typeof chain === "string" && !holdsPrivateKey(chain) ? readChain(chain) : [];
  const key = typeof privateKey === "string" ? readKey(privateKey) : undefined;
  return ownCertificateFaults({ chain: certificates ?? [], key }, domainName, now);
}

function domainNameIn(dns: unknown): string | undefined {
  const parsed = LENIENT_DNS.safeParse(dns);
  return parsed.success ? domainNameOf(parsed.data, parsed.data.app) : undefined;
}
