/**
 * A stack's own authority for its application, and the certificate that it gives the app server (catalogue A01).
 *
 * Whoever takes the authority into a browser trusts it with what it is allowed to vouch for. So it may
 * vouch for this one application alone, and a stolen key of it is worth nothing against any other site.
 */
import { isIP, isIPv4 } from "node:net";

import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  KeyUsageFlags,
  NameConstraints,
} from "@peculiar/asn1-x509";

import { ANYWHERE, isIPv4Network, singleAddress } from "./networks";
import { p256Signer } from "./p256";
import {
  authorityExtensions,
  type CertifiedKey,
  extension,
  makeCertificate,
  pkcs8Of,
  serverExtensions,
} from "./x509";

/** Who vouches for the application. */
export interface WebAuthority {
  /** At most 64 characters. */
  name: string;
  /** 32 bytes. */
  seed: Buffer;
  /** The names and addresses, without brackets, that it may vouch for. */
  hosts: readonly string[];
}

/** A server that answers under all hosts of its authority. */
export interface WebServer {
  /** Its host name, which is in no domain: OpenSSL takes a common name with dots for one of the hosts. */
  label: string;
  /** 32 bytes. */
  seed: Buffer;
  /** When it is certified. */
  now: Date;
}

/** It is in every client's hands, so it is made once: no clock, as long as the seed and the hosts are the same. */
const AUTHORITY_VALIDITY = {
  notBefore: new Date("2026-01-01T00:00:00Z"),
  notAfter: new Date("2035-12-31T23:59:59Z"),
};

/** Apple's limit is 398 days, and a public authority's was. */
const DAYS = 397;
const DAY_MS = 86_400_000;

/** The authority's own certificate, which people take into their browsers; in PEM. */
export function webAuthorityCertificate({ name, seed, hosts }: WebAuthority): string {
  const issuerKey = p256Signer(seed);
  return makeCertificate({
    ...{ issuer: name, issuerKey, subject: name, subjectKey: issuerKey.key },
    ...AUTHORITY_VALIDITY,
    extensions: [
      ...authorityExtensions(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign),
      extension(id_ce_nameConstraints, constraintsTo(hosts), true),
    ],
  });
}

/** The server's key, and the authority's word that it belongs to the hosts. */
export function webServerCertificate(authority: WebAuthority, server: WebServer): CertifiedKey {
  const { key } = p256Signer(server.seed);
  const certificate = makeCertificate({
    ...{ issuer: authority.name, issuerKey: p256Signer(authority.seed) },
    ...{ subject: server.label, subjectKey: key, ...validityAt(server.now) },
    extensions: serverExtensions(authority.hosts.map(nameOf)),
  });
  return { certificate, privateKey: pkcs8Of(key) };
}

/**
 * From the start of the quarter on. So every run within a quarter makes the very same certificate, and the first
 * one of the next quarter renews it, ten months before it would end.
 */
function validityAt(now: Date): { notBefore: Date; notAfter: Date } {
  const month = Math.floor(now.getUTCMonth() / 3) * 3;
  const notBefore = new Date(Date.UTC(now.getUTCFullYear(), month, 1));
  // The last second counts, too (RFC 5280, 4.1.2.5).
  return { notBefore, notAfter: new Date(notBefore.getTime() + DAYS * DAY_MS - 1000) };
}

function nameOf(host: string): GeneralName {
  return isIP(host) > 0 ? new GeneralName({ iPAddress: host }) : new GeneralName({ dNSName: host });
}

/**
 * Of a kind that is not restricted at all everything is allowed, so a kind without a host is shut out as a
 * whole. Names below a permitted one cannot be shut out.
 */
function constraintsTo(hosts: readonly string[]): NameConstraints {
  const names = hosts.filter((host) => isIP(host) === 0);
  const addresses = hosts.filter((host) => isIP(host) > 0);
  const missing = ANYWHERE.filter(
    (all) => !addresses.some((address) => isIPv4(address) === isIPv4Network(all)),
  );
  const excluded = [
    // The empty name stands for all (RFC 5280, 4.2.1.10: all others are it with labels added).
    ...(names.length === 0 ? [new GeneralName({ dNSName: "" })] : []),
    ...missing.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  const permitted = [
    ...names.map((dNSName) => new GeneralName({ dNSName })),
    ...addresses.map((it) => new GeneralName({ iPAddress: singleAddress(it) })),
  ];
  return new NameConstraints({
    permittedSubtrees: treesOf(permitted),
    ...(excluded.length > 0 ? { excludedSubtrees: treesOf(excluded) } : {}),
  });
}

function treesOf(names: GeneralName[]): GeneralSubtrees {
  return new GeneralSubtrees(names.map((base) => new GeneralSubtree({ base })));
}
