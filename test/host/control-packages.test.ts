/**
 * The control `packages` on a real Debian host with a real apt.
 *
 * It does not prove that a mirror on the Internet answers; hosts here have a proxy beside them.
 */
import { spawn } from "node:child_process";

import { type Report, TestServer, itWithJournal } from "./harness";
import { eventually } from "./test-machines";

const server = new TestServer("a0c701");
const it = itWithJournal(server);
const PACKAGES = "iptables-persistent netfilter-persistent openssh-server sudo";
const drive = (verb: string, packages = PACKAGES): Report =>
  server.drive(verb, "packages", { PACKAGES: packages });

const lists = "stat -c %Y /var/lib/apt/lists";

beforeAll(async () => {
  await server.boot();
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control packages", () => {
  it("names what is missing, installs it in one transaction, and then has nothing to do", () => {
    const broken = drive("audit");
    expect(broken).toMatchObject({ code: 1, fails: ["PACKAGES-01"] });
    expect(broken.stdout).toContain("[missing: iptables-persistent netfilter-persistent]");
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
    const transactions = server.must("grep -c '^Commandline: .*install' /var/log/apt/history.log");
    expect(transactions).toBe("1");
    expect(drive("audit")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    const refreshed = server.must(lists);
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(server.must(lists)).toBe(refreshed);
  }, 180_000);

  it("has answered the package's questions: no rules of the moment are kept", () => {
    const shown = server.must("debconf-show iptables-persistent");
    expect(shown).toMatch(/autosave_v4: false/);
    expect(shown).toMatch(/autosave_v6: false/);
    expect(server.root("test -e /etc/iptables/rules.v4").code).not.toBe(0);
  });

  it("finishes an install that died half-way", () => {
    server.must("cd /tmp && apt-get -q download less && dpkg --unpack less_*.deb");
    expect(drive("audit")).toMatchObject({ code: 1, fails: ["PACKAGES-02"] });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0 });
  }, 180_000);

  it("brings a removed package back, once other programs let go of the lists and of dpkg", async () => {
    server.must("dpkg --force-depends --remove netfilter-persistent");
    expect(drive("audit")).toMatchObject({ code: 1, fails: ["PACKAGES-01"] });
    const hold = `import fcntl, time
held = [open(p, "w") for p in ("/var/lib/apt/lists/lock", "/var/lib/dpkg/lock-frontend")]
for f in held: fcntl.lockf(f, fcntl.LOCK_EX)
open("/run/held", "w").close()
time.sleep(2.5)`;
    const words = server.cloud.machines.consoleCommand(1001, ["python3", "-c", hold]);
    spawn(words[0] ?? "", words.slice(1), { stdio: "ignore" });
    expect(await eventually(() => server.root("test -e /run/held").code === 0)).toBe(true);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
  }, 180_000);

  it("says in apt's own words why it cannot install, and changes nothing", () => {
    const failed = drive("apply", `${PACKAGES} no-such-package`);
    expect(failed.code).toBe(70);
    expect(failed.stderr).toContain("no-such-package");
    expect(drive("audit")).toMatchObject({ code: 0 });
  }, 180_000);
});
