/** A certificate of the operator's own for the application: whether browsers will take it, and what it says. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";

import type { Fault } from "./settings-faults";

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const DAY_MS = 86_400_000;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const RSA_BITS = 2048;
const CURVES = ["prime256v1", "secp384r1"];

/** RSA and ECDSA with SHA-256, SHA-384 or SHA-512. */
const SIGNATURES = [
  ...["1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13"],
  ...["1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4"],
];
/** What is signed with RSASSA-PSS names its hash among the parameters, and means SHA-1 if it does not. */
const RSA_PSS = "1.2.840.113549.1.1.10";
const PSS_HASHES = /06096086480165030402(?:01|02|03)/;
const SHA1_SIGNATURES = ["1.2.840.113549.1.1.5", "1.2.840.10045.4.1"];

/** What the settings say of it; a value that is no certificate or no key counts as missing. */
export interface OwnCertificate {
  chain: readonly X509Certificate[];
  key: KeyObject | undefined;
}

/** The certificates of a PEM file, whatever stands around them; undefined if there is none, or one cannot be read. */
export function readChain(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(BLOCK) ?? [];
  try {
    return blocks.length > 0 ? blocks.map((block) => new X509Certificate(block)) : undefined;
  } catch {
    return undefined;
  }
}

/** An unencrypted private key of a PEM file; undefined for anything else. */
export function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** When the first certificate of a chain ends, and how many whole days are left until then. */
export function endOf(chain: string, now: Date): { date: string; days: number } {
  const [own] = readChain(chain) ?? [];
  if (own === undefined) throw new Error("a chain that was checked has a certificate");
  const end = new Date(own.validTo);
  return { date: dayOf(end), days: Math.floor((end.getTime() - now.getTime()) / DAY_MS) };
}

/** The names that a chain's first certificate is for, those with asterisks left out. */
export function namesIn(chain: string): string[] {
  const [own] = readChain(chain) ?? [];
  const names = own?.subjectAltName?.matchAll(/(?:^|, )DNS:([a-z0-9.-]+)(?=,|$)/gi) ?? [];
  return [...names].map(([, name = ""]) => name.toLowerCase());
}

/** All that is wrong with a certificate that is to stand for a name, if one is given. */
export function ownCertificateFaults(
  { chain, key }: OwnCertificate,
  domainName: string | undefined,
  now: Date,
): Fault[] {
  const [own] = chain;
  const path = "application.certificate.chain";
  const faults = chain.flatMap((certificate, index) =>
    [
      ...periodFaults(certificate, now),
      ...signatureFaults(certificate),
      ...(index === 0 ? serverFaults(certificate, domainName) : []),
      ...issuerFaults(certificate, chain[index - 1]),
    ].map((text) => ({ path, text: `certificate ${index + 1} ${text}` })),
  );
  if (own === undefined || key === undefined || own.checkPrivateKey(key)) return faults;
  const text =
    "this key is not allowed: it is not the key of the first certificate in chain; give the one that the certificate " +
    "was asked for with";
  return [...faults, { path: "application.certificate.privateKey", text }];
}

function periodFaults({ validFrom, validTo }: X509Certificate, now: Date): string[] {
  const [start, end] = [new Date(validFrom), new Date(validTo)];
  if (end.getTime() < now.getTime()) {
    const days = Math.floor((now.getTime() - end.getTime()) / DAY_MS);
    return [
      `is not allowed: it ended on ${dayOf(end)}, ${countOf(days)} ago; give the renewed one`,
    ];
  }
  if (start.getTime() > now.getTime()) {
    const days = Math.ceil((start.getTime() - now.getTime()) / DAY_MS);
    return [
      `is not allowed: it begins on ${dayOf(start)}, in ${countOf(days)}; give one that is valid now`,
    ];
  }
  return [];
}

/** An authority's signature of its own certificate is never looked at. */
function signatureFaults(certificate: X509Certificate): string[] {
  if (certificate.ca && certificate.checkIssued(certificate)) return [];
  const der = new Uint8Array(certificate.raw);
  const { algorithm, parameters } = AsnConvert.parse(der, Certificate).signatureAlgorithm;
  if (SIGNATURES.includes(algorithm)) return [];
  const named = Buffer.from(parameters ?? new ArrayBuffer(0)).toString("hex");
  if (algorithm === RSA_PSS && PSS_HASHES.test(named)) return [];
  const how =
    SHA1_SIGNATURES.includes(algorithm) || algorithm === RSA_PSS
      ? "with SHA-1, which can be forged"
      : "in a way that browsers do not take";
  return [
    `is not allowed: it is signed ${how}; give one that is signed with RSA or ECDSA, and SHA-256 or more`,
  ];
}

function serverFaults(certificate: X509Certificate, domainName: string | undefined): string[] {
  // Its type says more than there always is.
  const usages = certificate.keyUsage as string[] | undefined;
  return [
    ...(certificate.ca
      ? [
          "is not allowed: it is an authority's; the server's own comes first, then whoever issued it",
        ]
      : []),
    ...(usages === undefined || usages.includes(SERVER_AUTH)
      ? []
      : ["is not allowed: it is not meant for servers; give one with the usage serverAuth"]),
    ...keyFaults(certificate.publicKey),
    ...nameFaults(certificate, domainName),
  ];
}

function keyFaults({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: KeyObject): string[] {
  const repair = `give one with a key of RSA from ${RSA_BITS} bits, or of ECDSA with P-256 or P-384`;
  const bits = details?.modulusLength ?? 0;
  const curve = details?.namedCurve ?? "unknown";
  if (type === "rsa") {
    return bits >= RSA_BITS ? [] : [`is not allowed: its RSA key has ${bits} bits; ${repair}`];
  }
  if (type === "ec") {
    return CURVES.includes(curve)
      ? []
      : [`is not allowed: browsers do not take keys of the curve ${curve}; ${repair}`];
  }
  return [`is not allowed: browsers do not take keys of the type ${type ?? "unknown"}; ${repair}`];
}

/** Browsers look at nothing but the names beside the subject. */
function nameFaults(certificate: X509Certificate, domainName: string | undefined): string[] {
  if (!/(?:^|, )(?:DNS|IP Address):/.test(certificate.subjectAltName ?? "")) {
    return ["is not allowed: it is for no host at all; give one with subject alternative names"];
  }
  if (domainName === undefined) return [];
  if (certificate.checkHost(domainName, { subject: "never" }) !== undefined) return [];
  return [
    `is not allowed: it is not for ${domainName}, which is the app server's name by the setting dns; give one for that name, ` +
      "or correct dns.app",
  ];
}

function issuerFaults(issuer: X509Certificate, issued: X509Certificate | undefined): string[] {
  if (issued === undefined) return [];
  const hasIssued = issuer.ca && issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
  if (hasIssued) return [];
  return [
    "is not allowed: it has not issued the one before it; put the server's own first, then whoever issued it, then " +
      "whoever issued that",
  ];
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function countOf(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}
