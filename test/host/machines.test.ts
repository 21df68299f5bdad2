/**
 * The hosts of the local cloud: they boot, reach each other as on Linode, and leave nothing behind.
 *
 * It does not prove that a Linode behaves so; the facts it copies are the vendor's documentation's.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { vantageCommand } from "../../local/machines/vantage";
import type { CloudFirewall } from "../../local/types";
import { machineNetwork, traces } from "../machine-view";
import { describeAsRoot, eventually, run, TestMachines } from "./test-machines";

const cloud = new TestMachines("machines");
const [ONE, TWO] = [1001, 1002];

const accept = (ipv4: string[], ipv6: string[]): CloudFirewall => ({
  inbound: [{ action: "ACCEPT", protocol: "TCP", ports: "22", addresses: { ipv4, ipv6 } }],
  inboundPolicy: "DROP",
  outbound: [],
  outboundPolicy: "ACCEPT",
});

const before = machineNetwork();
const hostKey = join("/tmp", `stronghold-test-key-${process.pid}`);

beforeAll(async () => {
  await cloud.start();
  run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "first boot", "-f", hostKey]);
  const userData = `#cloud-config\n${JSON.stringify({
    ssh_deletekeys: true,
    ssh_genkeytypes: [],
    ssh_keys: {
      ed25519_private: readFileSync(hostKey, "utf8"),
      ed25519_public: readFileSync(`${hostKey}.pub`, "utf8").trim(),
    },
    users: [{ name: "made-by-cloud-init", shell: "/bin/bash" }],
  })}\n`;
  await Promise.all([
    cloud.boot(cloud.spec(1, { userData })),
    cloud.boot(cloud.spec(2), accept(["203.0.113.10/32"], [])),
  ]);
}, 360_000);

afterAll(async () => {
  await cloud.down();
  run(["rm", "-f", hostKey, `${hostKey}.pub`]);
}, 90_000);

describeAsRoot("a booted host", () => {
  it("shows the host key of its user data, and no other", () => {
    const scanned = cloud.from("operator", "ssh-keyscan", "-T", "20", "203.0.113.101").stdout;
    const keys = scanned.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const [type, key] = readFileSync(`${hostKey}.pub`, "utf8").split(" ");
    expect(keys).toEqual([`203.0.113.101 ${type} ${key}`]);
  });

  it("has read its user data and is fully up", async () => {
    expect(cloud.inside(ONE, ["id", "-u", "made-by-cloud-init"]).code).toBe(0);
    const up = (): boolean =>
      cloud.inside(ONE, ["systemctl", "is-system-running"]).stdout === "running\n";
    expect(await eventually(up)).toBe(true);
  });

  it("answers over public IPv4, public IPv6 and the private network", () => {
    expect(cloud.connects("stranger", "203.0.113.101", 22)).toBe(true);
    expect(cloud.connects("stranger", "2001:db8:113::1", 22)).toBe(true);
    expect(cloud.connects("neighbour", "192.168.129.11", 22)).toBe(true);
    expect(cloud.connects(TWO, "192.168.129.11", 22)).toBe(true);
  });

  it("has one network card, and its password is not the machine's business", () => {
    const links = cloud.inside(ONE, ["ls", "/sys/class/net"]).stdout.split("\n");
    expect(cloud.inside(ONE, ["cat", "/proc/net/dev"]).stdout.match(/^ *(\w+):/gm)).toHaveLength(2);
    expect(links).toContain("lo");
    expect(
      run([
        "grep",
        "-rl",
        "--exclude-dir=image",
        "--exclude-dir=root",
        "a long password",
        cloud.stateDir,
      ]).stdout,
    ).toBe("");
  });

  it("finds packages, and nothing else of the world", () => {
    const proxy = cloud.inside(ONE, ["bash", "-c", "exec 3<>/dev/tcp/203.0.113.1/3142"]);
    expect(proxy.code).toBe(0);
    expect(
      cloud.inside(ONE, ["timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/192.0.2.1/80"]).code,
    ).not.toBe(0);
  });
});

describeAsRoot("the outer wall", () => {
  it("lets in who is named, and in silence nobody else, per family", () => {
    expect(cloud.connects("operator", "203.0.113.102", 22)).toBe(true);
    expect(cloud.connects("operator", "2001:db8:113::2", 22)).toBe(false);
    expect(cloud.connects("stranger", "203.0.113.102", 22)).toBe(false);
    expect(cloud.connects("neighbour", "192.168.129.12", 22)).toBe(false);
    expect(cloud.connects(ONE, "192.168.129.12", 22)).toBe(false);
  });

  it("changes at once, and established connections live on", async () => {
    // Greeted before the change, answered after it: sshd tells a wrong greeting so.
    const script = `exec 3<>/dev/tcp/203.0.113.102/22; read -r -u 3 line; echo greeted; read -r; printf 'no ssh\\r\\n' >&3; cat <&3`;
    const enter = vantageCommand(cloud.cloudId, "operator");
    const held = spawn(enter[0] ?? "", [...enter.slice(1), "bash", "-c", script]);
    let said = "";
    held.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    expect(await eventually(() => said.includes("greeted"))).toBe(true);
    await cloud.machines.setFirewall(TWO, accept([], ["2001:db8:66::/48"]));
    expect(cloud.connects("stranger", "2001:db8:113::2", 22)).toBe(true);
    expect(cloud.connects("operator", "203.0.113.102", 22)).toBe(false);
    held.stdin.end("go\n");
    expect(await eventually(() => said.includes("Invalid SSH identification"))).toBe(true);
    await cloud.machines.setFirewall(TWO, accept(["203.0.113.10/32"], []));
  });

  it("drops packets that come from an address that is not the sender's", () => {
    // The stranger claims the operator's address, which host 2 would let in.
    const place = (...words: string[]): number => cloud.from("stranger", "ip", ...words).code;
    expect(place("address", "add", "203.0.113.10/32", "dev", "eth0")).toBe(0);
    const counted = cloud.from(
      "stranger",
      "nc",
      "-z",
      "-w",
      "1",
      "-s",
      "203.0.113.10",
      "203.0.113.102",
      "22",
    );
    expect(counted.code).not.toBe(0);
    place("address", "delete", "203.0.113.10/32", "dev", "eth0");
  });
});

describeAsRoot("power", () => {
  const boots = async (change: () => unknown): Promise<string[]> => {
    const seen: string[] = [];
    cloud.machines.onStatus((id, status) => seen.push(`${id} ${status}`));
    change();
    // A host that goes down in order takes up to twenty seconds, and then as long as it likes to boot.
    await eventually(() => seen.some((line) => /running|offline/.test(line)), 150_000);
    return seen;
  };

  it("comes back from a reboot from inside, with its files, and says so", async () => {
    cloud.inside(ONE, ["bash", "-c", "echo kept >/root/file"]);
    const seen = await boots(() => cloud.inside(ONE, ["systemctl", "reboot"]));
    expect(seen).toEqual([`${ONE} booting`, `${ONE} running`]);
    expect(cloud.inside(ONE, ["cat", "/root/file"]).stdout).toBe("kept\n");
  }, 90_000);

  it("goes off and on again by the API", async () => {
    await cloud.machines.shutdown(ONE);
    expect(cloud.machines.status(ONE)).toBe("offline");
    expect(cloud.connects("stranger", "203.0.113.101", 22)).toBe(false);
    await cloud.machines.boot(ONE);
    const startTime = (): number =>
      Number(cloud.inside(ONE, ["cat", "/proc/1/stat"]).stdout.split(" ")[21]);
    const before = startTime();
    await cloud.machines.reboot(ONE);
    expect(startTime()).toBeGreaterThan(before);
    expect(cloud.inside(ONE, ["cat", "/root/file"]).stdout).toBe("kept\n");
  }, 90_000);

  it("notices a power-off from inside and a killed container", async () => {
    expect(await boots(() => cloud.inside(ONE, ["systemctl", "poweroff"]))).toContain(
      `${ONE} offline`,
    );
    await cloud.machines.boot(ONE);
    const kill = (): unknown =>
      run(["pkill", "-KILL", "-f", `systemd-nspawn.*machine=sh-${cloud.cloudId}-${ONE} `]);
    expect(await boots(kill)).toContain(`${ONE} offline`);
    await cloud.machines.boot(ONE);
    expect(cloud.connects("stranger", "203.0.113.101", 22)).toBe(true);
  }, 180_000);

  it("has a console that works while the network does not", () => {
    cloud.inside(ONE, ["ip", "link", "set", "eth0", "down"]);
    expect(cloud.connects("stranger", "203.0.113.101", 22)).toBe(false);
    expect(cloud.inside(ONE, ["hostname"]).stdout).toBe("host-1\n");
    cloud.inside(ONE, ["ip", "link", "set", "eth0", "up"]);
  });
});

describeAsRoot("taking over and taking down", () => {
  it("finds running hosts and their walls again in a new process", async () => {
    cloud.machines = cloud.open();
    expect(cloud.machines.status(TWO)).toBe("running");
    await cloud.machines.start();
    expect(cloud.connects("operator", "203.0.113.102", 22)).toBe(true);
    expect(cloud.connects("stranger", "203.0.113.102", 22)).toBe(false);
  });

  it("removes one machine and leaves the other", async () => {
    await cloud.machines.destroy(ONE);
    expect(cloud.connects("operator", "203.0.113.102", 22)).toBe(true);
    expect(run(["ip", "netns", "list"]).stdout).not.toContain(`sh-${cloud.cloudId}-${ONE}`);
  });

  it("stands beside a second cloud with the same addresses", async () => {
    const other = new TestMachines("machines-other");
    await other.start();
    await other.boot(other.spec(2, { label: "other-2" }));
    expect(other.connects("stranger", "203.0.113.102", 22)).toBe(true);
    expect(cloud.connects("stranger", "203.0.113.102", 22)).toBe(false);
    await other.down();
    expect(traces(other)).toEqual([]);
    expect(cloud.connects("operator", "203.0.113.102", 22)).toBe(true);
  }, 180_000);

  it("leaves nothing after down, also when everything was killed before", async () => {
    expect(traces(cloud)).not.toEqual([]);
    run(["pkill", "-KILL", "-f", `sh-${cloud.cloudId}`]);
    const start = performance.now();
    await cloud.down();
    // Nobody is waited for: that a host powers off takes up to twenty seconds.
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(traces(cloud)).toEqual([]);
    expect(machineNetwork()).toBe(before);
  }, 90_000);
});
