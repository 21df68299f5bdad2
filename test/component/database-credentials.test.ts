/** What proves clients and the database to each other: drawn once, drawn anew when it is asked for. */
import { X509Certificate } from "node:crypto";

import { DatabaseCredentials } from "../../components/database-credentials";
import { authorityCertificate, serverCertificate } from "../../components/lib/certificates";
import { type DatabaseSettings, parseSettings } from "../../components/lib/settings";
import { goodSettings } from "../unit/fixtures/settings";
import { revealed } from "./environment-fixture";
import { type Recording, record, seedOf } from "./recorder";

const LABEL = "stronghold-test-db";
const ADDRESS = "192.168.129.102";

function settingsOf(over: object): DatabaseSettings {
  return parseSettings({ ...goodSettings(), database: over }).database;
}

function recordCredentials(over: object = {}): Promise<Recording> {
  return record(() => {
    const args = { settings: settingsOf(over), server: LABEL };
    const credentials = new DatabaseCredentials("db-access", args);
    const { application, deployment, caCertificate } = credentials;
    const server = credentials.serverCertificate(LABEL, ADDRESS);
    const { certificate, privateKey } = server;
    return { application, deployment, caCertificate, server, certificate, privateKey };
  });
}

/** What was drawn, by name, with the inputs. */
function drawn({ resources }: Recording): Record<string, unknown> {
  const own = resources.filter(({ type }) => type.startsWith("random:"));
  return Object.fromEntries(own.map(({ name, inputs }) => [name, inputs]));
}

function passwordNames(recording: Recording): string[] {
  return Object.keys(drawn(recording)).filter((name) => name.includes("password"));
}

const seedsOf = (name: string): Buffer => seedOf(`db-access-${name}`);

const AUTHORITY = { name: `${LABEL} CA`, seed: seedsOf("authority-seed") };

describe("a first stack", () => {
  it("draws one password an account and two seeds, and nothing else", async () => {
    const recording = await recordCredentials();
    const password = { length: 32, special: false, minLower: 1, minUpper: 1, minNumeric: 1 };
    const seed = { length: 64, special: false, keepers: { issue: "1" } };
    expect(drawn(recording)).toEqual({
      "db-access-application-password-1": password,
      "db-access-deployment-password-1": password,
      "db-access-authority-seed": seed,
      "db-access-server-seed": seed,
    });
    const [component, ...children] = recording.resources.filter(
      ({ type }) => type !== "pulumi:pulumi:Stack",
    );
    expect(component).toMatchObject({
      type: "stronghold:index:DatabaseCredentials",
      name: "db-access",
      inputs: {},
    });
    expect(children.map(({ parent }) => parent)).toEqual(Array(4).fill("db-access"));
  });

  it("has no other password that works, and keeps all of them secret", async () => {
    const { outputs, componentOutputs } = await recordCredentials();
    for (const account of ["application", "deployment"]) {
      const password = `canary-password-of-db-access-${account}-password-1`;
      const expected = { current: { secret: password }, previous: { secret: "" } };
      expect(outputs[account]).toEqual(expected);
      expect(componentOutputs["db-access"]?.[account]).toEqual(expected);
    }
  });
});

describe("rotated passwords", () => {
  const passwords = (issue: number, previous?: string): object => ({
    passwords: { issue, ...(previous === undefined ? {} : { previous }) },
  });

  it("are new beside those of the issue before, whose resources keep their names and inputs", async () => {
    const before = drawn(await recordCredentials());
    const after = await recordCredentials(passwords(2));
    expect(passwordNames(after)).toEqual([
      "db-access-application-password-2",
      "db-access-application-password-1",
      "db-access-deployment-password-2",
      "db-access-deployment-password-1",
    ]);
    // The same name and inputs: the engine leaves the password what it was.
    expect(drawn(after)).toMatchObject(before);
    expect(after.outputs["application"]).toEqual({
      current: { secret: "canary-password-of-db-access-application-password-2" },
      previous: { secret: "canary-password-of-db-access-application-password-1" },
    });
  });

  it("drop those of the issue before the previous one", async () => {
    expect(passwordNames(await recordCredentials(passwords(3)))).toEqual([
      "db-access-application-password-3",
      "db-access-application-password-2",
      "db-access-deployment-password-3",
      "db-access-deployment-password-2",
    ]);
  });

  it("stand alone once the previous ones are retired", async () => {
    const recording = await recordCredentials(passwords(2, "retire"));
    expect(passwordNames(recording)).toEqual([
      "db-access-application-password-2",
      "db-access-deployment-password-2",
    ]);
    expect(recording.outputs["deployment"]).toMatchObject({
      previous: { secret: "" },
    });
  });

  it("leave the authority what it was", async () => {
    const [before, after] = [await recordCredentials(), await recordCredentials(passwords(2))];
    expect(after.outputs["caCertificate"]).toBe(before.outputs["caCertificate"]);
    expect(after.outputs["server"]).toEqual(before.outputs["server"]);
  });
});

describe("certificates", () => {
  it("come of the seeds: the authority's in clear, the server's as a secret", async () => {
    const { outputs } = await recordCredentials();
    const server = { label: LABEL, address: ADDRESS, seed: seedsOf("server-seed") };
    const expected = serverCertificate(AUTHORITY, server);
    expect(outputs["caCertificate"]).toBe(authorityCertificate(AUTHORITY));
    expect(revealed(outputs["server"])).toEqual(expected);
    expect(revealed(outputs["certificate"])).toBe(expected.certificate);
    expect(revealed(outputs["privateKey"])).toBe(expected.privateKey);
  });

  it("name the authority after the server", async () => {
    const { outputs } = await recordCredentials();
    const shown = new X509Certificate(String(outputs["caCertificate"]));
    expect(shown.subject).toBe("CN=stronghold-test-db CA");
  });

  it("are drawn anew for a later issue, and passwords are not", async () => {
    const recording = await recordCredentials({ certificates: { issue: 4 } });
    expect(drawn(recording)).toMatchObject({
      "db-access-authority-seed": { keepers: { issue: "4" } },
      "db-access-server-seed": { keepers: { issue: "4" } },
    });
    expect(passwordNames(recording)).toEqual([
      "db-access-application-password-1",
      "db-access-deployment-password-1",
    ]);
  });
});
