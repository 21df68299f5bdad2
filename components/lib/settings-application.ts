/** The application: the schema of the setting `application`, and its faults that no single value shows (catalogue A01). */
import { z } from "zod";

import { ownCertificateFaults, readChain, readKey } from "./own-certificate";
import { domainNameOf } from "./settings-dns";
import { type Fault, shapeOf } from "./settings-faults";
import { wholeNumber } from "./settings-values";
import { pkcs8Of } from "./x509";

const KINDS = ["authority", "own"] as const;

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
    kind: z.enum(KINDS, "write authority or own").default("authority"),
    issue: wholeNumber(
      1,
      "an issue is a whole number from 1; a higher one makes a new authority and a new certificate",
    ).optional(),
    chain: CHAIN.optional(),
    privateKey: PRIVATE_KEY.optional(),
  })
  .prefault({})
  .transform(
    ({ kind, issue = 1, chain = "", privateKey = "" }): AuthorityCertificate | GivenCertificate =>
      kind === "own" ? { kind, chain, privateKey } : { kind, issue },
  );

export const APPLICATION = z
  .strictObject({
    memoryMB: numberBetween(128, 65_536, "a size in MB").default(512),
    tasks: numberBetween(40, 4096, "a number of tasks").default(64),
    certificate: CERTIFICATE,
  })
  .prefault({});

/** What the application may use, and how it proves who it is. */
export type ApplicationSettings = z.output<typeof APPLICATION>;

/** The setting with whatever has the wrong shape left out. */
const LENIENT = z.object({
  certificate: z.object({
    kind: z.enum(KINDS).default("authority"),
    issue: z.unknown().optional(),
    chain: z.unknown().optional(),
    privateKey: z.unknown().optional(),
  }),
});
const LENIENT_DNS = z.object({ zone: z.string(), app: z.string().default("app") });

type Lenient = z.output<typeof LENIENT>["certificate"];

export function applicationFaults(raw: unknown, dns: unknown, now: Date): Fault[] {
  const parsed = LENIENT.safeParse(raw);
  if (!parsed.success) return [];
  const { certificate } = parsed.data;
  switch (certificate.kind) {
    case "authority":
      return surplusFaults(certificate);
    case "own":
      return [...lackFaults(certificate), ...contentFaults(certificate, domainNameIn(dns), now)];
    default:
      return certificate.kind satisfies never;
  }
}

function surplusFaults({ chain, privateKey }: Lenient): Fault[] {
  return Object.entries({ chain, privateKey })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => ({
      path: `application.certificate.${name}`,
      text: "is not allowed here: the stack's own authority makes the certificate; write kind: own too, or remove it",
    }));
}

function lackFaults({ issue, ...given }: Lenient): Fault[] {
  const missing = (["chain", "privateKey"] as const)
    .filter((name) => given[name] === undefined)
    .map((name) => `application.certificate.${name}`);
  const issueText =
    "an issue is not allowed here: it counts the stack's own authorities; remove it, or write kind: authority";
  return [
    ...missing.map((path) => ({ path, text: `is missing: ${shapeOf(path)}` })),
    ...(issue === undefined ? [] : [{ path: "application.certificate.issue", text: issueText }]),
  ];
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
