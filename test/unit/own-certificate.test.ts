/** Certificates of the operator's own as OpenSSL makes them, good and bad, and the exact words of each refusal. */
import { createPrivateKey } from "node:crypto";

import {
  endOf,
  namesIn,
  ownCertificateFaults,
  readChain,
  readKey,
} from "../../components/lib/own-certificate";
import { type Made, OpenSsl, type Wish } from "./fixtures/openssl";

const NOW = new Date("2026-08-15T12:00:00Z");
const NAME = "app.example.org";

const SAN = `subjectAltName = DNS:${NAME}`;
const LEAF = ["basicConstraints = CA:FALSE", "extendedKeyUsage = serverAuth", SAN];
const CA = ["basicConstraints = critical, CA:TRUE", "subjectKeyIdentifier = hash"];

const openssl = new OpenSsl();
afterAll(() => {
  openssl.remove();
});

const make = (subject: string, wish: Wish): Made => openssl.make(subject, wish, NOW);

const root = make("root", { extensions: CA });
const between = make("between", { extensions: CA, issuer: root });
const stranger = make("stranger", { extensions: CA });
const namesake = make("between", { extensions: CA, issuer: root });

/** Of the authority in between, unless it says otherwise. */
const leaf = (wish: Partial<Wish> = {}): Made =>
  make("app", { extensions: LEAF, issuer: between, ...wish });

const rsa = (bits: number): string[] => [
  "-algorithm",
  "RSA",
  "-pkeyopt",
  `rsa_keygen_bits:${bits}`,
];
const ec = (curve: string): string[] => [
  ...["-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`],
];
const PSS = ["-sigopt", "rsa_padding_mode:pss"];

function faultsOf(
  { certificate, privateKey }: Made,
  above: Made[] = [],
  name: string | undefined = NAME,
): string[] {
  const text = [certificate, ...above.map((one) => one.certificate)].join("");
  const own = { chain: readChain(text) ?? [], key: readKey(privateKey) };
  return ownCertificateFaults(own, name, NOW).map(({ path, text: words }) => `${path}: ${words}`);
}

const good = leaf();
const ended = make("ended", { extensions: CA, issuer: root, days: [-9, -2] });
const weak = make("weak", { extensions: CA, issuer: root, digest: "sha1" });
const rsaRoot = make("rsa root", { extensions: CA, key: rsa(2048) });

describe("a certificate that browsers take", () => {
  it.each<[string, Made, Made[]]>([
    ["with all that have issued it", good, [between, root]],
    ["with the ones in between", good, [between]],
    ["alone", good, []],
    ["with a key of P-384", leaf({ key: ec("P-384") }), [between]],
    ["with a key of RSA", leaf({ key: rsa(2048) }), [between]],
    ["signed with RSA and SHA-384", leaf({ issuer: rsaRoot, digest: "sha384" }), [rsaRoot]],
    ["signed with RSASSA-PSS", leaf({ issuer: rsaRoot, sign: PSS }), [rsaRoot]],
    ["for a wildcard", leaf({ extensions: ["subjectAltName = DNS:*.example.org"] }), []],
    [
      "of a root that was signed with SHA-1, which nobody looks at",
      leaf({ issuer: make("old root", { extensions: CA, digest: "sha1" }) }),
      [],
    ],
  ])("is well %s", (_, made, above) => {
    expect(faultsOf(made, above)).toEqual([]);
  });

  it("needs no certain name where the stack makes none", () => {
    const made = leaf({ extensions: ["subjectAltName = DNS:shop.example.net"] });
    expect(faultsOf(made, [between])).not.toEqual([]);
    const own = { chain: readChain(made.certificate) ?? [], key: readKey(made.privateKey) };
    expect(ownCertificateFaults(own, undefined, NOW)).toEqual([]);
  });
});

const KEYS = "give one with a key of RSA from 2048 bits, or of ECDSA with P-256 or P-384";
const SIGNED = "give one that is signed with RSA or ECDSA, and SHA-256 or more";
const ORDER =
  "is not allowed: it has not issued the one before it; put the server's own first, then whoever issued it, then " +
  "whoever issued that";
const OTHER_NAME =
  "is not allowed: it is not for app.example.org, which is the app server's name by the setting dns; give one for that " +
  "name, or correct dns.app";
const OTHER_KEY =
  "application.certificate.privateKey: this key is not allowed: it is not the key of the first certificate in chain; " +
  "give the one that the certificate was asked for with";
const FIRST =
  "is not allowed: it is an authority's; the server's own comes first, then whoever issued it";

/** A certificate, those above it, and what comes of it; a line of the chain begins with the certificate's number. */
const BAD: [what: string, made: Made, above: Made[], lines: string[]][] = [
  [
    "that has ended",
    leaf({ days: [-100, -3] }),
    [between],
    ["1 is not allowed: it ended on 2026-08-12, 3 days ago; give the renewed one"],
  ],
  [
    "that ended yesterday",
    leaf({ days: [-100, -1] }),
    [between],
    ["1 is not allowed: it ended on 2026-08-14, 1 day ago; give the renewed one"],
  ],
  [
    "that is not valid yet",
    leaf({ days: [2, 100] }),
    [between],
    ["1 is not allowed: it begins on 2026-08-17, in 2 days; give one that is valid now"],
  ],
  [
    "under one that has ended",
    leaf({ issuer: ended }),
    [ended],
    ["2 is not allowed: it ended on 2026-08-13, 2 days ago; give the renewed one"],
  ],
  ["that is an authority's", make("ca", { extensions: [CA[0]!, SAN] }), [], [`1 ${FIRST}`]],
  [
    "for clients",
    leaf({ extensions: ["extendedKeyUsage = clientAuth", SAN] }),
    [between],
    ["1 is not allowed: it is not meant for servers; give one with the usage serverAuth"],
  ],
  [
    "with a short key of RSA",
    leaf({ key: rsa(1024) }),
    [between],
    [`1 is not allowed: its RSA key has 1024 bits; ${KEYS}`],
  ],
  [
    "with a key of Ed25519",
    leaf({ key: ["-algorithm", "ed25519"] }),
    [between],
    [`1 is not allowed: browsers do not take keys of the type ed25519; ${KEYS}`],
  ],
  [
    "with a key of P-521",
    leaf({ key: ec("P-521") }),
    [between],
    [`1 is not allowed: browsers do not take keys of the curve secp521r1; ${KEYS}`],
  ],
  [
    "with a key of secp256k1",
    leaf({ key: ec("secp256k1") }),
    [between],
    [`1 is not allowed: browsers do not take keys of the curve secp256k1; ${KEYS}`],
  ],
  [
    "that is signed with ECDSA and SHA-1",
    leaf({ digest: "sha1" }),
    [between],
    [`1 is not allowed: it is signed with SHA-1, which can be forged; ${SIGNED}`],
  ],
  [
    "that is signed with RSA and SHA-1",
    leaf({ issuer: rsaRoot, digest: "sha1" }),
    [rsaRoot],
    [`1 is not allowed: it is signed with SHA-1, which can be forged; ${SIGNED}`],
  ],
  [
    "that is signed with RSASSA-PSS and SHA-1",
    leaf({ issuer: rsaRoot, digest: "sha1", sign: PSS }),
    [rsaRoot],
    [`1 is not allowed: it is signed with SHA-1, which can be forged; ${SIGNED}`],
  ],
  [
    "that is signed with MD5",
    leaf({ issuer: rsaRoot, digest: "md5" }),
    [rsaRoot],
    [`1 is not allowed: it is signed in a way that browsers do not take; ${SIGNED}`],
  ],
  [
    "under one that is signed with SHA-1",
    leaf({ issuer: weak }),
    [weak],
    [`2 is not allowed: it is signed with SHA-1, which can be forged; ${SIGNED}`],
  ],
  ["under a stranger", good, [stranger], [`2 ${ORDER}`]],
  ["under a namesake of who issued it", good, [namesake], [`2 ${ORDER}`]],
  ["under the root at once", good, [root, between], [`2 ${ORDER}`, `3 ${ORDER}`]],
  ["twice", good, [good], [`2 ${ORDER}`]],
  [
    "for another name",
    leaf({ extensions: ["subjectAltName = DNS:www.example.org"] }),
    [between],
    [`1 ${OTHER_NAME}`],
  ],
  [
    "for the name's address alone",
    leaf({ extensions: ["subjectAltName = IP:203.0.113.5"] }),
    [between],
    [`1 ${OTHER_NAME}`],
  ],
  [
    "for a wildcard of another level",
    leaf({ extensions: ["subjectAltName = DNS:*.app.example.org"] }),
    [between],
    [`1 ${OTHER_NAME}`],
  ],
  [
    "that says its name in the subject alone",
    make(NAME, { extensions: ["basicConstraints = CA:FALSE"], issuer: between }),
    [between],
    ["1 is not allowed: it is for no host at all; give one with subject alternative names"],
  ],
  ["with another's key", { ...good, privateKey: root.privateKey }, [between], [OTHER_KEY]],
  [
    "with a key of another kind",
    { ...good, privateKey: leaf({ key: rsa(2048) }).privateKey },
    [between],
    [OTHER_KEY],
  ],
];

const prefixed = (line: string): string =>
  line.startsWith("application.") ? line : `application.certificate.chain: certificate ${line}`;

describe("a certificate", () => {
  it.each(BAD)("%s is refused", (_, made, above, lines) => {
    expect(faultsOf(made, above)).toEqual(lines.map(prefixed));
  });
});

describe("what is read of PEM", () => {
  it("is every certificate in it, whatever stands around them", () => {
    const text = `subject=CN = app\n${good.certificate}\r\n\nissuer\n${between.certificate}`;
    expect(readChain(text)?.map(({ subject }) => subject)).toEqual(["CN=app", "CN=between"]);
  });

  it.each(["", "no PEM", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"])(
    "is no certificate in %j",
    (text) => {
      expect(readChain(text)).toBeUndefined();
      expect(readKey(text)).toBeUndefined();
    },
  );

  it("is a key in each of OpenSSL's forms, unless it is encrypted", () => {
    const key = createPrivateKey(good.privateKey);
    const sec1 = key.export({ format: "pem", type: "sec1" }).toString();
    expect(readKey(sec1)?.equals(key)).toBe(true);
    const how = { cipher: "aes-256-cbc", passphrase: "x" };
    const encrypted = key.export({ format: "pem", type: "pkcs8", ...how }).toString();
    expect(readKey(encrypted)).toBeUndefined();
  });

  it("is when the first certificate ends", () => {
    const chain = leaf({ days: [-100, 20] }).certificate + between.certificate;
    expect(endOf(chain, NOW)).toEqual({ date: "2026-09-04", days: 20 });
  });

  it("is the first certificate's names", () => {
    const extensions = ["subjectAltName = DNS:a.example.org,email:x@example.org,DNS:*.b.org"];
    const chain = leaf({ extensions }).certificate + good.certificate;
    expect(namesIn(chain)).toEqual(["a.example.org"]);
  });
});
