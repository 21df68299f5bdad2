/** What an ACME server is asked for, and the exact words of each refusal. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type ApplicationSettings, parseSettings } from "../../components/lib/settings";
import { faultsOf, goodSettings } from "./fixtures/settings";

const PEM = readFileSync(join(__dirname, "fixtures", "authority.pem"), "utf8");
const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
const DNS = { zone: "example.org", id: 7 };
/** Of 64 characters, the most that a first name has. */
const LONGEST = `${"a".repeat(52)}.example.org`;

const acme = (more: object = {}): object => ({
  kind: "acme",
  email: "hostmaster@example.org",
  acceptTerms: true,
  names: ["www.example.org"],
  ...more,
});

function certificateOf(certificate: object, over: object = {}): ApplicationSettings["certificate"] {
  return parseSettings({ ...goodSettings(), application: { certificate }, ...over }).application
    .certificate;
}

/** The lines that come of it, `application.certificate.` left out. */
function linesOf(certificate: object, over: object = {}): string[] {
  const faults = faultsOf({ ...goodSettings(), application: { certificate }, ...over });
  return faults.map((line) => line.replace(/^application\.certificate\./, ""));
}

describe("a certificate from an ACME server", () => {
  it("is Let's Encrypt's unless another is named", () => {
    expect(certificateOf(acme())).toEqual({
      kind: "acme",
      directory: LETS_ENCRYPT,
      email: "hostmaster@example.org",
      names: ["www.example.org"],
      caCertificate: "",
    });
    const directory = "https://CA.example.org:14000/acme/~a/directory";
    expect(certificateOf(acme({ directory, caCertificate: `\n${PEM}` }))).toMatchObject({
      directory: "https://ca.example.org:14000/acme/~a/directory",
      caCertificate: PEM,
    });
  });

  it("is for the name that the stack makes where it makes one, and for others beside it", () => {
    const names = ["a.example.org", "b.example.org", "c.example.org"];
    const more = ["app.example.org", "xn--bcher-kva.example", "1.2.3.de"];
    expect(certificateOf(acme({ names: undefined }), { dns: DNS })).toMatchObject({ names: [] });
    const certificate = certificateOf(acme({ names: [...names, ...more] }), { dns: DNS });
    expect(certificate).toMatchObject({ names: [...names, ...more] });
  });

  it("has a first name that a certificate has room for", () => {
    expect(linesOf(acme({ names: [LONGEST, `www.${LONGEST}`] }))).toEqual([]);
    expect(linesOf(acme({ names: [`www.${LONGEST}`] }))).toEqual([
      "names[0]: a text of 68 characters is not allowed: the first name has at most 64 characters; put a shorter one first",
    ]);
    // With the stack's name, that one is the first.
    expect(linesOf(acme({ names: [`www.${LONGEST}`] }), { dns: DNS })).toEqual([]);
    expect(linesOf(acme(), { dns: { ...DNS, zone: LONGEST } })).toEqual([
      'kind: "acme" is not allowed: the first name of its certificate has at most 64 characters, and the app server\'s name by the setting dns has 68; choose a shorter dns.app, or another kind',
    ]);
  });
});

const DIRECTORY =
  "the https address of an ACME server's directory is allowed, without user, query and fragment; write it like " +
  LETS_ENCRYPT;
const EMAIL =
  "an email is an address to which the ACME server may write, of the form name@domain; write it like hostmaster@example.org";
const TERMS =
  "true alone is allowed, and means that you accept the terms of service of the authority behind the ACME server; read them, then write acceptTerms: true";
const TERMS_SHAPE =
  "true, by which you accept the terms of service of the authority behind the ACME server (Let's Encrypt's are at https://letsencrypt.org/repository); read them, then write acceptTerms: true";
const EMAIL_SHAPE =
  "a mail address to which the ACME server may write; write for example hostmaster@example.org";
const NAMES_SHAPE =
  "the list of at least one DNS name that leads to the app server, beside the one that the setting dns makes; write for example [www.example.org]";
const NAME = "a name is a whole DNS name in lower-case letters; write it like www.example.org";
const WILDCARD =
  "the ACME server asks each name itself, at its port 80 (http-01), and nothing answers for a wildcard; write each name out";
const ADDRESS =
  "names are certified, and this is an address; write a name that leads to it, such as www.example.org";
const NO_NAMES =
  "names: is missing: without the setting dns nothing says for which names the certificate is; write for example [www.example.org], or set dns";

describe("an ACME server's certificate is refused", () => {
  it.each([
    ["http://acme.example.org/directory", undefined],
    [`http://${"acme.".repeat(6)}example.org/directory`, "a text of 58 characters"],
    ["http://127.0.0.1/dir", undefined],
    ["http://localhost:14000/dir", undefined],
    ["ftp://acme.example.org/dir", undefined],
    ["acme.example.org", undefined],
    ["https://acme.example.org", undefined],
    ["https://acme.example.org:70000/", undefined],
    ["https://acme.example.org/$(id)", undefined],
    ['https://acme.example.org/"', undefined],
    ["https://acme.example.org/a\nB=c", "a text of 30 characters"],
    ["https://a:secret@acme.example.org/dir", "this address"],
    ["https://acme.example.org/dir?key=secret", "this address"],
    ["https://acme.example.org/dir#secret", "this address"],
    ["", undefined],
  ])("with the directory %j", (directory, shown = JSON.stringify(directory)) => {
    expect(linesOf(acme({ directory }))).toEqual([
      `directory: ${shown} is not allowed: ${DIRECTORY}`,
    ]);
  });

  it.each([
    ...["ada", "ada@example", "@example.org", "Ada <ada@example.org>", "a@b@example.org"],
    ...["mailto:ada@example.org", 'a"b@example.org', "$(id)@example.org", "a%00@example.org", ""],
    ...["ada@-.example.org", "ada@exam_ple.org"],
  ])("with the email %j", (email) => {
    expect(linesOf(acme({ email }))).toEqual([
      `email: ${JSON.stringify(email)} is not allowed: ${EMAIL}`,
    ]);
  });

  it.each([
    [false, "false"],
    ["yes", '"yes"'],
    ["true", '"true"'],
    [1, "1"],
    [null, "an empty value"],
  ])("with terms that are not accepted: %j", (acceptTerms, shown) => {
    expect(linesOf(acme({ acceptTerms }))).toEqual([
      `acceptTerms: ${shown} is not allowed: ${TERMS}`,
    ]);
  });

  it.each([
    ["*.example.org", WILDCARD],
    ["*", WILDCARD],
    ["203.0.113.5", ADDRESS],
    ["2001:db8::5", ADDRESS],
    ...["www", "WWW.example.org", "www.example.org.", "www..example.org", "a_b.example.org"].map(
      (name): [string, string] => [name, NAME],
    ),
    ...[
      "-a.example.org",
      "https://example.org",
      "a.example.org:80",
      "bücher.example",
      "1.2",
      "",
    ].map((name): [string, string] => [name, NAME]),
    ["www.example.1-2", NAME],
  ])("with the name %j", (name, why) => {
    expect(linesOf(acme({ names: ["www.example.org", name] }))).toEqual([
      `names[1]: ${JSON.stringify(name)} is not allowed: ${why}`,
    ]);
  });

  it.each<[string, object, ...string[]]>([
    [
      "nothing but its kind",
      { kind: "acme" },
      `email: is missing: ${EMAIL_SHAPE}`,
      `acceptTerms: is missing: ${TERMS_SHAPE}`,
      NO_NAMES,
    ],
    ["no names at all", acme({ names: undefined }), NO_NAMES],
    [
      "an empty list of names",
      acme({ names: [] }),
      `names: an empty list is not allowed: ${NAMES_SHAPE}`,
    ],
    ["a text as names", acme({ names: "www" }), `names: a text is not allowed: ${NAMES_SHAPE}`],
    [
      "a number as a name",
      acme({ names: [7, 7] }),
      ...[0, 1].map(
        (at) =>
          `names[${at}]: 7 is not allowed: a DNS name that leads to the app server; write for example www.example.org`,
      ),
    ],
    [
      "seven names",
      acme({ names: ["a", "b", "c", "d", "e", "f", "g"].map((label) => `${label}.example.org`) }),
      "names: so long a list is not allowed: six names are enough; keep those that people use",
    ],
    [
      "a name twice",
      acme({ names: ["a.example.org", "b.example.org", "a.example.org"] }),
      'names[2]: "a.example.org" is not allowed: it is application.certificate.names[0], too; remove one of the two',
    ],
    [
      "no certificate as its authority",
      acme({ caCertificate: "ca.pem" }),
      "caCertificate: this text is not allowed: a certificate in PEM is allowed, from -----BEGIN to -----END CERTIFICATE-----",
    ],
    [
      "what another kind has",
      acme({ issue: 2, chain: PEM, privateKey: 7 }),
      "privateKey: 7 is not allowed: the private key in PEM; set it with `pulumi config set --secret --path application.certificate.privateKey < file`",
      "issue: an issue is not allowed here: it counts the stack's own authorities; remove it, or write kind: authority",
      "chain: is not allowed here: an ACME server makes the certificate; write kind: own instead, or remove it",
      "privateKey: is not allowed here: an ACME server makes the certificate; write kind: own instead, or remove it",
    ],
  ])("with %s", (_, certificate, ...lines) => {
    expect(linesOf(certificate)).toEqual(lines);
  });

  it("without names beside a setting dns that cannot be read, which alone is at fault", () => {
    const lines = linesOf(acme({ names: undefined }), { dns: { id: 7 } });
    expect(lines.map((line) => line.split(":")[0])).toEqual(["dns.zone"]);
  });

  it.each([
    [undefined, "the stack's own authority makes the certificate; write kind: acme too"],
    ["authority", "the stack's own authority makes the certificate; write kind: acme too"],
    ["own", "you give the certificate yourself; write kind: acme instead"],
  ])("where the kind is %s", (kind, why) => {
    const given = acme({ kind, directory: LETS_ENCRYPT, caCertificate: PEM });
    const lines = linesOf(given).filter((line) => !line.includes("is missing"));
    expect(lines).toEqual(
      ["directory", "email", "acceptTerms", "names", "caCertificate"].map(
        (part) => `${part}: is not allowed here: ${why}, or remove it`,
      ),
    );
  });

  it("with all of it said at once", () => {
    const wrong = { directory: "x", email: "x", acceptTerms: false, names: ["*", "*"], issue: 0 };
    const lines = linesOf(acme({ ...wrong, caCertificate: "x", chain: "x" }), { region: "Mars" });
    expect(lines.map((line) => line.split(":")[0])).toEqual([
      ...["region", "issue", "chain", "directory", "email", "acceptTerms", "names[0]", "names[1]"],
      ...["caCertificate", "issue", "chain", "names[1]"],
    ]);
  });
});
