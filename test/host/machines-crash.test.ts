/**
 * The hosts of the local cloud after something was killed: nothing runs unwatched, nothing is lost,
 * and what an interrupted step left is no obstacle to the next.
 *
 * It does not prove that a power cut spares a disk: hosts write without waiting for it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { checkRequirements } from "../../local/machines/requirements";
import { isAlive, processStart } from "../../local/process-identity";
import { traces } from "../machine-view";
import { describeAsRoot, eventually, run, TestMachines } from "./test-machines";

const cloud = new TestMachines("machines-crash");
const [ONE, TWO] = [1001, 1002];

describeAsRoot("hosts of a cloud in which things are killed", () => {
  beforeAll(async () => {
    await cloud.start();
    await Promise.all([cloud.boot(cloud.spec(1)), cloud.boot(cloud.spec(2))]);
    cloud.inside(ONE, ["bash", "-c", "echo kept >/root/file && sync"]);
  }, 360_000);

  afterAll(async () => {
    await cloud.down();
  }, 90_000);

  const kept = (): string => cloud.inside(ONE, ["cat", "/root/file"]).stdout;

  it.each(["supervisor", "nspawn", "init"] as const)(
    "are off, wholly and noticed, when the %s of one is killed; it boots again with its disk",
    async (which) => {
      const before = Object.values(cloud.processes(ONE)).map((pid) => ({
        pid,
        start: processStart(pid) ?? "gone",
      }));
      const seen: string[] = [];
      cloud.machines.onStatus((id, status) => seen.push(`${id} ${status}`));
      process.kill(cloud.processes(ONE)[which], "SIGKILL");
      expect(await eventually(() => seen.includes(`${ONE} offline`))).toBe(true);
      const gone = (): boolean => !before.some(({ pid, start }) => isAlive(pid, start));
      expect(await eventually(gone)).toBe(true);
      expect(cloud.connects("operator", "203.0.113.101", 22)).toBe(false);
      expect(cloud.machines.status(TWO)).toBe("running");
      await cloud.machines.boot(ONE);
      expect(kept()).toBe("kept\n");
    },
    90_000,
  );

  it("boot again at once after the supervisor was killed, while the host still powers off", async () => {
    process.kill(cloud.processes(ONE).supervisor, "SIGKILL");
    expect(await eventually(() => cloud.machines.status(ONE) === "offline")).toBe(true);
    await cloud.machines.boot(ONE);
    expect(kept()).toBe("kept\n");
  }, 90_000);

  it("are off for a process that takes over after the crash", async () => {
    const { supervisor, nspawn } = cloud.processes(TWO);
    for (const pid of [supervisor, nspawn]) process.kill(pid, "SIGKILL");
    expect(await eventually(() => cloud.open().status(TWO) === "offline")).toBe(true);
    expect(cloud.open().status(ONE)).toBe("running");
  });

  it("come back with their disks after a restart of the machine took networks and mounts", async () => {
    await cloud.machines.down();
    // The disks are in there, and nothing else is left.
    expect(traces(cloud)).toEqual([cloud.stateDir]);
    cloud.machines = cloud.open();
    expect(cloud.machines.status(ONE)).toBe("offline");
    await cloud.machines.start();
    await cloud.machines.boot(ONE);
    expect(kept()).toBe("kept\n");
    expect(cloud.connects("stranger", "2001:db8:113::1", 22)).toBe(true);
  }, 90_000);

  it("are made anew over what an interrupted creation left, and that can be destroyed", async () => {
    const left = (id: number): string => join(cloud.stateDir, "machines", String(id), "upper");
    for (const id of [1003, 1004]) mkdirSync(left(id), { recursive: true });
    run(["ip", "netns", "add", `sh-${cloud.cloudId}-1003`]);
    await cloud.machines.create(cloud.spec(3));
    await cloud.machines.destroy(1003);
    await cloud.machines.destroy(1004);
    expect([1003, 1004].filter((id) => existsSync(left(id)))).toEqual([]);
    expect(run(["ip", "netns", "list"]).stdout).not.toMatch(`sh-${cloud.cloudId}-100[34]`);
  });

  it("are seen again from a vantage point that was lost half-way through a start", async () => {
    const lost = `sh-${cloud.cloudId}-stranger`;
    // As the kernel does it now and then: the links outlive the name of what they belong to.
    const lingers = spawn("ip", ["netns", "exec", lost, "sleep", "infinity"], { stdio: "ignore" });
    const isIn = (): boolean => run(["ip", "netns", "pids", lost]).stdout !== "";
    try {
      expect(await eventually(isIn)).toBe(true);
      run(["ip", "netns", "delete", lost]);
      await cloud.open().start();
    } finally {
      lingers.kill();
    }
    expect(cloud.connects("stranger", "203.0.113.101", 22)).toBe(true);
  });

  it("say with the end of their console why they do not boot", async () => {
    const broken = `rm $1 && printf '#!/bin/sh\necho broken on purpose\n' >$1 && chmod 755 $1`;
    cloud.inside(ONE, ["sh", "-c", broken, "sh", "/usr/lib/systemd/systemd"]);
    await cloud.machines.shutdown(ONE);
    await expect(cloud.machines.boot(ONE)).rejects.toThrow(
      /the host ended while booting; its console ends with:\n(.|\n)*broken on purpose/,
    );
    expect(cloud.machines.status(ONE)).toBe("offline");
  }, 90_000);
});

describeAsRoot("taking a cloud down", () => {
  it("ends no process that only names it", async () => {
    const file = join(cloud.stateDir, "note");
    mkdirSync(cloud.stateDir, { recursive: true });
    writeFileSync(file, "");
    const network = `--net=/run/netns/sh-${cloud.cloudId}-router`;
    const bystanders: ChildProcess[] = [
      spawn("tail", ["-f", file], { stdio: "ignore" }),
      spawn("bash", ["-c", "read -r", "bash", file, network], { stdio: "pipe" }),
    ];
    await cloud.down();
    expect(bystanders.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([
      null,
      null,
    ]);
    for (const child of bystanders) child.kill();
  });

  it("may follow at once on a boot that is under way", async () => {
    await cloud.start();
    await cloud.machines.create(cloud.spec(1));
    const boot = cloud.machines.boot(ONE).then(
      () => "booted",
      () => "rejected",
    );
    const starting = (): boolean => existsSync(join(cloud.stateDir, "machines/1001/console.log"));
    expect(await eventually(starting)).toBe(true);
    await cloud.machines.destroy(ONE);
    expect(await boot).toBe("rejected");
    await cloud.down();
    expect(traces(cloud)).toEqual([]);
  }, 90_000);
});

describeAsRoot("the check of what this machine needs", () => {
  it("finds nothing missing here, and leaves nothing of its tries", async () => {
    expect(await checkRequirements("tests")).toEqual([]);
    expect(run(["ip", "netns", "list"]).stdout).not.toContain("sh-try");
  });
});
