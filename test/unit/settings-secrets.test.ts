/** What a message must never repeat, wherever in the settings it stands. */
import { ed25519Line, ed25519Private } from "./fixtures/keys";
import { faultsOf, goodSettings, RECIPIENT } from "./fixtures/settings";

const people = (admin: unknown): object => ({ admins: [admin] });

describe("a secret in the wrong place", () => {
  const canary = "canary" + "s3cr3t".repeat(10);
  const body = ed25519Private(5).split("\n")[2] ?? "";
  const places: [string, (text: string) => object][] = [
    ["the private key's", (text) => ({ deployerPrivateKey: text })],
    ["an object for the private key", (text) => ({ deployerPrivateKey: { text } })],
    ["a person's key", (text) => people({ name: "ada", keys: [text] })],
    ["a person's keys", (text) => people({ name: "ada", keys: text })],
    ["a person's name", (text) => people({ name: text, keys: [ed25519Line(1)] })],
    ["a person", (text) => people(text)],
    ["the deployer", (text) => ({ deployer: text })],
    ["a network", (text) => ({ ssh: { allowFrom: [text] } })],
    ["the region", (text) => ({ region: text })],
    ["a hash", (text) => people({ name: "ada", keys: [ed25519Line(1)], passwordHash: `${text}:` })],
    ["an enrolment", (text) => people({ name: "ada", keys: [ed25519Line(1)], enrolment: text })],
    ["the relay", (text) => ({ alerts: { mail: { relay: text } } })],
    ["the relay's password", (text) => ({ alerts: { mail: { password: `${text}\n` } } })],
    ["a webhook", (text) => ({ alerts: { slack: { webhook: `http://${text}` } } })],
    ["a channel", (text) => ({ alerts: { slack: text } })],
    ["a Pushover token", (text) => ({ alerts: { pushover: { token: `${text}.`, user: text } } })],
    ["a certificate", (text) => ({ alerts: { caCertificate: text } })],
    ["a white list", (text) => ({ alerts: { whiteList: [text] } })],
    ["a time server", (text) => ({ clock: { servers: [`${text}!`] } })],
    ["an outbound network", (text) => ({ outbound: { policy: "drop", allow: [{ to: [text] }] } })],
    ["the database", (text) => ({ database: text })],
    ["the engine", (text) => ({ database: { engine: text } })],
    ["a schema", (text) => ({ database: { schema: text } })],
    ["a suite", (text) => ({ database: { source: { kind: "suite", suite: text } } })],
    ["a suite too many", (text) => ({ database: { source: { suite: text } } })],
    ["the backups", (text) => ({ backup: text })],
    ["a recipient", (text) => ({ backup: { recipients: [text] } })],
    ["the recipients", (text) => ({ backup: { recipients: text } })],
    ["two recipients", (text) => ({ backup: { recipients: [text, text] } })],
    ["the time", (text) => ({ backup: { recipients: [RECIPIENT], time: text } })],
    ["a host", (text) => ({ backup: { recipients: [RECIPIENT], server: { host: text } } })],
    ["a host key", (text) => ({ backup: { recipients: [RECIPIENT], server: { hostKey: text } } })],
    ["the application", (text) => ({ application: text })],
    ["the application's certificate", (text) => ({ application: { certificate: text } })],
    ["the certificate's kind", (text) => ({ application: { certificate: { kind: text } } })],
    ["a chain", (text) => ({ application: { certificate: { kind: "own", chain: text } } })],
    [
      "the certificate's key",
      (text) => ({ application: { certificate: { kind: "own", privateKey: `${text}:` } } }),
    ],
    ["a key too many", (text) => ({ application: { certificate: { privateKey: text } } })],
    ["a chain too many", (text) => ({ application: { certificate: { chain: text } } })],
    ...["directory", "email", "acceptTerms", "names", "caCertificate"].map(
      (part): [string, (text: string) => object] => [
        `the certificate's ${part}`,
        (text) => ({ application: { certificate: { kind: "acme", [part]: text } } }),
      ],
    ),
    ["a name", (text) => ({ application: { certificate: { kind: "acme", names: [text, text] } } })],
    ["a setting that does not exist", (text) => ({ password: text, app: { token: { text } } })],
  ];

  it.each(places)("is not repeated in a message: %s", (_, given) => {
    const ageKey = `AGE-SECRET-KEY-1${canary.toUpperCase()}`;
    for (const text of [canary, ed25519Private(5), body, `ssh-rsa ${canary}`, ageKey]) {
      const shown = faultsOf({ ...goodSettings(), ...given(text) }).join("\n");
      expect(shown).not.toBe("");
      for (const part of [canary, canary.toUpperCase(), body.slice(0, 30)]) {
        expect(shown).not.toContain(part);
      }
    }
  });
});
