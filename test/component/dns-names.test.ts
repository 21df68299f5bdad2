// Names for the servers: which records there are, and what they wait for.
import { ed25519Line } from "../unit/fixtures/keys";
import { recordEnvironment } from "./environment-fixture";
import type { Recording } from "./recorder";
import { RECIPIENT } from "../unit/fixtures/settings";

const RECORD = "linode:index/domainRecord:DomainRecord";
const RDNS = "linode:index/rdns:Rdns";

const dns = (over: object = {}): object => ({ dns: { zone: "example.org", id: 77, ...over } });

const inputsOf = (recording: Recording, type: string): unknown[] =>
  recording.ofType(type).map(({ inputs }) => inputs);

describe("names", () => {
  it("are none where none is asked for", async () => {
    const recording = await recordEnvironment();
    expect(recording.resources.filter(({ type }) => /domain|rdns/i.test(type))).toEqual([]);
    expect(recording.outputs["app"]).toMatchObject({ domainName: "" });
  });

  it("lead to the servers that can be reached from outside, and back", async () => {
    const recording = await recordEnvironment(dns({ app: "www" }));
    const shared = { domainId: 77, ttlSec: 300 };
    expect(inputsOf(recording, RECORD)).toEqual([
      { ...shared, name: "www", recordType: "A", target: "203.0.113.101" },
      { ...shared, name: "www", recordType: "AAAA", target: "2001:db8:113::101" },
      { ...shared, name: "backup", recordType: "A", target: "203.0.113.103" },
      { ...shared, name: "backup", recordType: "AAAA", target: "2001:db8:113::103" },
    ]);
    expect(inputsOf(recording, RDNS)).toEqual(
      [
        ["203.0.113.101", "www.example.org"],
        ["2001:db8:113::101", "www.example.org"],
        ["203.0.113.103", "backup.example.org"],
        ["2001:db8:113::103", "backup.example.org"],
      ].map(([address, rdns]) => ({ address, rdns, waitForAvailable: true })),
    );
    expect(recording.outputs).toMatchObject({
      app: { domainName: "www.example.org" },
      database: { domainName: "" },
      backup: { domainName: "backup.example.org" },
    });
  });

  it("of addresses wait for the record that leads back, and end with their server", async () => {
    const recording = await recordEnvironment(dns());
    const reverse = recording.get("environment-dns-app-ipv4-reverse");
    expect(reverse.dependencies).toContain("environment-dns-app-ipv4");
    expect(reverse.deletedWith).toContain("environment-app-instance");
  });

  it("may be the zone itself, and may leave the addresses alone", async () => {
    const recording = await recordEnvironment(dns({ app: "@", reverse: false }));
    expect(recording.get("environment-dns-app-ipv4").inputs["name"]).toBe("");
    expect(recording.outputs["app"]).toMatchObject({ domainName: "example.org" });
    expect(recording.ofType(RDNS)).toEqual([]);
  });

  it("come with a zone of the stack's own where an address for it is given", async () => {
    const over = { id: undefined, email: "hostmaster@example.org" };
    const recording = await recordEnvironment({ ...dns(over), tags: ["team:x"] });
    expect(recording.get("environment-dns-zone").inputs).toEqual({
      domain: "example.org",
      type: "master",
      soaEmail: "hostmaster@example.org",
      tags: ["stronghold", "stronghold-test", "team:x"],
    });
    expect(recording.get("environment-dns-app-ipv4").dependencies).toContain(
      "environment-dns-zone",
    );
  });

  it("are not given to a backup server that was there before", async () => {
    const server = { host: "198.51.100.7", hostKey: ed25519Line(9) };
    const backup = { recipients: [RECIPIENT], server };
    const recording = await recordEnvironment({ ...dns(), backup });
    const names = recording.ofType(RECORD).map(({ inputs }) => inputs["name"]);
    expect(new Set(names)).toEqual(new Set(["app"]));
    expect(recording.outputs["backup"]).toMatchObject({ domainName: "" });
  });
});
