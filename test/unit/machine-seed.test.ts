import { parse } from "yaml";

import { renderSeed, withRootPassword } from "../../local/machines/seed";

const spec = {
  id: 1001,
  label: "stronghold-local-app",
  image: "linode/debian13",
  publicIPv4: "203.0.113.100",
  publicIPv6: "2001:db8:113::3e9",
  rootPass: "not in the seed",
  authorizedKeys: [],
};

describe("the first-boot seed", () => {
  it("puts every address on one network card, as the vendor does", () => {
    const seed = renderSeed({ ...spec, privateIPv4: "192.168.129.10" });
    const { ethernets } = parse(seed["network-config"]) as {
      ethernets: Record<string, { addresses: string[] }>;
    };
    expect(Object.keys(ethernets)).toEqual(["eth0"]);
    expect(ethernets["eth0"]?.addresses).toEqual([
      "203.0.113.100/24",
      "2001:db8:113::3e9/128",
      "192.168.129.10/17",
    ]);
  });

  it("puts the address in a VPC on a second card, with no way on", () => {
    const seed = renderSeed({ ...spec, vpc: { id: 301, address: "10.0.0.2", prefix: 24 } });
    const { ethernets } = parse(seed["network-config"]) as {
      ethernets: Record<string, Record<string, unknown>>;
    };
    expect(ethernets["eth1"]).toMatchObject({ addresses: ["10.0.0.2/24"], dhcp4: false });
    expect(ethernets["eth1"]).not.toHaveProperty("routes");
  });

  it("hands the user data on byte for byte", () => {
    const userData = "#cloud-config\n# a comment, and a tab:\t\nhostname: x\n";
    expect(renderSeed({ ...spec, userData })["user-data"]).toBe(userData);
  });

  it("names host and instance, and does not hold the root password", () => {
    const seed = renderSeed(spec);
    expect(parse(seed["meta-data"])).toEqual({
      "instance-id": "linode-1001",
      "local-hostname": "stronghold-local-app",
    });
    expect(JSON.stringify(seed)).not.toContain(spec.rootPass);
  });
});

describe("the root password", () => {
  it("replaces root's hash alone, also one with a dollar sign in it", () => {
    const shadow = "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n";
    expect(withRootPassword(shadow, "$6$salt$hash$&")).toBe(
      "root:$6$salt$hash$&:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
    );
  });
});
