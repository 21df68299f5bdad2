import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { OUTSIDE_IPV4 } from "./places";

/** What the outside world of one cloud asks of those who want to send something. */
export interface Credentials {
  relayUser: string;
  relayPassword: string;
  /** Path of the Slack webhook, which is its secret. */
  webhookPath: string;
  pushoverToken: string;
  pushoverUser: string;
}

/** Credentials, and how the outside world proves who it is; PEM texts. */
export interface Identity extends Credentials {
  caCertificate: string;
  certificate: string;
  key: string;
}

const FILES = { ca: "ca.crt", certificate: "server.crt", key: "server.key" };
const CREDENTIALS = "credentials.json";

/** Reads the identity that lies in a cloud's folder for the outside world. */
export function readIdentity(folder: string): Identity {
  const read = (name: string): string => readFileSync(join(folder, "identity", name), "utf8");
  return {
    ...(JSON.parse(read(CREDENTIALS)) as Credentials),
    caCertificate: read(FILES.ca),
    certificate: read(FILES.certificate),
    key: read(FILES.key),
  };
}

/** Reads the identity, which is made at the first call: whole or not at all, however that ends. */
export function ensureIdentity(folder: string): Identity {
  const identity = join(folder, "identity");
  if (!existsSync(identity)) {
    const fresh = `${identity}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true, mode: 0o700 });
    writeFileSync(join(fresh, CREDENTIALS), JSON.stringify(makeCredentials(), null, 2));
    makeCertificates(fresh);
    for (const name of readdirSync(fresh)) chmodSync(join(fresh, name), 0o600);
    renameSync(fresh, identity);
  }
  return readIdentity(folder);
}

/** In the shapes of the services, which the settings insist on; hex is letters and digits enough. */
function makeCredentials(): Credentials {
  const random = (length: number): string => randomBytes(length).toString("hex").slice(0, length);
  return {
    relayUser: `relay-${random(8)}`,
    relayPassword: random(40),
    webhookPath: `/services/T${random(10)}/B${random(10)}/${random(24)}`,
    pushoverToken: random(30),
    pushoverUser: random(30),
  };
}

/** Not the machine's own configuration of openssl, which may ask for anything. */
const OPENSSL_CONFIG = `
[req]
prompt = no
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:${OUTSIDE_IPV4}
`;

/** Ten years: longer than any local cloud is up. */
const DAYS = ["-days", "3650"];

function makeCertificates(folder: string): void {
  const [config, caKey, request] = ["openssl.cnf", "ca.key", "server.csr"];
  const openssl = (...words: string[]): void => {
    execFileSync("openssl", words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  const key = (file: string): string[] => [
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file],
  ];
  writeFileSync(join(folder, config), OPENSSL_CONFIG);
  const authority = ["-x509", "-extensions", "ca", "-subj", "/CN=outside of a local cloud"];
  openssl("req", "-config", config, ...authority, ...DAYS, ...key(caKey), "-out", FILES.ca);
  const subject = ["-subj", `/CN=${OUTSIDE_IPV4}`];
  openssl("req", "-config", config, ...subject, ...key(FILES.key), "-out", request);
  const signer = ["-CA", FILES.ca, "-CAkey", caKey, "-set_serial", "1"];
  const extensions = ["-extfile", config, "-extensions", "server"];
  const signing = ["x509", "-req", "-in", request, ...signer, ...extensions, ...DAYS];
  openssl(...signing, "-out", FILES.certificate);
  // Nobody shall ever sign anything else that the servers of this cloud would trust.
  for (const file of [config, caKey, request]) rmSync(join(folder, file));
}
