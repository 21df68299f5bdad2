/**
 * A stack's own authority, and the certificate that it gives the database server (catalogue G13).
 *
 * The same seeds always give the very same text: a certificate that differed at each run would make the
 * engine hand it over at each run. Hence Ed25519, whose signatures hold nothing random, numbers that are
 * derived from what they number, and no clock.
 */
import { createHash, createPublicKey, type KeyObject, sign } from "node:crypto";

import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";

import { privateKeyFromSeed } from "./ed25519";

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

/** A certificate with its key, both in PEM. */
export interface CertifiedKey {
  certificate: string;
  /** PKCS #8, unencrypted. */
  privateKey: string;
}

/** RFC 8410. */
const ED25519 = "1.3.101.112";
const COMMON_NAME = "2.5.4.3";

/** Long before any server is made. */
const NOT_BEFORE = new Date("2020-01-01T00:00:00Z");

/**
 * RFC 5280, 4.1.2.5: no well-defined expiration. A database that nobody can reach from one day on would
 * be the worse fault; a new certificate is a change of settings.
 */
const NOT_AFTER = new Date("9999-12-31T23:59:59Z");

const SERIAL_BYTES = 16;
const PEM_COLUMNS = 64;

/** The authority's own certificate, by which clients know the server; in PEM. */
export function authorityCertificate({ name, seed }: Authority): string {
  const key = privateKeyFromSeed(seed);
  const constraints = new BasicConstraints({ cA: true, pathLenConstraint: 0 });
  return certificate({
    ...{ issuer: name, issuerKey: key, subject: name, subjectKey: key },
    extensions: [
      extension(id_ce_basicConstraints, constraints, true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true),
    ],
  });
}

/** The server's key with the authority's word that it belongs to that name and that address. */
export function serverCertificate(authority: Authority, server: CertifiedServer): CertifiedKey {
  const { label, address } = server;
  const key = privateKeyFromSeed(server.seed);
  const names = new SubjectAlternativeName([
    new GeneralName({ dNSName: label }),
    new GeneralName({ iPAddress: address }),
  ]);
  return {
    certificate: certificate({
      issuer: authority.name,
      issuerKey: privateKeyFromSeed(authority.seed),
      subject: label,
      subjectKey: key,
      extensions: [
        extension(id_ce_basicConstraints, new BasicConstraints(), true),
        extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
        extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
        extension(id_ce_subjectAltName, names),
      ],
    }),
    privateKey: key.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

interface Contents {
  issuer: string;
  issuerKey: KeyObject;
  subject: string;
  subjectKey: KeyObject;
  extensions: Extension[];
}

function certificate({ issuer, issuerKey, subject, subjectKey, extensions }: Contents): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ED25519 });
  const publicKey = publicInfo(subjectKey);
  const contents = new TBSCertificate({
    version: Version.v3,
    signature: algorithm,
    issuer: nameOf(issuer),
    validity: new Validity({ notBefore: NOT_BEFORE, notAfter: NOT_AFTER }),
    subject: nameOf(subject),
    subjectPublicKeyInfo: publicKey,
    extensions: new Extensions([
      ...extensions,
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(publicKey))),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({
          keyIdentifier: new KeyIdentifier(keyId(publicInfo(issuerKey))),
        }),
      ),
    ]),
  });
  contents.serialNumber = serialNumberOf(contents);
  const signed = new Certificate({
    tbsCertificate: contents,
    signatureAlgorithm: algorithm,
    signatureValue: exact(sign(null, Buffer.from(AsnConvert.serialize(contents)), issuerKey)),
  });
  return pemOf(Buffer.from(AsnConvert.serialize(signed)));
}

/** Derived from all else that the certificate says, so that no two of an authority share one. */
function serialNumberOf(contents: TBSCertificate): ArrayBuffer {
  const digest = createHash("sha256")
    .update(Buffer.from(AsnConvert.serialize(contents)))
    .digest();
  const number = digest.subarray(0, SERIAL_BYTES);
  // Positive, and as long whatever the digest is (RFC 5280, 4.1.2.2).
  number[0] = ((number[0] ?? 0) & 0x3f) | 0x40;
  return exact(number);
}

function publicInfo(key: KeyObject): SubjectPublicKeyInfo {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return AsnConvert.parse(der, SubjectPublicKeyInfo);
}

/** RFC 7093, method 1: it names a key among a few, and SHA-1 is left out of it. */
function keyId({ subjectPublicKey }: SubjectPublicKeyInfo): ArrayBuffer {
  const digest = createHash("sha256").update(Buffer.from(subjectPublicKey)).digest();
  return exact(digest.subarray(0, 20));
}

function nameOf(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName });
  const attribute = new AttributeTypeAndValue({ type: COMMON_NAME, value });
  return new Name([new RelativeDistinguishedName([attribute])]);
}

function extension(extnID: string, value: object, critical = false): Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new Extension({ extnID, critical, extnValue });
}

/** The bytes alone: Node.js keeps short buffers in one long piece of memory. */
function exact(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(new RegExp(`.{1,${PEM_COLUMNS}}`, "g")) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
