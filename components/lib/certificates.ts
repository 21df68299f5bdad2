/**
 * A stack's own authority, and the certificate that it gives the database server (catalogue G13).
 *
 * The same seeds always give the very same text, with no clock in it. Hence Ed25519, whose signatures hold
 * nothing random, and which every client of the database takes; browsers do not, see web-certificates.ts.
 */
import { sign } from "node:crypto";

import { GeneralName, KeyUsageFlags } from "@peculiar/asn1-x509";

import { privateKeyFromSeed } from "./ed25519";
import {
  authorityExtensions,
  type CertifiedKey,
  makeCertificate,
  pkcs8Of,
  serverExtensions,
  type Signer,
} from "./x509";

/** Who vouches for the server. */
export interface Authority {
  /** At most 64 characters. */
  name: string;
  /** 32 bytes. */
  seed: Buffer;
}

/** A server that answers under one address. */
export interface CertifiedServer {
  /** Its host name. */
  label: string;
  /** IPv4. */
  address: string;
  /** 32 bytes. */
  seed: Buffer;
}

/** RFC 8410. */
const ED25519 = "1.3.101.112";

const VALIDITY = {
  /** Long before any server is made. */
  notBefore: new Date("2020-01-01T00:00:00Z"),
  /**
   * RFC 5280, 4.1.2.5: no well-defined expiration. A database that nobody can reach from one day on would
   * be the worse fault; a new certificate is a change of settings.
   */
  notAfter: new Date("9999-12-31T23:59:59Z"),
};

/** The authority's own certificate, by which clients know the server; in PEM. */
export function authorityCertificate({ name, seed }: Authority): string {
  const issuerKey = signerFrom(seed);
  return makeCertificate({
    ...{ issuer: name, issuerKey, subject: name, subjectKey: issuerKey.key, ...VALIDITY },
    extensions: authorityExtensions(KeyUsageFlags.keyCertSign),
  });
}

/** The server's key with the authority's word that it belongs to that name and that address. */
export function serverCertificate(authority: Authority, server: CertifiedServer): CertifiedKey {
  const { label, address } = server;
  const key = privateKeyFromSeed(server.seed);
  const names = [new GeneralName({ dNSName: label }), new GeneralName({ iPAddress: address })];
  const certificate = makeCertificate({
    ...{ issuer: authority.name, issuerKey: signerFrom(authority.seed) },
    ...{ subject: label, subjectKey: key, ...VALIDITY },
    extensions: serverExtensions(names),
  });
  return { certificate, privateKey: pkcs8Of(key) };
}

function signerFrom(seed: Buffer): Signer {
  const key = privateKeyFromSeed(seed);
  return { key, algorithm: ED25519, sign: (bytes) => sign(null, bytes, key) };
}
