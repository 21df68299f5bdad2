// The HTTP that every route shares: token, envelope, headers, paging, log.
import { type Cloud, KEY, linodeBody, send, startCloud, stopClouds, TOKEN } from "./harness";

afterEach(stopClouds);

/** A request as it stands, where the vendor's client would set token and type by itself. */
function plain(
  { origin }: Cloud,
  method: string,
  path: string,
  headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` },
  body?: string,
): Promise<Response> {
  return fetch(`${origin}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

const JSON_HEADERS = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };

describe("an answer", () => {
  it.each([
    ["a success", "/v4/regions", 200],
    ["a refusal", "/v4/regions?page=0", 400],
    ["an unknown id", "/v4/linode/instances/7", 404],
    ["an unknown route", "/v4/volumes", 501],
  ])("has the exact content type for %s", async (_, url, status) => {
    const answer = await plain(await startCloud(), "GET", url);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json");
  });

  it("tells the rate limit", async () => {
    const asked = Date.now() / 1000;
    const { headers } = await send(await startCloud(), "GET", "/regions");
    expect(headers).toMatchObject({ "x-ratelimit-limit": "1600", "x-ratelimit-remaining": "1599" });
    expect(Number(headers["x-ratelimit-reset"])).toBeGreaterThan(asked);
  });
});

describe("the token", () => {
  it.each([undefined, "Bearer wrong", TOKEN, `bearer ${TOKEN}`])(
    "is asked of every route that is somebody's own, and %p is not it",
    async (authorization) => {
      const cloud = await startCloud();
      for (const url of ["/v4/profile", "/v4/linode/instances", "/v4/domains", "/"]) {
        const headers: Record<string, string> =
          authorization === undefined ? {} : { authorization };
        const answer = await plain(cloud, "GET", url, headers);
        expect(answer.status).toBe(401);
        expect(await answer.json()).toEqual({ errors: [{ reason: "Invalid Token" }] });
      }
    },
  );

  it.each(["/linode/types", "/linode/types/g6-nanode-1", "/regions", "/images/linode/debian13"])(
    "is not needed for %s, which is public; a wrong one is refused",
    async (path) => {
      const cloud = await startCloud();
      expect((await plain(cloud, "GET", `/v4${path}`, {})).status).toBe(200);
      const wrong = { authorization: "Bearer wrong" };
      expect((await plain(cloud, "GET", `/v4${path}`, wrong)).status).toBe(401);
    },
  );

  it("opens only what its scopes cover", async () => {
    const cloud = await startCloud({ scopes: "linodes:read_only account:read_write" });
    const statusOf = async (method: string, path: string) =>
      (await send(cloud, method, path, {})).status;
    expect(await statusOf("GET", "/linode/instances")).toBe(200);
    expect(await statusOf("GET", "/profile/sshkeys")).toBe(200);
    expect(await statusOf("GET", "/linode/types")).toBe(200);
    expect(await statusOf("POST", "/linode/instances")).toBe(401);
    expect(await statusOf("GET", "/networking/firewalls")).toBe(401);
    const { headers } = await send(cloud, "GET", "/linode/instances");
    expect(headers).toMatchObject({
      "x-oauth-scopes": "linodes:read_only account:read_write",
      "x-accepted-oauth-scopes": "linodes:read_only",
    });
  });
});

describe("a route that is not there", () => {
  it.each([
    ["POST", "/volumes"],
    ["DELETE", "/linode/instances"],
    ["GET", "/linode/instances/1/volumes"],
  ])("answers 501 to %s %s and says so loudly", async (method, path) => {
    const cloud = await startCloud();
    const answer = await send(cloud, method, `${path}?x=1`, {});
    const errors = [{ reason: `${method} /v4${path} is not part of the local cloud.` }];
    expect([answer.status, answer.data]).toEqual([501, { errors }]);
    expect(cloud.log).toContain(`ERROR NOT IMPLEMENTED: ${method} /v4${path}`);
  });
});

describe("an id that is not there", () => {
  it.each([
    ["GET", "/linode/instances/9"],
    ["GET", "/linode/instances/abc"],
    ["GET", "/linode/instances/__proto__"],
    ["PUT", "/linode/instances/9"],
    ["DELETE", "/linode/instances/9"],
    ["POST", "/linode/instances/9/boot"],
    ["POST", "/linode/instances/9/resize"],
    ["POST", "/linode/instances/9/backups/enable"],
    ["GET", "/linode/instances/9/ips"],
    ["POST", "/linode/instances/9/ips"],
    ["GET", "/linode/instances/9/disks"],
    ["GET", "/linode/instances/9/configs/1"],
    ["PUT", "/linode/instances/9/configs/1"],
    ["GET", "/networking/firewalls/9"],
    ["PUT", "/networking/firewalls/9"],
    ["PUT", "/networking/firewalls/9/rules"],
    ["POST", "/networking/firewalls/9/devices"],
    ["DELETE", "/networking/firewalls/9/devices/1"],
    ["GET", "/profile/sshkeys/9"],
    ["PUT", "/profile/sshkeys/9"],
    ["DELETE", "/profile/sshkeys/9"],
    ["GET", "/account/events/9"],
    ["GET", "/linode/types/g6-huge"],
    ["GET", "/regions/mars"],
    ["GET", "/images/linode/dos"],
  ])("answers 404 to %s %s", async (method, path) => {
    const answer = await send(await startCloud(), method, path, {});
    expect([answer.status, answer.data]).toEqual([404, { errors: [{ reason: "Not found" }] }]);
  });
});

describe("a body", () => {
  it("may be missing although its type is given", async () => {
    const cloud = await startCloud();
    const { id } = await cloud.client.createLinode(linodeBody());
    const answer = await plain(cloud, "DELETE", `/v4/linode/instances/${id}`, JSON_HEADERS);
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
  });

  it.each(["{", '{"__proto__":{"label":"x"}}', "null", '"text"', `"${"x".repeat(2_000_000)}"`])(
    "is refused in the envelope when it is no usable JSON",
    async (payload) => {
      const cloud = await startCloud();
      const answer = await plain(cloud, "POST", "/v4/linode/instances", JSON_HEADERS, payload);
      expect([400, 413]).toContain(answer.status);
      expect(await answer.json()).toEqual({ errors: [{ reason: expect.any(String) as string }] });
    },
  );
});

describe("a list", () => {
  async function keys(count: number) {
    const cloud = await startCloud();
    for (let index = 0; index < count; index += 1) {
      await cloud.client.createSSHKey({ label: `key ${index}`, ssh_key: KEY });
    }
    return cloud;
  }

  it("comes in pages of the size that was asked for", async () => {
    const cloud = await keys(30);
    const first = await cloud.client.getSSHKeys({ page: 1, page_size: 25 });
    expect(first).toMatchObject({ page: 1, pages: 2, results: 30 });
    expect(first.data).toHaveLength(25);
    const second = await cloud.client.getSSHKeys({ page: 2, page_size: 25 });
    expect(second.data.map(({ label }) => label)).toEqual(
      ["25", "26", "27", "28", "29"].map((index) => `key ${index}`),
    );
    expect((await cloud.client.getSSHKeys()).data).toHaveLength(30);
  });

  it("is empty past its end, without a fault", async () => {
    const answer = await send(await startCloud(), "GET", "/profile/sshkeys?page=7");
    expect(answer).toMatchObject({
      status: 200,
      data: { data: [], page: 7, pages: 1, results: 0 },
    });
  });

  it("refuses pages and sizes that cannot be", async () => {
    const answer = await send(await startCloud(), "GET", "/regions?page=x&page_size=24");
    expect(answer).toMatchObject({
      status: 400,
      data: {
        errors: [
          { field: "page", reason: "Must be 1 or more." },
          { field: "page_size", reason: "Must be 25-500." },
        ],
      },
    });
  });
});

describe("the switch for 429", () => {
  it("refuses one request and lets the next one through", async () => {
    const cloud = await startCloud();
    cloud.api.refuseNext(1);
    expect(await send(cloud, "GET", "/regions")).toMatchObject({
      status: 429,
      headers: { "retry-after": "1", "content-type": "application/json" },
      data: { errors: [{ reason: "Too many requests" }] },
    });
    expect((await send(cloud, "GET", "/regions")).status).toBe(200);
  });
});

describe("the log", () => {
  it("has one line for each request, without its query", async () => {
    const cloud = await startCloud();
    await send(cloud, "GET", "/regions?page=1");
    await send(cloud, "GET", "/linode/instances/7");
    expect(cloud.log).toEqual([
      expect.stringMatching(/^GET \/v4\/regions 200 \d+ms$/),
      expect.stringMatching(/^GET \/v4\/linode\/instances\/7 404 \d+ms$/),
    ]);
  });
});
