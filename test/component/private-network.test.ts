// A VPC in the place of the shared private network: who is in it, and what knows its addresses.
import { recordEnvironment } from "./environment-fixture";
import type { Recording } from "./recorder";

let recording: Recording;
beforeAll(async () => {
  recording = await recordEnvironment({
    network: { private: "vpc", subnet: "10.20.0.0/28" },
    outbound: { policy: "drop" },
  });
});

const instance = (role: string) => recording.get(`environment-${role}-instance`);
const wall = (role: string) => recording.get(`environment-${role}-wall-rules`).inputs;

it("is none unless it is asked for", async () => {
  const usual = await recordEnvironment();
  expect(usual.resources.filter(({ type }) => /vpc/i.test(type))).toEqual([]);
  expect(usual.get("environment-app-instance").inputs).not.toHaveProperty("interfaces");
});

it("stands in the servers' region, with one subnet that goes with it", () => {
  expect(recording.get("environment-network-vpc").inputs).toEqual({
    label: "stronghold-test",
    description: "Between the servers of stronghold-test",
    region: "us-east",
  });
  const subnet = recording.get("environment-network-subnet");
  expect(subnet.inputs).toMatchObject({ label: "servers", ipv4: "10.20.0.0/28" });
  expect(subnet.deletedWith).toBe("environment-network-vpc");
});

it.each([
  ["app", "10.20.0.2"],
  ["database", "10.20.0.3"],
])("holds the %s server, which then is not on the shared network", (role, address) => {
  const { inputs, dependencies } = instance(role);
  expect(inputs).toMatchObject({
    privateIp: false,
    interfaces: [
      { purpose: "public", primary: true },
      { purpose: "vpc", subnetId: expect.any(Number) as number, ipv4: { vpc: address } },
    ],
  });
  expect(dependencies).toContain("environment-network-subnet");
  expect(recording.outputs[role]).toMatchObject({ privateIPv4: address });
});

it("does not reach to the backup server, which stands elsewhere", () => {
  expect(instance("backup").inputs).toMatchObject({ privateIp: false });
  expect(instance("backup").inputs).not.toHaveProperty("interfaces");
  expect(recording.outputs["backup"]).toMatchObject({ privateIPv4: "" });
});

it("is what the walls name", () => {
  expect(wall("database")["inbounds"]).toMatchObject([
    { label: "ssh-from-app", ipv4s: ["10.20.0.2/32"] },
    { label: "mysql-from-app", ipv4s: ["10.20.0.2/32"] },
    { label: "icmp" },
  ]);
  expect(wall("app")["outbounds"]).toContainEqual({
    ...{ label: "database", action: "ACCEPT", protocol: "TCP", ports: "22, 3306" },
    ipv4s: ["10.20.0.0/28"],
  });
});

it("lets the deployer of a next app server in from itself alone", async () => {
  const replacing = await recordEnvironment({ network: { private: "vpc" }, replacing: "app" });
  const { inputs } = replacing.get("environment-database-wall-rules");
  expect(inputs["inbounds"]).toMatchObject([
    { label: "ssh-from-app", ipv4s: ["10.0.0.0/24"] },
    { label: "mysql-from-app", ipv4s: ["10.0.0.2/32"] },
    { label: "icmp" },
  ]);
});
