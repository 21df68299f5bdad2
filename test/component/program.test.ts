/** The program as the engine evaluates it: from the stack's configuration to its outputs. */
import * as pulumi from "@pulumi/pulumi";

import { OUTPUTS } from "../../components/lib/outputs-contract";
import { readSettings } from "../../components/settings-config";
import { OpenSsl } from "../unit/fixtures/openssl";
import { ed25519Line, ed25519Private } from "../unit/fixtures/keys";
import { RECIPIENT } from "../unit/fixtures/settings";
import { record, type RecordOptions } from "./recorder";

function config(over: Record<string, unknown> = {}): Record<string, string> {
  const settings = {
    region: "us-east",
    ssh: { allowFrom: ["203.0.113.10/32"] },
    admins: [{ name: "ada", keys: [ed25519Line(1)] }],
    deployer: { keys: [ed25519Line(2)] },
    alerts: { slack: { webhook: "https://hooks.example.org/services/x" } },
    backup: { recipients: [RECIPIENT] },
    deployerPrivateKey: "",
    ...over,
  };
  // As the CLI hands them over: texts as they are, all else as JSON.
  const text = (value: unknown): string =>
    typeof value === "string" ? value : JSON.stringify(value);
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`stronghold:${key}`, text(value)]),
  );
}

/** The message with which the program refuses its settings. */
async function refusal(options: RecordOptions): Promise<string> {
  try {
    await record(() => readSettings(), options);
  } catch (error) {
    // The engine shows the message of such an error alone, without a stack trace.
    if (pulumi.RunError.isInstance(error)) return error.message;
    throw error;
  }
  return "accepted";
}

describe("the settings of a stack", () => {
  const read = async (over: Record<string, unknown>): Promise<ReturnType<typeof readSettings>> => {
    let settings: ReturnType<typeof readSettings> | undefined;
    await record(
      () => {
        settings = readSettings();
      },
      { config: config(over) },
    );
    return settings!;
  };

  it("are read from its configuration", async () => {
    const settings = await read({ app: { type: "g6-standard-2" } });
    expect(settings.app.type).toBe("g6-standard-2");
    expect(settings.ssh.allowFrom).toEqual(["203.0.113.10/32"]);
    expect(settings.deployerPrivateKey).toBeUndefined();
  });

  it("may hold the deployer's private key as a text", async () => {
    const privateKey = ed25519Private(2);
    const { deployerPrivateKey } = await read({ deployerPrivateKey: privateKey });
    expect(deployerPrivateKey).toBe(privateKey);
  });

  it.each([
    [
      { ssh: { allowFrom: ["anywhere"] } },
      "ssh.allowFrom is anywhere: the whole internet can knock at the app server's SSH.",
    ],
    [
      {
        twoFactor: { unenrolled: "keyOnly" },
        admins: [{ name: "ada", keys: [ed25519Line(1)], enrolment: 0 }],
      },
      "twoFactor.unenrolled is keyOnly: a stolen key of ada is enough to get in.",
    ],
    [
      { alerts: { logOnly: true } },
      "alerts.logOnly is true: nobody is told when somebody logs in.",
    ],
    [
      { database: { source: { expired: "accept" } } },
      "database.source.expired is accept: a list of packages that has run out is taken, so whoever stands in between can hold back security updates.",
    ],
  ])("warn of what is loose: %j", async (over, warning) => {
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    await read(over);
    expect(warn.mock.calls.map(([message]) => message)).toEqual([warning]);
    warn.mockRestore();
  });
});

describe("a certificate of the operator's own", () => {
  const NOW = new Date("2026-08-15T12:00:00Z");
  const openssl = new OpenSsl();
  afterAll(() => {
    openssl.remove();
  });

  it.each([
    [22, []],
    [20, ["application.certificate.chain ends on 2026-09-04, in 20 days: give the renewed"]],
    [1, ["application.certificate.chain ends on 2026-08-16, in 1 day: give the renewed"]],
  ])("that ends in %i days: %j", async (days, expected) => {
    const extensions = ["subjectAltName = DNS:app.example.org"];
    const made = openssl.make("app", { extensions, days: [-10, days] }, NOW);
    const { certificate: chain, privateKey } = made;
    const application = { certificate: { kind: "own", chain, privateKey } };
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    await record(
      () => {
        readSettings(NOW);
      },
      { config: config({ application }) },
    );
    const said = warn.mock.calls.map(([message]) => message.split(" certificate before")[0]);
    expect(said).toEqual(expected);
    warn.mockRestore();
  });
});

describe("bad settings", () => {
  it("are refused all at once, with the stack's name", async () => {
    const given = config({ region: "Mars", zone: "a", admins: "ada", ssh: "{" });
    const message = await refusal({ config: given, stack: "My_Stack" });
    const places = message.split("\n").map((line) => line.split(":")[0]);
    expect(places).toEqual([
      "The settings have 5 faults; nothing was created.",
      "  - stack",
      "  - region",
      "  - ssh",
      "  - admins",
      "  - zone",
    ]);
  });

  it("are refused without a key for the backups, and it is said how to make one", async () => {
    const given = Object.entries(config()).filter(([key]) => key !== "stronghold:backup");
    const message = await refusal({ config: Object.fromEntries(given) });
    expect(message).toContain("1 fault; nothing was created.\n  - backup: is missing: ");
    expect(message).toContain("`npm run backup -- keygen`");
  });

  it("are found in keys that no setting has, their values not repeated", async () => {
    const message = await refusal({ config: config({ passwort: "canary" }) });
    expect(message).toContain("  - passwort: is not a setting: the settings are region, app,");
    expect(message).not.toContain("canary");
  });

  it("do not include keys of other namespaces", async () => {
    const options = { config: { ...config(), "linode:token": "x", "aws:region": "y" } };
    expect(await refusal(options)).toBe("accepted");
  });

  it("include the name of the stack by itself", async () => {
    const message = await refusal({ config: config(), stack: "far-too-long-for-a-label" });
    expect(message).toContain('The settings have 1 fault; nothing was created.\n  - stack: "far');
  });
});

describe("the program", () => {
  const evaluate = (): unknown => jest.requireActual<() => Promise<unknown>>("../../index")();

  it("registers nothing at all when the settings are bad", async () => {
    const registered = jest.fn();
    const options = { config: config({ region: "Mars" }), onRegister: registered };
    await expect(record(evaluate, options)).rejects.toThrow('region: "Mars" is not allowed');
    const types = registered.mock.calls.map(([{ type }]: [{ type: string }]) => type);
    expect(types.filter((type) => type !== "pulumi:pulumi:Stack")).toEqual([]);
  });

  it("declares one environment and exports what it offers", async () => {
    const recording = await record(evaluate, { config: config() });
    const environments = recording.ofType("stronghold:index:TwoServerEnvironment");
    expect(environments.map(({ name, parent }) => [name, parent])).toEqual([["environment", ""]]);
    expect(Object.keys(recording.outputs).sort()).toEqual(Object.keys(OUTPUTS.shape).sort());
  });
});
