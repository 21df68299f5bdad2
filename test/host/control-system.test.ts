/**
 * The control `system`, on a booted host that shares this machine's kernel.
 *
 * What such a host can show is shown by using it: a program in /tmp, a login's umask, a setting of its own
 * network. Of the kernel's own settings, of AppArmor and of audit it has but the files, and the control has
 * to say so.
 */
import { packagesOf } from "../../components/lib/bundle";
import { SYSTEM } from "../../components/lib/controls";
import { BUNDLE, DEPLOYER, itWithJournal, type Report, TestServer } from "./harness";
import { grouped } from "./tampers";

const server = new TestServer("a0c70b");
const it = itWithJournal(server);
const GOOD = SYSTEM.parameters({});
const ALL = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];

const drive = (verb: string, parameters = GOOD): Report => server.drive(verb, "system", parameters);
const ids = (...numbers: string[]): string[] => numbers.map((number) => `SYSTEM-${number}`);
/** A login as automation has it, from outside. */
const login = (command: string): string => server.ssh(DEPLOYER, command).stdout.trimEnd();
const runsFrom = (folder: string): boolean => {
  const program = `${folder}/program`;
  server.must(`printf '#!/bin/sh\\n' >${program}; chmod 755 ${program}`);
  return server.root(program).code === 0;
};

beforeAll(async () => {
  await server.boot();
  expect(drive("audit")).toMatchObject({ code: 1, fails: ids("00") });
  const packages = { PACKAGES: packagesOf(["system"], BUNDLE).join(" ") };
  expect(server.drive("apply", "packages", packages).code).toBe(0);
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control system", () => {
  it("closes what a release leaves open, and then has nothing to do", () => {
    server.must("printf '#!/bin/sh\\n' >/usr/bin/gcc-14; chmod 755 /usr/bin/gcc-14");
    const notYet = ALL.filter((number) => number !== "10");
    expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...notYet), stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
  }, 180_000);

  it("says which part of the kernel is not this server's to set, and what is not on yet", () => {
    const said = drive("audit").stdout;
    expect(said).toMatch(
      /SYSTEM-02.*but for \d+ settings of the machine that this container runs on/,
    );
    expect(said).toMatch(/SYSTEM-10.*as soon as it is no container/);
    expect(said).toMatch(/SYSTEM-11.*as soon as this is no container/);
    // Nor does it leave behind what the packages could not start.
    expect(server.must("systemctl is-system-running --wait")).toBe("running");
    server.must("systemctl start auditd");
    expect(server.must("systemctl show -P ConditionResult auditd")).toBe("no");
  });

  it("has rules for audit that the program which loads them understands", () => {
    // Each by itself: it gets as far as to ask the kernel, which refuses a container.
    const loop = `grep -vE '^(#|-i$|$)' /etc/audit/rules.d/zz-stronghold.rules | while read -r rule; do
      echo "$rule" >/run/one.rules
      auditctl -R /run/one.rules 2>&1 | grep -q 'Error sending add rule' || echo "$rule"
    done`;
    // Of this field it asks the kernel first.
    expect(server.must(loop)).toBe("-a never,exit -F exe=/usr/bin/dpkg");
  });

  it("does not take a setting for the machine's that this server could set", () => {
    server.must("sysctl -qw net.ipv4.conf.all.accept_redirects=1 net.ipv4.tcp_syncookies=0");
    expect(drive("audit").stdout).toMatch(
      /FAIL\tSYSTEM-02.*net\/ipv4\/conf\/all\/accept_redirects is 1/,
    );
    // On a server of its own every setting counts.
    server.must("mv /run/systemd/container /run/container.kept");
    const found = drive("audit");
    server.must("mv /run/container.kept /run/systemd/container");
    expect(found.fails).toEqual(ids("02", "10", "11"));
    expect(found.stdout).not.toMatch(/container/);
    expect(drive("apply")).toMatchObject({ code: 0, changed: 1, stderr: "" });
    expect(server.must("sysctl -n net.ipv4.tcp_syncookies")).toBe("1");
  });

  it("has interfaces that are up obey, and those still to come", () => {
    server.must("ip link add later type veth peer name other; ip link set later up");
    const asked = "net.ipv4.conf.{eth0,later}.{accept,send}_redirects";
    expect(server.must(`sysctl -n ${asked} | sort -u`)).toBe("0");
    server.must("ip link del later");
  });

  it("runs nothing from folders that everybody may write to, and apt asks its questions elsewhere", () => {
    expect([runsFrom("/tmp"), runsFrom("/dev/shm"), runsFrom("/var/tmp")]).toEqual([
      false,
      false,
      true,
    ]);
    expect(server.must("apt-config dump APT::ExtractTemplates::TempDir")).toContain("/var/tmp");
    const again = "DEBIAN_FRONTEND=noninteractive apt-get install --reinstall -y apparmor 2>&1";
    expect(server.must(again)).not.toMatch(/permission denied/i);
  }, 120_000);

  it("gives logins files of their own and no core dumps, and ends a prompt that nobody is at", () => {
    expect(login("umask; ulimit -c; ulimit -H -c")).toBe("0007\n0\n0");
    expect(login("bash -lc 'umask; ulimit -c'")).toBe("0027\n0");
    expect(login("bash -lic 'echo $TMOUT; TMOUT=0; echo $TMOUT' 2>/dev/null")).toMatch(/^1800/);
    expect(login("bash -lic 'TMOUT=0' 2>&1")).toContain("readonly");
    // It would end `read` in scripts.
    expect(login("bash -lic 'bash -c \"echo [\\$TMOUT]\"' 2>/dev/null")).toBe("[]");
    expect(login("sh -lc 'umask'")).toBe("0027");
    const short = { IDLE_SECONDS: "60" };
    expect(drive("apply", short)).toMatchObject({ code: 0, changed: 1 });
    expect(login("bash -lic 'echo $TMOUT' 2>/dev/null")).toBe("60");
    expect(drive("apply")).toMatchObject({ code: 0, changed: 1 });
  });

  it("keeps all else that login.defs says", () => {
    const kept = "grep -v -e '^UMASK' -e '^SHA_CRYPT' -e '^# Kept' /etc/login.defs";
    const before = server.must(kept);
    server.must("printf 'UMASK 022\\n\\tUMASK\\t000\\n' >>/etc/login.defs");
    expect(drive("apply")).toMatchObject({ code: 0, changed: 1 });
    expect(server.must(`${kept} | grep -c . `)).toBe(
      String(before.split("\n").filter((line) => line !== "").length),
    );
    expect(
      server.must("useradd -m probe 2>&1; stat -c %a /home/probe; userdel -r probe 2>&1"),
    ).toMatch(/^700/);
  });

  it.each(
    grouped([
      [
        "a loose setting in the file",
        "echo kernel.kptr_restrict=0 >>/etc/sysctl.d/zz-stronghold.conf",
        ["01"],
      ],
      ["a lost file of settings", "rm /etc/sysctl.d/zz-stronghold.conf", ["01"]],
      ["a redirect that is believed", "sysctl -qw net.ipv4.conf.eth0.accept_redirects=1", ["02"]],
      ["a router", "sysctl -qw net.ipv4.ip_forward=1", ["02"]],
      ["a protocol let in", "sed -i /dccp/d /etc/modprobe.d/zz-stronghold.conf", ["03"]],
      ["a file that anyone may change", "chmod 666 /etc/modprobe.d/zz-stronghold.conf", ["03"]],
      [
        "core dumps by PAM",
        "echo '* hard core unlimited' >/etc/security/limits.d/zz-stronghold.conf",
        ["04"],
      ],
      ["core dumps by systemd", "rm -r /etc/systemd/coredump.conf.d", ["04"]],
      ["open files by login.defs", "sed -i 's/^UMASK.*/UMASK 000/' /etc/login.defs", ["05"]],
      ["a login.defs of somebody else", "chown daemon /etc/login.defs", ["05"]],
      [
        "open files by the shell",
        "sed -i 's/^umask.*/umask 000/' /etc/profile.d/zz-stronghold.sh",
        ["06"],
      ],
      ["a prompt that never ends", "sed -i '/TMOUT/d' /etc/profile.d/zz-stronghold.sh", ["06"]],
      ["a greeting that tells the release", "echo 'Debian GNU/Linux 13' >/etc/issue", ["07"]],
      [
        "a greeting over the network that does",
        "echo 'Debian GNU/Linux 13' >/etc/issue.net",
        ["07"],
      ],
      ["a cron table for all to read", "chmod 644 /etc/crontab", ["08"]],
      ["a folder of cron that others may write to", "chmod 777 /etc/cron.d", ["08"]],
      ["a folder of cron that is somebody's", "chown daemon /etc/cron.daily", ["08"]],
      ["programs from /tmp", "mount -o remount,exec /tmp", ["09"]],
      ["programs from /dev/shm", "mount -o remount,exec /dev/shm", ["09"]],
      ["programs from /tmp after the next boot", "systemctl -q disable stronghold-mounts", ["09"]],
      [
        "a unit that does nothing",
        "ln -sf /dev/null /etc/systemd/system/stronghold-mounts.service",
        ["09"],
      ],
      ["apt asking its questions in /tmp", "rm /etc/apt/apt.conf.d/zz-stronghold", ["09"]],
      ["AppArmor off", "systemctl -q disable apparmor", ["10"]],
      ["AppArmor masked", "systemctl -q mask apparmor 2>&1", ["10"]],
      [
        "rules for the audit of less",
        "sed -i /shadow/d /etc/audit/rules.d/zz-stronghold.rules",
        ["11"],
      ],
      ["no audit after the next boot", "systemctl -q disable auditd", ["11"]],
      ["a compiler for everybody", "chmod 755 /usr/bin/gcc-14", ["12"]],
      [
        "a compiler for everybody by another name",
        "ln -s gcc-14 /usr/bin/cc; chmod o+x /usr/bin/gcc-14",
        ["12"],
      ],
    ]),
  )(
    "notices and mends: %s",
    (_what, { rows, numbers }) => {
      for (const [, tamper] of rows) server.must(tamper);
      expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
      expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
      expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    },
    120_000,
  );

  it("opens nothing that is closed more than it asks for", () => {
    server.must("chmod 400 /etc/crontab; chmod 4755 /etc/cron.d");
    expect(drive("apply")).toMatchObject({ code: 0, changed: 1 });
    expect(server.must("stat -c %a /etc/crontab /etc/cron.d")).toBe("400\n700");
  });

  it.each(["", "0", "09", "1h", "-1", "1000000", "60;id"])("refuses %j", (IDLE_SECONDS) => {
    expect(drive("apply", { IDLE_SECONDS })).toMatchObject({ code: 64, stdout: "" });
  });

  it("costs an audit next to nothing", () => {
    const line =
      "TIMEFORMAT='%U %S'; { time echo IDLE_SECONDS=1800 | bash /home/deployer/host/driver audit system >/dev/null; } 2>&1";
    const spent = (): number => {
      const [user = 9, system = 9] = server.must(line).split(" ").map(Number);
      return user + system;
    };
    // Those who share the cores only ever add to it: the best of so many counts.
    expect(Math.min(...Array.from({ length: 5 }, spent))).toBeLessThan(0.6);
  });

  it("converges wherever it was killed", () => {
    for (const delay of [40, 120, 250, 400]) {
      server.must(
        "rm -f /etc/sysctl.d/zz-stronghold.conf /etc/systemd/system/stronghold-mounts.service",
      );
      server.must("mount -o remount,exec /tmp; chmod 644 /etc/crontab");
      server.killDriverAfter(delay, "apply", "system", GOOD);
      expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    }
  }, 180_000);

  it("keeps it all through a reboot", async () => {
    await server.cloud.machines.reboot(1001);
    // It answers SSH before all has been started.
    expect(server.must("systemctl is-system-running --wait")).toBe("running");
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    expect([runsFrom("/tmp"), runsFrom("/dev/shm")]).toEqual([false, false]);
    expect(server.must("sysctl -n net.ipv4.conf.eth0.send_redirects")).toBe("0");
  }, 180_000);
});
