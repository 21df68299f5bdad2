/**
 * Certificates as the stack makes them (RFC 5280).
 *
 * The same input always gives the very same text: a certificate that differed at each run would make the
 * engine hand it over at each run. So a signature must hold nothing random, and numbers are derived from
 * what they number.
 */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";

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
  type GeneralName,
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

/** A private key with the way in which it signs. */
export interface Signer {
  key: KeyObject;
  /** The object identifier of the signatures; they have no parameters. */
  algorithm: string;
  /** The same bytes must get the same signature. */
  sign: (bytes: Buffer) => Buffer;
}

/** A certificate with its key, both in PEM. */
export interface CertifiedKey {
  certificate: string;
  /** PKCS #8, unencrypted. */
  privateKey: string;
}

export interface Contents {
  /** Common names of at most 64 characters. */
  issuer: string;
  subject: string;
  issuerKey: Signer;
  /** Either half. */
  subjectKey: KeyObject;
  notBefore: Date;
  notAfter: Date;
  extensions: Extension[];
}

const COMMON_NAME = "2.5.4.3";
const SERIAL_BYTES = 16;
const PEM_COLUMNS = 64;

/** A certificate in PEM, with both keys named in it beside the given extensions. */
export function makeCertificate(given: Contents): string {
  const { issuer, issuerKey, subject, subjectKey, notBefore, notAfter, extensions } = given;
  const algorithm = new AlgorithmIdentifier({ algorithm: issuerKey.algorithm });
  const publicKey = publicInfo(subjectKey);
  const issuerId = new KeyIdentifier(keyId(publicInfo(issuerKey.key)));
  const contents = new TBSCertificate({
    version: Version.v3,
    signature: algorithm,
    issuer: nameOf(issuer),
    validity: new Validity({ notBefore, notAfter }),
    subject: nameOf(subject),
    subjectPublicKeyInfo: publicKey,
    extensions: new Extensions([
      ...extensions,
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(publicKey))),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({ keyIdentifier: issuerId }),
      ),
    ]),
  });
  contents.serialNumber = serialNumberOf(contents);
  const signed = new Certificate({
    tbsCertificate: contents,
    signatureAlgorithm: algorithm,
    signatureValue: exact(issuerKey.sign(Buffer.from(AsnConvert.serialize(contents)))),
  });
  return pemOf(Buffer.from(AsnConvert.serialize(signed)));
}

/** What makes it the certificate of an authority that vouches for servers, and for no other authority. */
export function authorityExtensions(usage: number): Extension[] {
  const constraints = new BasicConstraints({ cA: true, pathLenConstraint: 0 });
  return [
    extension(id_ce_basicConstraints, constraints, true),
    extension(id_ce_keyUsage, new KeyUsage(usage), true),
  ];
}

/** What makes it the certificate of a server with those names. */
export function serverExtensions(names: GeneralName[]): Extension[] {
  return [
    extension(id_ce_basicConstraints, new BasicConstraints(), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
    extension(id_ce_subjectAltName, new SubjectAlternativeName(names)),
  ];
}

export function extension(extnID: string, value: object, critical = false): Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new Extension({ extnID, critical, extnValue });
}

/** PKCS #8 in PEM, unencrypted. */
export function pkcs8Of(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
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
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return AsnConvert.parse(publicKey.export({ format: "der", type: "spki" }), SubjectPublicKeyInfo);
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

/** The bytes alone: Node.js keeps short buffers in one long piece of memory. */
function exact(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(new RegExp(`.{1,${PEM_COLUMNS}}`, "g")) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
