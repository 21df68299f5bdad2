// Zones, records and the names of addresses, as the provider asks for them.
import { linodeBody, send, startCloud, stopClouds, type Cloud, TOKEN } from "./harness";

afterEach(stopClouds);

const ZONE = { domain: "example.org", type: "master", soa_email: "a@example.org", tags: ["abc"] };
/** As the provider sends what is not set. */
const UNSET = { master_ips: null, axfr_ips: null };

interface Body {
  id: number;
  [field: string]: unknown;
}

async function must(
  cloud: Cloud,
  ...call: Parameters<typeof send> extends [Cloud, ...infer R] ? R : never
) {
  const answer = await send(cloud, ...call);
  expect(answer).toMatchObject({ status: 200 });
  return answer.data as Body;
}

const zoneIn = (cloud: Cloud): Promise<Body> =>
  must(cloud, "POST", "/domains", { ...ZONE, ...UNSET });

describe("a zone", () => {
  it("is made, read, changed without losing what is null, and gone with its records", async () => {
    const cloud = await startCloud();
    const { id } = await zoneIn(cloud);
    const path = `/domains/${id}`;
    await must(cloud, "POST", `${path}/records`, { type: "A", name: "app", target: "203.0.113.5" });
    expect(
      await must(cloud, "PUT", path, { ...UNSET, soa_email: "b@example.org", tags: null }),
    ).toEqual({
      ...{ id, ...ZONE, soa_email: "b@example.org", master_ips: [], axfr_ips: [] },
      ...{ group: "", status: "active", description: "" },
      ...{ ttl_sec: 0, retry_sec: 0, expire_sec: 0, refresh_sec: 0 },
    });
    await must(cloud, "DELETE", path);
    expect(await send(cloud, "GET", path)).toMatchObject({ status: 404 });
    expect(await send(cloud, "GET", `${path}/records`)).toMatchObject({ status: 404 });
  });

  it.each([
    ["another of that name", ZONE, "Domain must be unique"],
    ["no address", { domain: "example.com", type: "master" }, /soa_email|SOA/i],
    ["a tag that is too short", { ...ZONE, domain: "example.com", tags: ["db"] }, "3 and 50"],
  ])("is refused: %s", async (_what, body, reason) => {
    const cloud = await startCloud();
    await zoneIn(cloud);
    const { status, data } = await send(cloud, "POST", "/domains", body);
    expect(status).toBe(400);
    expect(JSON.stringify(data)).toMatch(reason);
  });
});

describe("a record", () => {
  it("is kept without its zone, its time rounded up, and changed in place", async () => {
    const cloud = await startCloud();
    const path = `/domains/${(await zoneIn(cloud)).id}/records`;
    const record = { type: "A", name: "app.example.org", target: "203.0.113.5", ttl_sec: 200 };
    const { id } = await must(cloud, "POST", path, record);
    expect(await must(cloud, "GET", `${path}/${id}`)).toMatchObject({
      ...{ id, type: "A", name: "app", target: "203.0.113.5", ttl_sec: 300 },
      ...{ service: null, protocol: null, tag: null, priority: 0 },
    });
    const change = { target: "203.0.113.6", priority: 0, weight: 0, port: 0 };
    expect(await must(cloud, "PUT", `${path}/${id}`, change)).toMatchObject({
      ...{ name: "app", target: "203.0.113.6", ttl_sec: 300 },
    });
  });

  it.each([
    ["A", "2001:db8::1"],
    ["AAAA", "203.0.113.5"],
    ["A", "nowhere"],
  ])("of type %s does not lead to %s", async (type, target) => {
    const cloud = await startCloud();
    const { id } = await zoneIn(cloud);
    const answer = await send(cloud, "POST", `/domains/${id}/records`, { type, name: "x", target });
    expect(answer).toMatchObject({ status: 400, data: { errors: [{ field: "target" }] } });
  });

  it("is not found in another zone", async () => {
    const cloud = await startCloud();
    const { id } = await zoneIn(cloud);
    const other = await must(cloud, "POST", "/domains", { ...ZONE, domain: "example.com" });
    const record = { type: "A", name: "app", target: "203.0.113.5" };
    const made = await must(cloud, "POST", `/domains/${id}/records`, record);
    const path = `/domains/${other.id}/records/${made.id}`;
    expect(await send(cloud, "GET", path)).toMatchObject({ status: 404 });
  });
});

describe("the name of an address", () => {
  it("has to lead back to it, shows in the Linode's addresses, and can be taken away", async () => {
    const cloud = await startCloud();
    const linode = await cloud.client.createLinode(linodeBody());
    const [address = ""] = linode.ipv4;
    const path = `/networking/ips/${address}`;
    const vendorsOwn = `${address.replaceAll(".", "-")}.ip.linodeusercontent.com`;
    expect(await must(cloud, "GET", path)).toMatchObject({ address, rdns: vendorsOwn });
    const rdns = "app.example.org";
    expect(await send(cloud, "PUT", path, { rdns })).toMatchObject({
      status: 400,
      data: { errors: [{ field: "rdns" }] },
    });
    const { id } = await zoneIn(cloud);
    await must(cloud, "POST", `/domains/${id}/records`, {
      type: "A",
      name: "app",
      target: address,
    });
    expect(await must(cloud, "PUT", path, { rdns })).toMatchObject({ address, rdns });
    const ips = await must(cloud, "GET", `/linode/instances/${linode.id}/ips`);
    expect(ips).toMatchObject({ ipv4: { public: [{ address, rdns }] } });
    expect(await must(cloud, "PUT", path, { rdns: null })).toMatchObject({ rdns: vendorsOwn });
  });

  it("is nothing that an address without a Linode has", async () => {
    const cloud = await startCloud();
    const answer = await send(cloud, "PUT", "/networking/ips/203.0.113.250", { rdns: null });
    expect(answer).toMatchObject({ status: 404 });
  });

  it("of IPv6 is kept, too", async () => {
    const cloud = await startCloud();
    const { ipv6 } = await cloud.client.createLinode(linodeBody());
    const [target = ""] = ipv6.split("/");
    const { id } = await zoneIn(cloud);
    await must(cloud, "POST", `/domains/${id}/records`, { type: "AAAA", name: "", target });
    const rdns = "example.org";
    expect(await must(cloud, "PUT", `/networking/ips/${target}`, { rdns })).toMatchObject({ rdns });
  });
});

it("takes a token that says what it is good for at its word, and tells it", async () => {
  const cloud = await startCloud();
  const headers = { authorization: `Bearer ${TOKEN}:linodes:read_only,events:read_only` };
  const ask = (path: string): Promise<Response> => fetch(`${cloud.origin}/v4${path}`, { headers });
  const allowed = await ask("/linode/instances");
  expect(allowed.status).toBe(200);
  expect(allowed.headers.get("x-oauth-scopes")).toBe("linodes:read_only events:read_only");
  expect((await ask("/domains")).status).toBe(401);
  const wrong = { authorization: "Bearer other:linodes:read_only" };
  const refused = await fetch(`${cloud.origin}/v4/linode/instances`, { headers: wrong });
  expect(refused.status).toBe(401);
});
