import { readFileSync } from "node:fs";
import { join } from "node:path";

import Ajv from "ajv/dist/2020";
import addFormats from "ajv-formats";

import {
  type StackOutputs,
  outputFaults,
  outputsSchema,
} from "../../components/lib/outputs-contract";
import { ed25519Line } from "./fixtures/keys";
import { RECIPIENT } from "./fixtures/settings";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const CANARY = "canary-7d1f";

const server = (number: number, privateIPv4: string): StackOutputs["app"] => ({
  id: String(number),
  label: `stronghold-test-${number}`,
  publicIPv4: `203.0.113.${number}`,
  publicIPv6: `2001:db8::${number}`,
  privateIPv4,
  domainName: "",
});

const person = {
  password: CANARY,
  uri: "otpauth://totp/app:ada?secret=A",
  secret: "A",
  scratchCodes: ["12345678"],
};

const OUTPUTS: StackOutputs = {
  outputsVersion: 1,
  app: server(1, "192.168.129.1"),
  database: server(2, "192.168.129.2"),
  backup: server(3, ""),
  deployer: "deployer",
  sshConfig: "Host app\n",
  knownHosts: "stronghold-test-app ssh-ed25519 AAAA\n",
  enrolments: { app: { ada: person }, database: { ada: person }, backup: { ada: {} } },
  application: { origin: "https://203.0.113.1", authority: CERTIFICATE },
  databaseAccess: {
    engine: "mysql",
    host: "192.168.129.2",
    port: 3306,
    schema: "app",
    ca: CERTIFICATE,
    application: { user: "application", password: CANARY },
    deployment: { user: "deployment", password: CANARY },
  },
  databaseCa: CERTIFICATE,
  backups: {
    origin: "stronghold-test",
    recipients: [RECIPIENT],
    signer: ed25519Line(1),
    schema: "app",
    engine: "mysql",
  },
};

const without = (name: string): object =>
  Object.fromEntries(Object.entries(OUTPUTS).filter(([key]) => key !== name));

const masked = { ...OUTPUTS, enrolments: "[secret]", databaseAccess: "[secret]" };

/** What keeps the contract, and what does not. */
const ROWS: [string, object, string[]][] = [
  ["a whole stack", OUTPUTS, []],
  ["secrets that do not show", masked, []],
  ["an output and a field more", { ...OUTPUTS, more: 1, app: { ...OUTPUTS.app, more: 1 } }, []],
  [
    "a server that was there before",
    { ...OUTPUTS, backup: { ...server(3, ""), publicIPv6: "" } },
    [],
  ],
  [
    "a certificate of the operator's own",
    { ...OUTPUTS, application: { origin: "https://app.example.org", authority: "" } },
    [],
  ],
  ...Object.keys(OUTPUTS).map((name): [string, object, string[]] => [
    `no ${name}`,
    without(name),
    [name],
  ]),
  ["another version", { ...OUTPUTS, outputsVersion: 2 }, ["outputsVersion"]],
  [
    "a name for an address",
    { ...OUTPUTS, app: { ...OUTPUTS.app, publicIPv4: "app" } },
    ["app.publicIPv4"],
  ],
  ["a number for an id", { ...OUTPUTS, app: { ...OUTPUTS.app, id: 1 } }, ["app.id"]],
  [
    "an origin without HTTPS",
    { ...OUTPUTS, application: { origin: "http://203.0.113.1", authority: "" } },
    ["application.origin"],
  ],
  [
    "an origin with a path",
    { ...OUTPUTS, application: { origin: "https://203.0.113.1/", authority: "" } },
    ["application.origin"],
  ],
  [
    "an output that is masked but no secret",
    { ...OUTPUTS, databaseCa: "[secret]" },
    ["databaseCa"],
  ],
  [
    "a database without a password",
    { ...OUTPUTS, databaseAccess: { ...OUTPUTS.databaseAccess, application: { user: "a" } } },
    ["databaseAccess"],
  ],
];

const checkSchema = addFormats(new Ajv({ strict: true })).compile(outputsSchema());

describe("the contract", () => {
  it.each(ROWS)("on %s", (_, outputs, paths) => {
    const faults = outputFaults(outputs);
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(paths);
    expect(faults.join("\n")).not.toContain(CANARY);
    expect(checkSchema(outputs)).toBe(paths.length === 0);
  });

  it.each([[undefined], [null], ["[secret]"], [[]]])("is not kept by %j", (outputs) => {
    expect(outputFaults(outputs)).toHaveLength(1);
  });

  it("is what outputs.schema.json says: npm run --silent outputs -- schema > outputs.schema.json", () => {
    const file = join(__dirname, "../../outputs.schema.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(
      JSON.parse(JSON.stringify(outputsSchema())),
    );
  });
});
