/** What the application may use and be known by, and the exact words of each refusal. */
import { createPrivateKey } from "node:crypto";

import {
  type ApplicationSettings,
  parseSettings,
  SettingsError,
} from "../../components/lib/settings";
import { goodSettings } from "./fixtures/settings";
import { OpenSsl } from "./fixtures/openssl";

const NOW = new Date("2026-08-15T12:00:00Z");

const openssl = new OpenSsl();
afterAll(() => {
  openssl.remove();
});

const LEAF = {
  extensions: ["basicConstraints = CA:FALSE", "subjectAltName = DNS:app.example.org"],
};
const { certificate: CHAIN, privateKey: KEY } = openssl.make("app", LEAF, NOW);
const OTHER_KEY = openssl.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256");
const DNS = { zone: "example.org", id: 7 };

function applicationOf(application: object, over: object = {}): ApplicationSettings {
  return parseSettings({ ...goodSettings(), application, ...over }, NOW).application;
}

function faultsOf(application: unknown, over: object = {}): readonly string[] {
  try {
    parseSettings({ ...goodSettings(), application, ...over }, NOW);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

const own = (more: object = {}): object => ({
  certificate: { kind: "own", chain: CHAIN, privateKey: KEY, ...more },
});

const MEMORY = "a size in MB is a whole number from 128 to 65536";
const TASKS = "a number of tasks is a whole number from 40 to 4096";
const ISSUE =
  "an issue is a whole number from 1; a higher one makes a new authority and a new certificate";
const PEM =
  "certificates in PEM are allowed, the server's own first, from -----BEGIN to -----END CERTIFICATE-----";
const KEY_PEM =
  "this key is not allowed: an unencrypted private key in PEM is allowed, from -----BEGIN to -----END PRIVATE KEY-----";
const SURPLUS =
  "is not allowed here: the stack's own authority makes the certificate; write kind: own too, or remove it";

const ENCRYPTED = createPrivateKey(KEY)
  .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" })
  .toString();

/** What is given as `application`, and the lines that come of it, `application.` left out. */
const ROWS: [what: string, given: unknown, ...lines: string[]][] = [
  ...[127, 65537, 200.5].map((memoryMB): [string, object, string] => [
    `${memoryMB} MB`,
    { memoryMB },
    `memoryMB: ${memoryMB} is not allowed: ${MEMORY}`,
  ]),
  [
    "memory in words",
    { memoryMB: "1 GB" },
    "memoryMB: a text is not allowed: how many MB of memory the application may use; leave it out for 512",
  ],
  ...[39, 4097].map((tasks): [string, object, string] => [
    `${tasks} tasks`,
    { tasks },
    `tasks: ${tasks} is not allowed: ${TASKS}`,
  ]),
  [
    "another setting",
    { port: 443 },
    "port: is not a setting: application has memoryMB, tasks, certificate; correct the name or remove it",
  ],
  [
    "another part of the certificate",
    { certificate: { key: "x" } },
    "certificate.key: is not a setting: application.certificate has kind, issue, chain, privateKey, directory, email, acceptTerms, names, caCertificate; correct the name or remove it",
  ],
  [
    "a text as the certificate",
    { certificate: "own" },
    "certificate: a text is not allowed: an object with kind and issue, with kind, chain and privateKey, or with kind, email, acceptTerms and names; write for example {kind: own, chain: ..., privateKey: ...}, or leave it out for the stack's own authority",
  ],
  [
    "another kind",
    { certificate: { kind: "none" } },
    'certificate.kind: "none" is not allowed: write authority, own or acme',
  ],
  ...[0, 1.5, 10_000].map((issue): [string, object, string] => [
    `issue ${issue}`,
    { certificate: { issue } },
    `certificate.issue: ${issue} is not allowed: ${ISSUE}`,
  ]),
  [
    "the stack's authority with a certificate",
    { certificate: { chain: CHAIN, privateKey: KEY } },
    `certificate.chain: ${SURPLUS}`,
    `certificate.privateKey: ${SURPLUS}`,
  ],
  [
    "a certificate of one's own that is missing",
    { certificate: { kind: "own" } },
    "certificate.chain: is missing: certificates in PEM, the server's own first; set what the file holds with `pulumi config set --path application.certificate.chain < file`",
    "certificate.privateKey: is missing: the private key in PEM; set it with `pulumi config set --secret --path application.certificate.privateKey < file`",
  ],
  [
    "an issue of one's own",
    own({ issue: 2 }),
    "certificate.issue: an issue is not allowed here: it counts the stack's own authorities; remove it, or write kind: authority",
  ],
  [
    "no chain",
    own({ chain: "fullchain.pem" }),
    `certificate.chain: this text is not allowed: ${PEM}`,
  ],
  [
    "a chain with the key in it",
    own({ chain: CHAIN + KEY }),
    `certificate.chain: a private key is not allowed: ${PEM}; give the key as privateKey, and replace it: it is exposed`,
  ],
  ["no key", own({ privateKey: CHAIN }), `certificate.privateKey: ${KEY_PEM}`],
  [
    "an encrypted key",
    own({ privateKey: ENCRYPTED }),
    "certificate.privateKey: this key is not allowed: an unencrypted private key in PEM is allowed, and this one is encrypted; decrypt it with `openssl pkey -in <file>`",
  ],
  [
    "another's key",
    own({ privateKey: OTHER_KEY }),
    "certificate.privateKey: this key is not allowed: it is not the key of the first certificate in chain; give the one that the certificate was asked for with",
  ],
];

describe("the application", () => {
  it("is known by the stack's own authority unless something else is said", () => {
    const certificate = { kind: "authority", issue: 1 };
    expect(applicationOf({})).toEqual({ memoryMB: 512, tasks: 64, certificate });
    expect(applicationOf({ certificate: { issue: 2 } }).certificate).toEqual({
      kind: "authority",
      issue: 2,
    });
  });

  it("may be known by a certificate of the operator's own, which comes back in one spelling", () => {
    const sec1 = createPrivateKey(KEY).export({ format: "pem", type: "sec1" }).toString();
    const chain = `Bag Attributes\n${CHAIN.replaceAll("\n", "\r\n")}\n`;
    const expected = { kind: "own", chain: CHAIN, privateKey: KEY };
    for (const given of [own(), own({ chain, privateKey: sec1 })]) {
      expect(applicationOf(given, { dns: DNS }).certificate).toEqual(expected);
    }
  });

  it.each([
    ["app", { zone: "example.org", id: 7 }],
    ["the zone itself", { zone: "app.example.org", id: 7, app: "@" }],
  ])("has a certificate for the name that the stack makes: %s", (_, dns) => {
    expect(applicationOf(own(), { dns }).certificate.kind).toBe("own");
  });

  it.each([
    ["www.example.org", { zone: "example.org", id: 7, app: "www" }],
    ["example.org", { zone: "example.org", id: 7, app: "@" }],
    ["app.example.net", { zone: "example.net", id: 7 }],
  ])("is refused with a certificate for another name than %s", (name, dns) => {
    expect(faultsOf(own(), { dns })).toEqual([
      `application.certificate.chain: certificate 1 is not allowed: it is not for ${name}, which is the app server's ` +
        "name by the setting dns; give one for that name, or correct dns.app",
    ]);
  });

  it.each(ROWS)("is refused with %s", (_, given, ...lines) => {
    const faults = faultsOf(given);
    expect(faults).toEqual(lines.map((line) => `application.${line}`));
    for (const line of KEY.split("\n").slice(1, -2)) expect(faults.join("\n")).not.toContain(line);
  });

  it("is told of all faults at once", () => {
    const old = openssl.make("app", { ...LEAF, days: [-90, -1] }, NOW);
    const given = { tasks: 1, certificate: { kind: "own", issue: 0, chain: old.certificate } };
    const faults = faultsOf(given, { region: "Mars" });
    expect(faults.map((line) => line.split(/:(?! own)/)[0])).toEqual([
      "region",
      "application.tasks",
      "application.certificate.issue",
      "application.certificate.privateKey",
      "application.certificate.issue",
      "application.certificate.chain",
    ]);
  });
});
