// What OpenSSH itself understands of the configuration that the runner writes for it.
import { execFileSync } from "node:child_process";

import { clientFiles } from "../../local/runner/ssh/client-files";
import type { Connection } from "../../local/runner/ssh/connection";
import { keyExchanges } from "../../local/runner/ssh/key-exchange";

const connection: Connection = {
  host: "192.168.129.10",
  user: "deployer",
  hostKey: "ssh-ed25519 AAAA",
  agentSocketPath: "/run/an agent/100%",
  proxy: {
    host: "2001:db8:113::1",
    port: 2222,
    user: "hop",
    hostKey: "ssh-rsa BBBB",
    privateKey: "the hop's key",
  },
};

/** The settings of a host, as `ssh` answers them, by their lower-case names. */
function settings(alias: "target" | "proxy"): Record<string, string> {
  const files = clientFiles(connection);
  try {
    const [, config = ""] = files.words;
    const lines = execFileSync("ssh", ["-G", "-F", config, alias], { encoding: "utf8" }).split(
      "\n",
    );
    const pairs = lines.map((line): [string, string] => {
      const [name = "", ...words] = line.split(" ");
      return [name, words.join(" ")];
    });
    return Object.fromEntries(pairs);
  } finally {
    files.close();
  }
}

describe("a connection's configuration", () => {
  it.each(["target", "proxy"] as const)("trusts the pinned key of the %s and no other", (alias) => {
    expect(settings(alias)).toMatchObject({
      stricthostkeychecking: "true",
      globalknownhostsfile: "/dev/null",
      userknownhostsfile: expect.stringMatching(/^\/proc\/\d+\/fd\/\d+$/) as string,
      hostkeyalias: alias,
      updatehostkeys: "false",
      hostkeyalgorithms: alias === "target" ? "ssh-ed25519" : "rsa-sha2-512,rsa-sha2-256",
    });
  });

  it.each(["target", "proxy"] as const)("asks nobody and lends nothing to the %s", (alias) => {
    expect(settings(alias)).toMatchObject({
      batchmode: "yes",
      preferredauthentications: "publickey",
      forwardagent: "no",
      forwardx11: "no",
      controlmaster: "false",
    });
  });

  it("shows each host the credential that is meant for it", () => {
    const [target, proxy] = [settings("target"), settings("proxy")];
    expect(target).toMatchObject({ identityagent: "/run/an agent/100%", identityfile: "none" });
    expect(proxy).toMatchObject({ identityagent: "none", identitiesonly: "yes" });
    expect(proxy["identityfile"]).toMatch(/^\/proc\/\d+\/fd\/\d+$/);
  });

  it("leads to the host and through the proxy", () => {
    const [target, proxy] = [settings("target"), settings("proxy")];
    expect(target).toMatchObject({ hostname: "192.168.129.10", user: "deployer", port: "22" });
    expect(target["proxycommand"]).toMatch(/ -W '\[%h\]:%p' proxy 2>\/dev\/null$/);
    expect(proxy).toMatchObject({ hostname: "2001:db8:113::1", user: "hop", port: "2222" });
    expect(proxy).not.toHaveProperty("proxycommand");
  });

  it("prefers key exchanges that outlive a quantum computer, and offers one more", () => {
    const offered = settings("target")["kexalgorithms"]?.split(",") ?? [];
    expect(offered).toContain("sntrup761x25519-sha512@openssh.com");
    expect(offered.pop()).toBe("curve25519-sha256");
    expect(offered.filter((name) => !/^(mlkem768|sntrup761)x25519-/.test(name))).toEqual([]);
    expect(keyExchanges()).toBe([...offered, "curve25519-sha256"].join(","));
  });
});
