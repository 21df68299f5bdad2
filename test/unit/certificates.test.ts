/**
 * The stack's own certificates, judged by OpenSSL and by real handshakes. What this does not show: that
 * the database server takes them, which the tests on hosts do.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";

import fc from "fast-check";

import {
  type Authority,
  authorityCertificate,
  type CertifiedServer,
  serverCertificate,
} from "../../components/lib/certificates";

const AUTHORITY: Authority = { name: "stronghold-test-db CA", seed: Buffer.alloc(32, 1) };
const SERVER: CertifiedServer = {
  label: "stronghold-test-db",
  address: "192.168.129.20",
  seed: Buffer.alloc(32, 2),
};
const OTHER_AUTHORITY: Authority = { ...AUTHORITY, seed: Buffer.alloc(32, 3) };

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "certificates-"));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function fileOf(text: string): string {
  const file = join(dir, `${digestOf(text)}.pem`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** What `openssl verify` answers, at any time and as strictly as it can. */
function verdict(authority: string, certificate: string, ...more: string[]): string {
  const args = ["verify", "-x509_strict", "-CAfile", fileOf(authority), ...more];
  const { stdout, stderr } = spawnSync("openssl", [...args, fileOf(certificate)], {
    encoding: "utf8",
  });
  return `${stdout}${stderr}`.replaceAll(dir, "");
}

function textOf(certificate: string, ...sections: string[]): string {
  const args = ["x509", "-noout", ...sections, "-in", fileOf(certificate)];
  return execFileSync("openssl", args, { encoding: "utf8" });
}

/** Connects over loopback to a server with a certificate for that address, and says how it went. */
async function handshake(authority: string, address: string): Promise<string> {
  const { certificate, privateKey } = serverCertificate(AUTHORITY, { ...SERVER, address });
  const server = createServer({ cert: certificate, key: privateKey }, (socket) => {
    socket.on("error", () => undefined);
    socket.end("hello");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: "127.0.0.1", port, ca: authority });
  try {
    return await new Promise((resolve) => {
      socket.on("data", (text: Buffer) => {
        resolve(`${text.toString()} over ${socket.getProtocol() ?? "nothing"}`);
      });
      socket.on("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
    });
  } finally {
    socket.destroy();
    server.close();
  }
}

describe("the authority's certificate", () => {
  const certificate = authorityCertificate(AUTHORITY);

  it("is one by OpenSSL's strictest rules", () => {
    expect(verdict(certificate, certificate)).toMatch(/: OK\n$/);
  });

  it("may sign certificates of servers and nothing else", () => {
    const text = textOf(certificate, "-ext", "basicConstraints,keyUsage,extendedKeyUsage");
    expect(text.split("\n").map((line) => line.trim())).toEqual([
      "X509v3 Basic Constraints: critical",
      "CA:TRUE, pathlen:0",
      "X509v3 Key Usage: critical",
      "Certificate Sign",
      "",
    ]);
  });

  it("has its name, Ed25519 and no well-defined end", () => {
    const text = textOf(certificate, "-subject", "-issuer", "-startdate", "-enddate");
    expect(text.trim().split("\n")).toEqual([
      "subject=CN = stronghold-test-db CA",
      "issuer=CN = stronghold-test-db CA",
      "notBefore=Jan  1 00:00:00 2020 GMT",
      "notAfter=Dec 31 23:59:59 9999 GMT",
    ]);
    expect(new X509Certificate(certificate).publicKey.asymmetricKeyType).toBe("ed25519");
  });
});

describe("the server's certificate", () => {
  const authority = authorityCertificate(AUTHORITY);
  const { certificate, privateKey } = serverCertificate(AUTHORITY, SERVER);

  it("is vouched for by OpenSSL's strictest rules, for its address and its name", () => {
    const purpose = ["-purpose", "sslserver"];
    const address = ["-verify_ip", SERVER.address];
    const name = ["-verify_hostname", SERVER.label];
    expect(verdict(authority, certificate, ...purpose, ...address, ...name)).toMatch(/: OK\n$/);
  });

  it.each([
    ["another address", ["-verify_ip", "192.168.129.21"], "IP address mismatch"],
    ["another name", ["-verify_hostname", "stronghold-test-app"], "hostname mismatch"],
    ["a client", ["-purpose", "sslclient"], "unsuitable certificate purpose"],
  ])("is not good for %s", (_, more, words) => {
    expect(verdict(authority, certificate, ...more)).toContain(words);
  });

  it("is refused by an authority of the same name with another key", () => {
    const other = authorityCertificate(OTHER_AUTHORITY);
    expect(verdict(other, certificate)).toContain("unable to get local issuer certificate");
  });

  it("says what it is for and who it is", () => {
    const shown = new X509Certificate(certificate);
    const text = textOf(certificate, "-ext", "basicConstraints,keyUsage,extendedKeyUsage");
    expect(text.split("\n").map((line) => line.trim())).toEqual([
      "X509v3 Basic Constraints: critical",
      "CA:FALSE",
      "X509v3 Key Usage: critical",
      "Digital Signature",
      "X509v3 Extended Key Usage:",
      "TLS Web Server Authentication",
      "",
    ]);
    expect(shown.subject).toBe("CN=stronghold-test-db");
    expect(shown.subjectAltName).toBe("DNS:stronghold-test-db, IP Address:192.168.129.20");
    expect(shown.validTo).toBe("Dec 31 23:59:59 9999 GMT");
  });

  it("has the key that comes with it", () => {
    const key = createPrivateKey(privateKey);
    expect(key.asymmetricKeyType).toBe("ed25519");
    expect(new X509Certificate(certificate).checkPrivateKey(key)).toBe(true);
  });
});

describe("certificates", () => {
  it("are the very same text at each run", () => {
    // Texts of another run, on another day.
    expect(digestOf(authorityCertificate(AUTHORITY))).toBe(
      "769f857c0dc6780346135056b8b092175e91f80f138ec9e429b7f6d857124b6c",
    );
    expect(digestOf(serverCertificate(AUTHORITY, SERVER).certificate)).toBe(
      "b7081800f6a8af6bdb7e328052a7c9bbe7dc85f07a5c86993adb0d91e4f57b9d",
    );
  });

  it("have numbers that differ where anything differs, positive and of one length", () => {
    const servers = fc.record({
      label: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
      address: fc.ipV4(),
      seed: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
    });
    const numberOf = (server: CertifiedServer): string =>
      new X509Certificate(serverCertificate(AUTHORITY, server).certificate).serialNumber;
    fc.assert(
      fc.property(servers, servers, (one, two) => {
        const numbers = [numberOf(one), numberOf(two)];
        for (const number of numbers) expect(number).toMatch(/^[4-7][0-9A-F]{31}$/);
        const isSame = JSON.stringify(one) === JSON.stringify(two);
        expect(numbers[0] === numbers[1]).toBe(isSame);
      }),
      { numRuns: 50 },
    );
  });

  it("need seeds of 32 bytes", () => {
    const seed = Buffer.alloc(31);
    expect(() => authorityCertificate({ ...AUTHORITY, seed })).toThrow("has 32 bytes, not 31");
  });
});

describe("a client that connects by address", () => {
  it("gets through with the authority's certificate", async () => {
    expect(await handshake(authorityCertificate(AUTHORITY), "127.0.0.1")).toBe(
      "hello over TLSv1.3",
    );
  });

  it("refuses a server whose certificate is for another address", async () => {
    expect(await handshake(authorityCertificate(AUTHORITY), "127.0.0.2")).toBe(
      "ERR_TLS_CERT_ALTNAME_INVALID",
    );
  });

  it("refuses a server of an authority with another seed", async () => {
    expect(await handshake(authorityCertificate(OTHER_AUTHORITY), "127.0.0.1")).toBe(
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    );
  });
});
