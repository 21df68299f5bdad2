/**
 * What keeps the hosts of the local cloud apart, from each other and from this machine.
 *
 * It does not prove that a host cannot break out of its container: hosts here are not hostile.
 */
import { spawn } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { CloudFirewall } from "../../local/types";
import { isAlive } from "../../local/process-identity";
import { CACHE_DIR, describeAsRoot, eventually, run, TestMachines } from "./test-machines";

const cloud = new TestMachines("machines-network");
const [ONE, TWO] = [1001, 1002];
const VPC = { id: 301, prefix: 24 };
/** Of somebody who logs in as root. */
const key = join(cloud.stateDir, "key");

/** Prints the text of every datagram that arrives, over either family. */
const LISTEN = `
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", 9999))
print("ready", flush=True)
while True:
    print(s.recv(99).decode(), flush=True)
`;

/** Sends argv: text, source, target. The source need not be an address of the sender. */
const SEND = `
import socket, sys
text, source, target = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 19, 1)      # IP_TRANSPARENT, for both families:
s.setsockopt(socket.IPPROTO_IPV6, 75, 1) if ":" in target else None
s.bind((source, 0))
s.sendto(text.encode(), (target, 9999))
`;

describeAsRoot("two hosts", () => {
  beforeAll(async () => {
    await cloud.start();
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
    const authorizedKeys = [readFileSync(`${key}.pub`, "utf8")];
    const one = cloud.spec(1, { authorizedKeys, vpc: { ...VPC, address: "10.0.0.2" } });
    const two = cloud.spec(2, { vpc: { ...VPC, address: "10.0.0.3" } });
    await Promise.all([cloud.boot(one), cloud.boot(two)]);
  }, 360_000);

  afterAll(async () => {
    await cloud.down();
  }, 90_000);

  it("can send from their own addresses alone, as can the vantage points", async () => {
    const [command = "", ...words] = cloud.machines.consoleCommand(TWO, ["python3", "-c", LISTEN]);
    const listener = spawn(command, words);
    let said = "";
    listener.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    expect(await eventually(() => said.includes("ready"))).toBe(true);

    const send = (from: typeof ONE | "stranger", text: string, source: string, target: string) => {
      expect(cloud.from(from, "python3", "-c", SEND, text, source, target)).toMatchObject({
        code: 0,
      });
    };
    send("stranger", "false public", "203.0.113.10", "203.0.113.102");
    send("stranger", "false private", "192.168.129.11", "192.168.129.12");
    send("stranger", "false v6", "2001:db8:10::10", "2001:db8:113::2");
    send(ONE, "false neighbour", "192.168.200.77", "192.168.129.12");
    send(ONE, "unknown", "198.51.100.1", "203.0.113.102");
    send("stranger", "true public", "203.0.113.66", "203.0.113.102");
    send("stranger", "true v6", "2001:db8:66::66", "2001:db8:113::2");
    send(ONE, "true private", "192.168.129.11", "192.168.129.12");
    // Each takes its own way: which is there first nobody has promised.
    const heard = (): string[] => said.trim().split("\n").sort();
    expect(await eventually(() => heard().length >= 4)).toBe(true);
    listener.kill();
    expect(heard()).toEqual(["ready", "true private", "true public", "true v6"]);
  });

  it("meet in a VPC that nobody else is in, behind their walls there, too", async () => {
    const knock = (from: typeof ONE | "stranger" | "neighbour", to: string): boolean =>
      cloud.connects(from, to, 22);
    expect(knock(ONE, "10.0.0.3")).toBe(true);
    // The router between all others has never heard of it.
    for (const place of ["stranger", "neighbour"] as const) {
      expect(knock(place, "203.0.113.102")).toBe(true);
      expect(knock(place, "10.0.0.3")).toBe(false);
    }
    const shut = { inbound: [], inboundPolicy: "DROP", outbound: [], outboundPolicy: "ACCEPT" };
    await cloud.machines.setFirewall(TWO, shut as CloudFirewall);
    expect(knock(ONE, "10.0.0.3")).toBe(false);
    await cloud.machines.setFirewall(TWO, undefined);
    expect(knock(ONE, "10.0.0.3")).toBe(true);
  });

  it("see no process of the other, nor of this machine, in their control groups", () => {
    // A process of another process namespace shows as 0.
    const list = "find /sys/fs/cgroup -path '*.s*/cgroup.procs' -exec cat {} +";
    for (const id of [ONE, TWO]) {
      const pids = cloud.inside(id, ["bash", "-c", list]).stdout.trim().split("\n");
      expect(pids.length).toBeGreaterThan(5);
      expect(pids).not.toContain("0");
    }
  });

  it("have consoles in their own folder of root, with their own variables", () => {
    expect(cloud.inside(ONE, ["pwd"]).stdout).toBe("/root\n");
    const inside = cloud.inside(ONE, ["bash", "-c", "ls -A; echo in >here; hostname"]).stdout;
    expect(inside).not.toContain(".npm");
    expect(cloud.inside(ONE, ["cat", "/root/here"]).stdout).toBe("in\n");
    const variables = cloud.inside(ONE, ["env"]).stdout.match(/^\w+(?==)/gm);
    expect(variables?.sort()).toEqual(["HOME", "LANG", "PATH", "TERM"]);
  });

  it("cannot change this machine's kernel, but their own network", () => {
    // The value that it has, so that a hole would do no harm.
    const set = (key: string): number =>
      cloud.inside(ONE, ["bash", "-c", 'sysctl -w "$1=$(sysctl -n "$1")"', "bash", key]).code;
    expect(["kernel.pid_max", "vm.swappiness", "fs.file-max"].map(set)).not.toContain(0);
    expect(set("net.ipv4.conf.all.log_martians")).toBe(0);
  });

  it("let root in as the vendor's do: with the key and the password they were made with", () => {
    const ssh = ["ssh", "-i", key, "-F", "none", "-o", "StrictHostKeyChecking=no"];
    const quiet = ["-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"];
    const entered = cloud.from("stranger", ...ssh, ...quiet, "root@203.0.113.101", "id", "-un");
    expect(entered).toMatchObject({ code: 0, stdout: "root\n" });
    const hash = cloud.inside(ONE, ["getent", "shadow", "root"]).stdout.split(":")[1] ?? "";
    const salt = hash.split("$")[2] ?? "";
    const again = run(["openssl", "passwd", "-6", "-salt", salt, "-stdin"], cloud.spec(1).rootPass);
    expect(again.stdout.trim()).toBe(hash);
  });

  it("read user data and password from nowhere that others can read", () => {
    const open = "find /var/lib/cloud/seed /etc/shadow -type f -perm /o+r; stat -c %a /root";
    expect(cloud.inside(ONE, ["bash", "-c", open]).stdout).toBe("700\n");
  });
});

describeAsRoot("two clouds with one package cache", () => {
  // The image is shared by a second name; the packages are these tests' own.
  const cacheDir = `${CACHE_DIR}-test-${process.pid}`;
  const [one, two] = [new TestMachines("apt-a", cacheDir), new TestMachines("apt-b", cacheDir)];
  const clouds = [one, two];

  beforeAll(async () => {
    mkdirSync(cacheDir);
    mkdirSync(join(cacheDir, "images"));
    // Also for nobody, as whom the proxy runs.
    chmodSync(cacheDir, 0o755);
    for (const name of readdirSync(join(CACHE_DIR, "images"))) {
      linkSync(join(CACHE_DIR, "images", name), join(cacheDir, "images", name));
    }
    await Promise.all(clouds.map((each) => each.start()));
  }, 180_000);

  afterAll(async () => {
    for (const each of clouds) await each.down();
    rmSync(cacheDir, { recursive: true, force: true });
  }, 90_000);

  const server = (): { pid: number; start: string } =>
    JSON.parse(readFileSync(join(cacheDir, "apt", "server.pid"), "utf8")) as never;
  /** What the proxy says to somebody who asks it for its own pages. */
  const answers = (from: TestMachines): boolean =>
    from.from("stranger", "curl", "-sS", "http://203.0.113.1:3142/").stdout.includes("APT");

  it("have one proxy, which both reach", () => {
    expect(clouds.map(answers)).toEqual([true, true]);
  });

  it("get it back, at the same place, from whichever is started next", async () => {
    process.kill(server().pid, "SIGKILL");
    expect(await eventually(() => !answers(one))).toBe(true);
    await two.machines.start();
    expect(clouds.map(answers)).toEqual([true, true]);
  });

  it("end it when the last of them goes down", async () => {
    const { pid, start } = server();
    await one.down();
    expect(answers(two)).toBe(true);
    await two.down();
    expect(await eventually(() => !isAlive(pid, start))).toBe(true);
  });
});
