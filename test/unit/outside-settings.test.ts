import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse } from "yaml";

import { parseSettings } from "../../components/lib/settings";
import { prepareOperator } from "../../local/cli/operator";
import { ensureIdentity, type Identity } from "../../local/outside/identity";
import { fillInOutside } from "../../local/outside/settings";
import { cloudPaths } from "../../local/paths";

const folder = mkdtempSync(join(tmpdir(), "stronghold-outside-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const identity: Identity = {
  relayUser: "relay-1",
  relayPassword: "secret",
  webhookPath: "/services/T1/B1/x",
  pushoverToken: "t".repeat(30),
  pushoverUser: "u".repeat(30),
  caCertificate: "PEM",
  certificate: "",
  key: "",
};

const ALERTS = {
  mail: {
    relay: "203.0.113.1:587",
    tls: "starttls",
    user: "relay-1",
    password: "secret",
    from: "stronghold@local.test",
    to: ["ada@local.test"],
  },
  slack: { webhook: "https://203.0.113.1/services/T1/B1/x" },
  pushover: {
    url: "https://203.0.113.1/1/messages.json",
    token: "t".repeat(30),
    user: "u".repeat(30),
  },
  caCertificate: "PEM",
  whiteList: [],
};
const CLOCK = { servers: ["203.0.113.1"] };

function filled(config: Record<string, unknown>): Record<string, unknown> {
  fillInOutside(config, identity, "ada");
  return config;
}

describe("settings of a local cloud", () => {
  it("that name no time server and no alerts get the cloud's own", () => {
    const all = { "stronghold:clock": CLOCK, "stronghold:alerts": ALERTS };
    expect(filled({})).toEqual(all);
    expect(filled({ "stronghold:alerts": null })).toEqual(all);
  });

  it("keep the rest of what they say of alerts", () => {
    const alerts = { whiteList: ["203.0.113.10"], caCertificate: "own" };
    expect(filled({ "stronghold:alerts": alerts })["stronghold:alerts"]).toEqual({
      ...ALERTS,
      ...alerts,
    });
  });

  it.each([
    [{ logOnly: true }],
    [{ slack: { webhook: "https://example.org/x" } }],
    ["nonsense"],
    [["nonsense"]],
  ])("that decide themselves are left alone: %j", (alerts) => {
    const clock = { servers: ["ntp.example.org"] };
    const config = { "stronghold:alerts": alerts, "stronghold:clock": clock };
    expect(filled({ ...config })).toEqual(config);
  });

  it("are accepted as filled in, wholly, from the committed file", () => {
    const paths = {
      ...cloudPaths({ STRONGHOLD_STATE_DIR: folder }),
      operatorDir: join(folder, "operator"),
      outsideDir: join(folder, "outside"),
      configFile: join(folder, "operator", "Pulumi.local.yaml"),
    };
    prepareOperator(paths);
    const { config } = parse(readFileSync(paths.configFile, "utf8")) as { config: object };
    const raw = Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.replace("stronghold:", ""), value]),
    );
    const { alerts, clock } = parseSettings(raw);
    expect([Object.keys(alerts).sort(), clock]).toEqual([
      ["caCertificate", "logOnly", "mail", "pushover", "slack", "whiteList"],
      CLOCK,
    ]);
    expect(alerts.mail).toMatchObject({ to: ["ada@local.test"] });
    expect(statSync(paths.configFile).mode & 0o777).toBe(0o600);
  });
});

describe("the identity of an outside world", () => {
  it("is made once, and differs from any other", () => {
    const one = ensureIdentity(join(folder, "one"));
    expect(ensureIdentity(join(folder, "one"))).toEqual(one);
    const other = ensureIdentity(join(folder, "two"));
    const same = Object.entries(one).filter(
      ([key, value]) => other[key as keyof Identity] === value,
    );
    expect(same).toEqual([]);
  });

  it("is made anew over what an interrupted making left", () => {
    const left = join(folder, "three", "identity.new");
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, "ca.key"), "half");
    expect(ensureIdentity(join(folder, "three")).key).toContain("PRIVATE KEY");
    expect(() => statSync(left)).toThrow("ENOENT");
  });

  it("shows a certificate for the router's address that its own authority signed, for years", () => {
    const { certificate, caCertificate } = ensureIdentity(join(folder, "one"));
    const [leaf, ca] = [new X509Certificate(certificate), new X509Certificate(caCertificate)];
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkIP("203.0.113.1")).toBe("203.0.113.1");
    expect([leaf.ca, ca.ca]).toEqual([false, true]);
    expect(leaf.publicKey.asymmetricKeyType).toBe("ec");
    const years = (Date.parse(leaf.validTo) - Date.now()) / (365 * 86_400_000);
    expect(years).toBeGreaterThan(9);
  });
});
