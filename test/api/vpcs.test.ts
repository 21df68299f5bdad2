// Private networks of one's own, as the provider asks for them.
import { linodeBody, send, startCloud, stopClouds, type Cloud } from "./harness";

afterEach(stopClouds);

interface Body {
  id: number;
  [field: string]: unknown;
}

async function must(cloud: Cloud, method: string, path: string, data?: unknown): Promise<Body> {
  const answer = await send(cloud, method, path, data);
  expect(answer).toMatchObject({ status: 200 });
  return answer.data as Body;
}

const vpcIn = (cloud: Cloud, label = "stronghold-local", region = "us-east"): Promise<Body> =>
  must(cloud, "POST", "/vpcs", { label, region, description: "" });

const subnetIn = (cloud: Cloud, vpc: Body, ipv4 = "10.0.0.0/24", label = "servers") =>
  must(cloud, "POST", `/vpcs/${vpc.id}/subnets`, { label, ipv4 });

/** As the provider sends them. */
const cards = (subnetId: number, address: string): object[] => [
  { purpose: "public", primary: true },
  { purpose: "vpc", primary: false, subnet_id: subnetId, ipv4: { vpc: address } },
];

const inVpc = (subnetId: number, address: string, more: object = {}) => ({
  ...{ interfaces: cards(subnetId, address), private_ip: null },
  ...more,
});

/** Past the vendor's library, which wants what the API does not and the provider does not send. */
async function linodeIn(cloud: Cloud, subnetId: number, address: string, more: object = {}) {
  const body = linodeBody(inVpc(subnetId, address, more));
  const { id } = await must(cloud, "POST", "/linode/instances", body);
  await cloud.api.idle();
  return cloud.client.getLinode(id);
}

describe("a VPC", () => {
  it("is made, read with its subnets, renamed, and gone with them", async () => {
    const cloud = await startCloud();
    const vpc = await vpcIn(cloud);
    const subnet = await subnetIn(cloud, vpc);
    expect(subnet).toMatchObject({ label: "servers", ipv4: "10.0.0.0/24", linodes: [] });
    const path = `/vpcs/${vpc.id}`;
    expect(await must(cloud, "PUT", path, { label: "other" })).toMatchObject({
      ...{ id: vpc.id, label: "other", region: "us-east", subnets: [subnet] },
    });
    await must(cloud, "DELETE", path);
    expect(await send(cloud, "GET", `${path}/subnets/${subnet.id}`)).toMatchObject({ status: 404 });
    expect(await must(cloud, "GET", "/vpcs")).toMatchObject({ results: 0 });
  });

  it.each([
    ["another of that name", { label: "stronghold-local", region: "us-east" }, "label"],
    ["two hyphens in a row", { label: "a--b", region: "us-east" }, "label"],
    ["a region that there is not", { label: "other", region: "eu-nowhere" }, "region"],
  ])("is refused: %s", async (_what, body, field) => {
    const cloud = await startCloud();
    await vpcIn(cloud);
    const answer = await send(cloud, "POST", "/vpcs", body);
    expect(answer).toMatchObject({ status: 400, data: { errors: [{ field }] } });
  });

  it.each([
    ["a public range", "203.0.113.0/24"],
    ["the shared network's range", "192.168.129.0/24"],
    ["a range around it", "192.168.0.0/16"],
    ["a range of four", "10.1.0.0/30"],
    ["bits beyond the prefix", "10.1.0.1/24"],
    ["another's range", "10.0.0.128/25"],
  ])("has no subnet of %s", async (_what, ipv4) => {
    const cloud = await startCloud();
    const vpc = await vpcIn(cloud);
    await subnetIn(cloud, vpc);
    const answer = await send(cloud, "POST", `/vpcs/${vpc.id}/subnets`, { label: "more", ipv4 });
    expect(answer).toMatchObject({ status: 400, data: { errors: [{ field: "ipv4" }] } });
  });

  it("may use the addresses of another VPC", async () => {
    const cloud = await startCloud();
    await subnetIn(cloud, await vpcIn(cloud));
    await subnetIn(cloud, await vpcIn(cloud, "other"));
  });
});

describe("a Linode in a VPC", () => {
  it("stands on a second card, shows it, and holds the subnet", async () => {
    const cloud = await startCloud();
    const vpc = await vpcIn(cloud);
    const subnet = await subnetIn(cloud, vpc);
    const linode = await linodeIn(cloud, subnet.id, "10.0.0.2");
    expect(cloud.machines.machines.get(linode.id)?.spec.vpc).toEqual({
      ...{ id: vpc.id, address: "10.0.0.2", prefix: 24 },
    });
    expect(linode.ipv4).toHaveLength(1);
    const path = `/linode/instances/${linode.id}`;
    const configs = (await must(cloud, "GET", `${path}/configs`))["data"] as Body[];
    expect(configs).toMatchObject([
      {
        interfaces: [
          { purpose: "public", primary: true, active: true, vpc_id: null },
          { purpose: "vpc", subnet_id: subnet.id, vpc_id: vpc.id, ipv4: { vpc: "10.0.0.2" } },
        ],
      },
    ]);
    expect(await must(cloud, "GET", `${path}/ips`)).toMatchObject({
      ipv4: { private: [], vpc: [{ address: "10.0.0.2", vpc_id: vpc.id, linode_id: linode.id }] },
    });
    const subnetPath = `/vpcs/${vpc.id}/subnets/${subnet.id}`;
    expect(await must(cloud, "GET", subnetPath)).toMatchObject({ linodes: [{ id: linode.id }] });
    expect(await send(cloud, "DELETE", subnetPath)).toMatchObject({ status: 400 });
    expect(await send(cloud, "DELETE", `/vpcs/${vpc.id}`)).toMatchObject({ status: 400 });
    await cloud.client.deleteLinode(linode.id);
    await cloud.api.idle();
    await must(cloud, "DELETE", subnetPath);
  });

  it("keeps its cards when its config is written back, with them or without", async () => {
    const cloud = await startCloud();
    const subnet = await subnetIn(cloud, await vpcIn(cloud));
    const linode = await linodeIn(cloud, subnet.id, "10.0.0.2");
    const path = `/linode/instances/${linode.id}/configs`;
    const [config] = (await must(cloud, "GET", path))["data"] as Body[];
    const { interfaces } = config!;
    for (const sent of [null, cards(subnet.id, "10.0.0.2")]) {
      const answer = await must(cloud, "PUT", `${path}/${config!.id}`, { interfaces: sent });
      expect(answer["interfaces"]).toEqual(interfaces);
    }
    const fewer = await send(cloud, "PUT", `${path}/${config!.id}`, { interfaces: [] });
    expect(fewer).toMatchObject({ status: 400, data: { errors: [{ field: "interfaces" }] } });
  });

  it.each([
    ["the gateway's address", "10.0.0.1", {}, "interfaces[1].ipv4.vpc"],
    ["the last address but one", "10.0.0.254", {}, "interfaces[1].ipv4.vpc"],
    ["an address of another range", "10.0.1.2", {}, "interfaces[1].ipv4.vpc"],
    ["an address that another has", "10.0.0.9", {}, "interfaces[1].ipv4.vpc"],
    ["no address", "", {}, "interfaces[1].ipv4.vpc"],
    ["a region without the VPC", "10.0.0.2", { region: "us-west" }, "interfaces[1].subnet_id"],
    ["the shared network too", "10.0.0.2", { private_ip: true }, "interfaces"],
  ])("is refused: %s", async (_what, address, more, field) => {
    const cloud = await startCloud();
    const subnet = await subnetIn(cloud, await vpcIn(cloud));
    await linodeIn(cloud, subnet.id, "10.0.0.9", { label: "first" });
    const body = linodeBody(inVpc(subnet.id, address, more));
    const answer = await send(cloud, "POST", "/linode/instances", body);
    expect(answer).toMatchObject({ status: 400, data: { errors: [{ field }] } });
  });

  it("is refused without a public card, which the stack needs", async () => {
    const cloud = await startCloud();
    const subnet = await subnetIn(cloud, await vpcIn(cloud));
    const [, closed] = cards(subnet.id, "10.0.0.2");
    const body = linodeBody({ private_ip: null, interfaces: [closed] });
    const answer = await send(cloud, "POST", "/linode/instances", body);
    expect(answer).toMatchObject({ status: 400, data: { errors: [{ field: "interfaces" }] } });
  });
});
