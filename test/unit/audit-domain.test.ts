/** The watch over the domain's registration, with registries that say what a test wants them to. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { fetched, type Get, judgeDomain } from "../../scripts/audit/domain";

const NOW = new Date("2026-11-30T12:00:00Z");
const REGISTRY = "https://rdap.example/v1/";
const services = [
  [["net"], ["https://elsewhere.example/"]],
  [
    ["org", "com"],
    ["http://rdap.example/v1/", REGISTRY],
  ],
  [["old"], ["http://plain.example/"]],
];

const endsOn = (date: string): unknown => ({
  events: [
    { eventAction: "registration", eventDate: "2001-01-01T00:00:00Z" },
    { eventAction: "expiration", eventDate: date },
  ],
});

/** Registries that know these domains, and what was asked of them. */
function registries(known: Record<string, unknown>): { get: Get; asked: string[] } {
  const asked: string[] = [];
  const get: Get = (url) => {
    asked.push(url);
    if (url.startsWith("https://data.iana.org/")) return Promise.resolve({ services });
    return Promise.resolve(known[url.slice(`${REGISTRY}domain/`.length)]);
  };
  return { get, asked };
}

describe("the domain's registration", () => {
  it("is looked up where its registry is, by the longest name that is registered", async () => {
    const { get, asked } = registries({ "example.org": endsOn("2027-06-01T00:00:00Z") });
    expect(await judgeDomain("app.Shop.example.org", NOW, get)).toMatchObject({
      id: "OUTSIDE-02",
      rows: ["H09"],
      state: "kept",
    });
    expect(asked.slice(1)).toEqual([
      `${REGISTRY}domain/app.shop.example.org`,
      `${REGISTRY}domain/shop.example.org`,
      `${REGISTRY}domain/example.org`,
    ]);
  });

  it.each([
    ["2026-12-30T11:59:59Z", "broken"],
    ["2026-12-30T12:00:00Z", "kept"],
    ["2026-11-01T00:00:00Z", "broken"],
  ])("that ends on %s is %s", async (date, state) => {
    const { get } = registries({ "example.org": endsOn(date) });
    expect((await judgeDomain("app.example.org", NOW, get))?.state).toBe(state);
  });

  it("that is about to end says when, and what to do", async () => {
    const { get } = registries({ "example.com": endsOn("2026-12-09T08:00:00Z") });
    expect(await judgeDomain("example.com", NOW, get)).toMatchObject({
      found: "its registration ends on 2026-12-09",
      repair: "renew it with your registrar",
    });
  });

  it.each([
    ["there is no name", "", {}],
    ["no registry is known for it", "app.example.local", {}],
    ["its registry answers without TLS alone", "app.example.old", {}],
    ["its registry does not say", "app.example.org", { "example.org": { events: [] } }],
  ])("is passed over where %s", async (_what, name, known) => {
    expect(await judgeDomain(name, NOW, registries(known).get)).toBeUndefined();
  });

  it.each<[string, Get, string]>([
    ["knows of no such domain", registries({}).get, "it knows of no such domain"],
    ["does not answer", () => Promise.reject(new Error("no route")), "no route"],
    ["answers something else", () => Promise.resolve({ services: 7 }), "expected array"],
  ])("is unknown where its registry %s", async (_what, get, said) => {
    const found = await judgeDomain("app.example.org", NOW, get);
    expect(found?.state).toBe("unknown");
    expect(found?.found).toContain(said);
  });
});

describe("what is fetched", () => {
  let server: Server;
  const at = (path: string): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  beforeAll((done) => {
    server = createServer(({ url, headers }, response) => {
      response.statusCode = { "/none": 404, "/broken": 500 }[url ?? ""] ?? 200;
      response.end(url === "/text" ? "no JSON" : JSON.stringify({ accepts: headers.accept }));
    }).listen(0, "127.0.0.1", done);
  });

  afterAll((done) => {
    server.close(done);
  });

  it("is JSON, or nothing where there is no such thing; all else is an error", async () => {
    expect(await fetched(at("/"))).toEqual({
      accepts: "application/rdap+json, application/json",
    });
    expect(await fetched(at("/none"))).toBeUndefined();
    await expect(fetched(at("/broken"))).rejects.toThrow("answered 500");
    await expect(fetched(at("/text"))).rejects.toThrow();
  });
});
