/** What proves the application to browsers: drawn once, drawn anew when it is asked for, or given. */
import { X509Certificate } from "node:crypto";

import { ApplicationCertificate } from "../../components/application-certificate";
import type { ApplicationSettings } from "../../components/lib/settings";
import {
  webAuthorityCertificate,
  webServerCertificate,
} from "../../components/lib/web-certificates";
import { revealed } from "./environment-fixture";
import { type Recorded, type Recording, record, seedOf } from "./recorder";

const LABEL = "stronghold-test-app";
const HOSTS = ["app.example.org", "203.0.113.101", "2001:db8:113::101"];
const NOW = new Date("2026-08-15T12:00:00Z");

type Settings = ApplicationSettings["certificate"];

function recordCertificate(settings: Settings, now = NOW): Promise<Recording> {
  return record(() => {
    const args = { settings, server: LABEL, hosts: HOSTS, now };
    const { authority, certificate, privateKey } = new ApplicationCertificate("web", args);
    return { authority, certificate, privateKey };
  });
}

const AUTHORITY = { name: `${LABEL} CA`, seed: seedOf("web-authority-seed"), hosts: HOSTS };
const SERVER = { label: LABEL, seed: seedOf("web-server-seed"), now: NOW };

function childrenOf({ resources }: Recording): Recorded[] {
  return resources.filter(({ parent }) => parent === "web");
}

describe("a certificate of the stack's own authority", () => {
  it("comes of two seeds, and of nothing else", async () => {
    const recording = await recordCertificate({ kind: "authority", issue: 1 });
    expect(recording.get("web")).toMatchObject({
      type: "stronghold:index:ApplicationCertificate",
      inputs: {},
    });
    const seed = { length: 64, special: false, keepers: { issue: "1" } };
    expect(childrenOf(recording).map(({ name, type, inputs }) => [name, type, inputs])).toEqual([
      ["web-authority-seed", "random:index/randomPassword:RandomPassword", seed],
      ["web-server-seed", "random:index/randomPassword:RandomPassword", seed],
    ]);
  });

  it("is in clear as its authority is, and its key a secret", async () => {
    const { outputs, componentOutputs } = await recordCertificate({ kind: "authority", issue: 1 });
    const { certificate, privateKey } = webServerCertificate(AUTHORITY, SERVER);
    const authority = webAuthorityCertificate(AUTHORITY);
    expect(outputs).toEqual({ authority, certificate, privateKey: { secret: privateKey } });
    expect(componentOutputs["web"]).toEqual(outputs);
  });

  it("is drawn anew, with the authority, for a later issue", async () => {
    const recording = await recordCertificate({ kind: "authority", issue: 4 });
    const keepers = childrenOf(recording).map(({ inputs }) => inputs["keepers"]);
    expect(keepers).toEqual([{ issue: "4" }, { issue: "4" }]);
  });

  it("is renewed in the next quarter, by the same authority with the same key", async () => {
    const at = async (time: string): Promise<Recording["outputs"]> =>
      (await recordCertificate({ kind: "authority", issue: 1 }, new Date(time))).outputs;
    const now = await at("2026-08-15");
    expect(await at("2026-09-30T23:59:59Z")).toEqual(now);
    const next = await at("2026-10-01");
    const { authority, privateKey } = now;
    expect(next).toMatchObject({ authority, privateKey });
    expect(next["certificate"]).not.toBe(now["certificate"]);
  });

  it("is of this run unless something else is said", async () => {
    const { outputs } = await record(() => {
      const settings = { kind: "authority", issue: 1 } as const;
      const { certificate } = new ApplicationCertificate("web", {
        ...{ settings, server: LABEL, hosts: HOSTS },
      });
      return { certificate };
    });
    const { validFrom } = new X509Certificate(String(outputs["certificate"]));
    const age = Date.now() - new Date(validFrom).getTime();
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(93 * 86_400_000);
  });
});

describe("a certificate that is shown until an ACME server has made another", () => {
  it("is what the stack's own authority would make, which nobody is told of", async () => {
    const acme = await recordCertificate({
      ...{
        kind: "acme",
        directory: "https://acme.example.org/directory",
        names: HOSTS.slice(0, 1),
      },
      ...{ email: "hostmaster@example.org", caCertificate: "" },
    });
    const ours = await recordCertificate({ kind: "authority", issue: 1 });
    expect(childrenOf(acme)).toEqual(childrenOf(ours));
    expect(acme.outputs).toEqual({ ...ours.outputs, authority: "" });
    expect(acme.componentOutputs["web"]).toEqual(acme.outputs);
  });
});

describe("a certificate of the operator's own", () => {
  const settings: Settings = { kind: "own", chain: "the chain", privateKey: "canary-key" };

  it("is handed on as it is, its key as a secret, and nothing is drawn", async () => {
    const recording = await recordCertificate(settings);
    expect(childrenOf(recording)).toEqual([]);
    expect(recording.outputs).toEqual({
      authority: "",
      certificate: "the chain",
      privateKey: { secret: "canary-key" },
    });
    expect(recording.componentOutputs["web"]).toEqual(recording.outputs);
    expect(revealed(recording.outputs["privateKey"])).toBe("canary-key");
  });
});
