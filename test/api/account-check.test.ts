// The program's own look at the account, against the local API, which answers both ways (G18).
import * as pulumi from "@pulumi/pulumi";

import { warnAboutAccount } from "../../components/account-check";
import { SCOPES } from "../../components/lib/account";
import { parseSettings } from "../../components/lib/settings";
import { goodSettings, RECIPIENT } from "../unit/fixtures/settings";
import { type Cloud, startCloud, stopClouds, TOKEN } from "./harness";

let warned: string[] = [];

beforeEach(() => {
  warned = [];
  jest.spyOn(pulumi.log, "warn").mockImplementation((text) => {
    warned.push(text);
    return Promise.resolve();
  });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await stopClouds();
});

async function look(cloud: Pick<Cloud, "origin">, over: Record<string, unknown> = {}) {
  pulumi.runtime.setAllConfig({ "linode:url": cloud.origin, "linode:token": TOKEN });
  await warnAboutAccount(parseSettings({ ...goodSettings(), ...over }));
  pulumi.runtime.setAllConfig({});
  return warned;
}

describe("a look at the account", () => {
  it("finds nothing wrong with one that is sound, whichever way the address ends", async () => {
    const cloud = await startCloud({ scopes: SCOPES.join(" ") });
    expect(await look(cloud)).toEqual([]);
    expect(await look({ origin: `${cloud.origin}/v4/` })).toEqual([]);
  });

  it("warns of a user without two-factor login, and of a token that may do everything", async () => {
    const cloud = await startCloud({ profile: { username: "eve", twoFactorAuth: false } });
    expect(await look(cloud)).toEqual([
      expect.stringContaining("user eve has no two-factor login"),
      expect.stringContaining("may do everything"),
    ]);
  });

  it("warns of a region that there is not, of both", async () => {
    const cloud = await startCloud({ scopes: SCOPES.join(" ") });
    const backup = { recipients: [RECIPIENT], server: { region: "eu-nowhere" } };
    expect(await look(cloud, { region: "us-nowhere", backup })).toEqual([
      "Linode has no region us-nowhere.",
      "Linode has no region eu-nowhere.",
    ]);
  });

  it("asks nobody without a token, as in a preview of a pull request", async () => {
    const asked = jest.spyOn(globalThis, "fetch");
    pulumi.runtime.setAllConfig({});
    await warnAboutAccount(parseSettings(goodSettings()));
    expect(asked).not.toHaveBeenCalled();
  });

  it("warns, and no more, where nobody answers or the token is refused; it never shows the token", async () => {
    const cloud = await startCloud({ token: "another" });
    expect(await look(cloud)).toEqual([expect.stringContaining("could not be looked at")]);
    await cloud.api.close();
    warned = [];
    expect(await look(cloud)).toEqual([expect.stringContaining("could not be looked at")]);
    expect(warned.join()).not.toContain(TOKEN);
  });
});
