// The smaller resources, read and written by the vendor's client.
import { KEY, send, startCloud, stopClouds } from "./harness";

afterEach(stopClouds);

describe("the catalogue", () => {
  it("has the plans with their prices", async () => {
    const { client } = await startCloud();
    const plans = (await client.getLinodeTypes()).data;
    const prices = Object.fromEntries(plans.map(({ id, price }) => [id, price]));
    expect(prices).toMatchObject({
      "g6-nanode-1": { monthly: 5, hourly: 0.0075 },
      "g6-standard-1": { monthly: 12, hourly: 0.018 },
      "g6-standard-2": { monthly: 24, hourly: 0.036 },
      "g6-standard-4": { monthly: 48, hourly: 0.072 },
      "g6-dedicated-2": { monthly: 36, hourly: 0.054 },
    });
    expect(await client.getType("g6-standard-1")).toEqual(plans[1]);
  });

  it("has regions that can do what the stack asks of them", async () => {
    const { client } = await startCloud();
    const regions = (await client.getRegions()).data;
    expect(regions.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "us-east",
        "us-west",
        "us-central",
        "eu-central",
        "eu-west",
        "ap-south",
      ]),
    );
    for (const { capabilities } of regions) {
      expect(capabilities).toEqual(
        expect.arrayContaining(["Metadata", "Cloud Firewall", "Disk Encryption"]),
      );
    }
    expect(await client.getRegion("us-east")).toEqual(regions[0]);
  });

  it("has images, each with cloud-init, by encoded and by plain id", async () => {
    const cloud = await startCloud();
    const images = (await cloud.client.getImages()).data;
    expect(images.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["linode/debian12", "linode/debian13", "linode/ubuntu24.04"]),
    );
    for (const { capabilities } of images) expect(capabilities).toContain("cloud-init");
    const image = await cloud.client.getImage("linode/debian13");
    expect(image.id).toBe("linode/debian13");
    expect((await send(cloud, "GET", "/images/linode/debian13")).data).toEqual(image);
  });
});

describe("the profile", () => {
  it("is that of an unrestricted user with two-factor login by default", async () => {
    const { client } = await startCloud();
    expect(await client.getProfile()).toMatchObject({ two_factor_auth: true, restricted: false });
  });

  it("is as the options say", async () => {
    const profile = { username: "ops", restricted: true, twoFactorAuth: false };
    const { client } = await startCloud({ profile });
    expect(await client.getProfile()).toMatchObject({
      username: "ops",
      restricted: true,
      two_factor_auth: false,
    });
    expect(await client.getAccountInfo()).toMatchObject({ balance: 0 });
  });
});

describe("SSH keys", () => {
  it("come back byte for byte and change their label only", async () => {
    const { client } = await startCloud();
    const text = `${KEY} with  two blanks `;
    const key = await client.createSSHKey({ label: "operator", ssh_key: text });
    expect(key.ssh_key).toBe(text);
    expect(await client.getSSHKey(key.id)).toEqual(key);
    expect(await client.updateSSHKey(key.id, { label: "renamed" })).toEqual({
      ...key,
      label: "renamed",
    });
    await client.deleteSSHKey(key.id);
    expect((await client.getSSHKeys()).results).toBe(0);
    expect((await client.createSSHKey({ label: "next", ssh_key: KEY })).id).toBeGreaterThan(key.id);
  });

  it.each([
    ["no label", { ssh_key: KEY }, "label", "Label is required."],
    [
      "a label of 65 characters",
      { label: "k".repeat(65), ssh_key: KEY },
      "label",
      "Label must be between 1 and 64 characters.",
    ],
    [
      "a private key",
      { label: "oops", ssh_key: "-----BEGIN OPENSSH PRIVATE KEY-----" },
      "ssh_key",
      "SSH Key must be one line: a type such as ssh-ed25519, the key in base64, and a comment if you like.",
    ],
  ])("are refused with %s", async (_, body, field, reason) => {
    const answer = await send(await startCloud(), "POST", "/profile/sshkeys", body);
    expect([answer.status, answer.data]).toEqual([400, { errors: [{ field, reason }] }]);
  });
});
