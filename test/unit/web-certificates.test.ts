/**
 * The authority and the certificates of the application, judged by OpenSSL and by real handshakes. What this
 * does not show: that a browser takes them, which the tests of whole environments do.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";

import { KeyUsageFlags } from "@peculiar/asn1-x509";
import fc from "fast-check";

import { p256Signer } from "../../components/lib/p256";
import {
  type WebAuthority,
  webAuthorityCertificate,
  type WebServer,
  webServerCertificate,
} from "../../components/lib/web-certificates";
import { authorityExtensions, makeCertificate } from "../../components/lib/x509";
import { OpenSsl } from "./fixtures/openssl";

const NAME = "app.example.org";
const IPV4 = "203.0.113.5";
const IPV6 = "2001:db8:113::5";
const NOW = new Date("2026-08-15T12:00:00Z");

const SERVER: WebServer = { label: "stronghold-test-app", seed: Buffer.alloc(32, 2), now: NOW };

function authorityFor(...hosts: string[]): WebAuthority {
  return { name: "stronghold-test-app CA", seed: Buffer.alloc(32, 1), hosts };
}

const HOSTS = [[NAME, IPV4, IPV6], [NAME, IPV4], [IPV4, IPV6], [IPV4]];
const AUTHORITY = authorityFor(NAME, IPV4, IPV6);

let openssl: OpenSsl;
beforeAll(() => {
  openssl = new OpenSsl();
});
afterAll(() => {
  openssl.remove();
});

function verdict(authority: string, certificate: string, ...more: string[]): string {
  const at = String(NOW.getTime() / 1000);
  return openssl.verdict(authority, certificate, "-purpose", "sslserver", "-attime", at, ...more);
}

const checkOf = (host: string): string[] => [
  host === NAME ? "-verify_hostname" : "-verify_ip",
  host,
];

/** Of the authority's own key, for hosts that its certificate may say nothing of. */
function strayed(...hosts: string[]): string {
  return webServerCertificate(authorityFor(...hosts), SERVER).certificate;
}

describe("the authority's certificate", () => {
  it.each([
    [
      [NAME, IPV4, IPV6],
      ["Permitted:", `DNS:${NAME}`, "IP:203.0.113.5/255.255.255.255"],
      ["IP:2001:DB8:113:0:0:0:0:5/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF"],
    ],
    [
      [NAME, IPV4],
      ["Permitted:", `DNS:${NAME}`, "IP:203.0.113.5/255.255.255.255"],
      ["Excluded:", "IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0"],
    ],
    [
      [IPV4],
      ["Permitted:", "IP:203.0.113.5/255.255.255.255", "Excluded:", "DNS:"],
      ["IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0"],
    ],
  ])("vouches for %j and nothing else", (hosts, constraints, more) => {
    const certificate = webAuthorityCertificate(authorityFor(...hosts));
    const sections = "basicConstraints,keyUsage,extendedKeyUsage,nameConstraints";
    expect(openssl.lines(certificate, "-ext", sections)).toEqual([
      "X509v3 Basic Constraints: critical",
      "CA:TRUE, pathlen:0",
      "X509v3 Key Usage: critical",
      "Certificate Sign, CRL Sign",
      "X509v3 Name Constraints: critical",
      ...constraints,
      ...more,
    ]);
  });

  it("has its name, ten years and a key of P-256", () => {
    const certificate = webAuthorityCertificate(AUTHORITY);
    const sections = ["-subject", "-issuer", "-startdate", "-enddate"];
    expect(openssl.lines(certificate, ...sections)).toEqual([
      "subject=CN = stronghold-test-app CA",
      "issuer=CN = stronghold-test-app CA",
      "notBefore=Jan  1 00:00:00 2026 GMT",
      "notAfter=Dec 31 23:59:59 2035 GMT",
    ]);
    const { publicKey } = new X509Certificate(certificate);
    expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  });
});

describe("the server's certificate", () => {
  it.each(HOSTS.map((hosts) => [hosts]))("is good for each of %j", (hosts) => {
    const authority = authorityFor(...hosts);
    const { certificate } = webServerCertificate(authority, SERVER);
    for (const host of hosts) {
      const words = verdict(webAuthorityCertificate(authority), certificate, ...checkOf(host));
      expect(words).toMatch(/: OK\n$/);
    }
  });

  it.each([
    ["another address", ["-verify_ip", "203.0.113.6"], "IP address mismatch"],
    ["another name", ["-verify_hostname", "www.example.org"], "hostname mismatch"],
    ["a client", ["-purpose", "sslclient"], "unsuitable certificate purpose"],
  ])("is not good for %s", (_, more, words) => {
    const { certificate } = webServerCertificate(AUTHORITY, SERVER);
    const answer = openssl.verdict(webAuthorityCertificate(AUTHORITY), certificate, ...more);
    expect(answer).toContain(words);
  });

  it("says who it is and what it is for", () => {
    const { certificate, privateKey } = webServerCertificate(AUTHORITY, SERVER);
    const sections = "basicConstraints,keyUsage,extendedKeyUsage,subjectAltName";
    expect(openssl.lines(certificate, "-subject", "-issuer", "-ext", sections)).toEqual([
      "subject=CN = stronghold-test-app",
      "issuer=CN = stronghold-test-app CA",
      "X509v3 Basic Constraints: critical",
      "CA:FALSE",
      "X509v3 Key Usage: critical",
      "Digital Signature",
      "X509v3 Extended Key Usage:",
      "TLS Web Server Authentication",
      "X509v3 Subject Alternative Name:",
      `DNS:${NAME}, IP Address:${IPV4}, IP Address:2001:DB8:113:0:0:0:0:5`,
    ]);
    const shown = new X509Certificate(certificate);
    expect(shown.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(shown.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  });

  it.each([
    ["2026-01-01T00:00:00.000Z", "Jan  1 00:00:00 2026", "Feb  1 23:59:59 2027"],
    ["2026-03-31T23:59:59.999Z", "Jan  1 00:00:00 2026", "Feb  1 23:59:59 2027"],
    ["2026-04-01T00:00:00.000Z", "Apr  1 00:00:00 2026", "May  2 23:59:59 2027"],
    ["2026-08-15T12:00:00.000Z", "Jul  1 00:00:00 2026", "Aug  1 23:59:59 2027"],
    ["2027-12-31T23:00:00.000Z", "Oct  1 00:00:00 2027", "Oct 31 23:59:59 2028"],
  ])("made at %s is valid from the start of the quarter, for 397 days", (now, start, end) => {
    const server = { ...SERVER, now: new Date(now) };
    const { validFrom, validTo } = new X509Certificate(
      webServerCertificate(AUTHORITY, server).certificate,
    );
    expect([validFrom, validTo]).toEqual([`${start} GMT`, `${end} GMT`]);
  });
});

describe("a certificate that the authority must not give", () => {
  const FOREIGN = [
    ...["example.com", "www.example.org", "example.org", "notapp.example.org", "localhost"],
    ...["*.example.org", "app.example.org.example.com", "google.com"],
    ...["203.0.113.6", "127.0.0.1", "2001:db8:113::6", "::1", "::ffff:cb00:7105"],
  ];
  const rows = HOSTS.flatMap((hosts) => FOREIGN.map((foreign) => [foreign, hosts] as const));

  it.each(rows)("for %s is refused where it vouches for %j", (foreign, hosts) => {
    const authority = webAuthorityCertificate(authorityFor(...hosts));
    const words = /permitted subtree violation|excluded subtree violation/;
    expect(verdict(authority, strayed(foreign))).toMatch(words);
    // Beside a host that is allowed it is refused, too.
    expect(verdict(authority, strayed(IPV4, foreign))).toMatch(words);
  });

  it("for a name is refused where it vouches for addresses alone", () => {
    expect(verdict(webAuthorityCertificate(authorityFor(IPV4)), strayed(NAME))).toContain(
      "excluded subtree violation",
    );
  });

  it("for another authority is refused, and what that one gives as well", () => {
    const other = { ...authorityFor(NAME), name: "other CA", seed: Buffer.alloc(32, 3) };
    const between = makeCertificate({
      ...{ issuer: AUTHORITY.name, issuerKey: p256Signer(AUTHORITY.seed) },
      ...{ subject: other.name, subjectKey: p256Signer(other.seed).key },
      ...{ notBefore: new Date("2026-01-01"), notAfter: new Date("2027-01-01") },
      extensions: authorityExtensions(KeyUsageFlags.keyCertSign),
    });
    const { certificate } = webServerCertificate(other, SERVER);
    const untrusted = ["-untrusted", openssl.fileOf(between)];
    expect(verdict(webAuthorityCertificate(AUTHORITY), certificate, ...untrusted)).toContain(
      "path length constraint exceeded",
    );
  });

  it("is refused of an authority of the same name with another key", () => {
    const other = webAuthorityCertificate({ ...AUTHORITY, seed: Buffer.alloc(32, 3) });
    const { certificate } = webServerCertificate(AUTHORITY, SERVER);
    expect(verdict(other, certificate)).toContain("unable to get local issuer certificate");
  });
});

describe("certificates of the application", () => {
  it("are the very same text at each run within a quarter", () => {
    // Texts of another run, on another day.
    const digest = (text: string): string => new X509Certificate(text).fingerprint256.slice(0, 23);
    expect(digest(webAuthorityCertificate(AUTHORITY))).toBe("42:EB:83:AF:DF:9F:B1:A0");
    expect(digest(webServerCertificate(AUTHORITY, SERVER).certificate)).toBe(
      "A8:01:5E:43:DF:37:58:46",
    );
    const quarter = fc.date({
      min: new Date("2026-07-01T00:00:00Z"),
      max: new Date("2026-09-30T23:59:59.999Z"),
      noInvalidDate: true,
    });
    const first = webServerCertificate(AUTHORITY, SERVER);
    fc.assert(
      fc.property(quarter, (now) => {
        expect(webServerCertificate(AUTHORITY, { ...SERVER, now })).toEqual(first);
      }),
      { numRuns: 20 },
    );
  });

  it("have numbers that differ where anything differs, positive and of one length", () => {
    const numbers = [
      ...HOSTS.map((hosts) => webAuthorityCertificate(authorityFor(...hosts))),
      ...HOSTS.map((hosts) => webServerCertificate(authorityFor(...hosts), SERVER).certificate),
      webServerCertificate(AUTHORITY, { ...SERVER, now: new Date("2026-10-01") }).certificate,
      webServerCertificate(AUTHORITY, { ...SERVER, seed: Buffer.alloc(32, 9) }).certificate,
    ].map((text) => new X509Certificate(text).serialNumber);
    for (const number of numbers) expect(number).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe("a client that connects by address", () => {
  /** How it goes with a server of the authority for 127.0.0.1, now. */
  async function handshake(ca: string): Promise<string> {
    const server = { ...SERVER, now: new Date() };
    const made = webServerCertificate(authorityFor("127.0.0.1"), server);
    const listener = createServer({ cert: made.certificate, key: made.privateKey }, (socket) => {
      socket.on("error", () => undefined);
      socket.end("hello");
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    const socket = connect({ host: "127.0.0.1", port, ca });
    try {
      return await new Promise((resolve) => {
        socket.on("data", (text: Buffer) => {
          resolve(`${text.toString()} over ${socket.getProtocol() ?? "nothing"}`);
        });
        socket.on("error", (error: Error) => {
          resolve(error.message);
        });
      });
    } finally {
      socket.destroy();
      listener.close();
    }
  }

  it("gets through with the authority's certificate", async () => {
    const ca = webAuthorityCertificate(authorityFor("127.0.0.1"));
    expect(await handshake(ca)).toBe("hello over TLSv1.3");
  });

  it("refuses the server where the authority is for another address", async () => {
    expect(await handshake(webAuthorityCertificate(authorityFor("127.0.0.2")))).toBe(
      "permitted subtree violation",
    );
  });
});
