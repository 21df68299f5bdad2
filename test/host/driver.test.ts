/**
 * The driver's own manners: what it takes, what it refuses, and how it tells a fault from a crash.
 *
 * Hostile parameters leave a file behind if any of their text is ever run.
 */
import { CONTROL_PLAN } from "../../components/lib/control-plan";
import { base64, DEPLOYER, itWithJournal, OPERATOR_FROM, stdinOf, TestServer } from "./harness";
import { eventually, type Ran } from "./test-machines";

/** Every control there is has a place in some server's plan; they are listed as their files are. */
const CONTROLS = [
  ...new Set(
    Object.values(CONTROL_PLAN)
      .flat()
      .map(({ name }) => `${name}.sh`),
  ),
]
  .sort()
  .map((file) => file.replace(/\.sh$/, ""));

const server = new TestServer("a0c706");
const it = itWithJournal(server);
const DRIVER = "bash /home/deployer/host/driver";
const SSH = { DEPLOYER, DEPLOYER_FROM: OPERATOR_FROM };
const TRACE = "/run/executed";

const ssh = (stdin: string): Ran => server.root(`exec ${DRIVER} audit ssh`, stdin);

beforeAll(async () => {
  await server.boot();
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the driver", () => {
  it("lists its controls with what they do, without root or parameters", () => {
    const listed = server.root(`exec runuser -u ${DEPLOYER} -- ${DRIVER} list`);
    const names = listed.stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t")[0]);
    expect(names).toEqual(CONTROLS);
    expect(listed).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([
    ["", "the verbs are: list, audit, apply, confirm"],
    ["remove ssh", "the verbs are"],
    ["audit", "audit takes a control"],
    ["audit ssh a b", "audit takes a control"],
    ["audit telnet", `there is no control of that name; there are: ${CONTROLS.join(" ")}`],
    ["audit ../lib", "there is no control of that name"],
    ["audit ssh/checks", "there is no control of that name"],
    ["audit ssh 'a;b'", "a revision is up to 128 of"],
  ])("refuses the words '%s' and says what there is", (words, message) => {
    const refused = server.root(`exec ${DRIVER} ${words}`);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toContain(message);
  });

  it("asks for root", () => {
    const refused = server.root(`exec runuser -u ${DEPLOYER} -- ${DRIVER} audit ssh`, stdinOf(SSH));
    expect(refused).toMatchObject({ code: 64 });
    expect(refused.stderr).toContain("run as root");
  });

  it.each<[string, string, string]>([
    ["an unknown key", "PATH=/tmp\n", "unknown parameter; ssh takes: DEPLOYER DEPLOYER_FROM"],
    ["a key that is an index", `x[$(touch ${TRACE})]=1\n`, "unknown parameter"],
    ["a key of the shell's", "BASH_ENV=/tmp/x\n", "unknown parameter"],
    ["a line without =", "DEPLOYER\n", "one line has no '='"],
    ["a key that is given twice", "DEPLOYER=deployer\n", "parameter DEPLOYER is given twice"],
    ["a command in a value", `PERMIT_OPEN=$(touch ${TRACE})\n`, "parameter PERMIT_OPEN must match"],
    ["a back-quoted command", `PERMIT_OPEN=\`touch ${TRACE}\`\n`, "must match"],
    ["an arithmetic command", `ROLLBACK_SECONDS=a[$(touch ${TRACE})]\n`, "must match"],
    ["sshd's own words", "PERMIT_OPEN=any\\nPermitRootLogin yes\n", "must match"],
    ["a second value", "PERMIT_OPEN=10.0.0.1:22 any\n", "must match"],
    ["a value beyond all bounds", `PERMIT_OPEN=${"1".repeat(70_000)}\n`, "longer than 65536 bytes"],
    [
      "input beyond all bounds",
      `PERMIT_OPEN=\n${"\n".repeat(600_000)}`,
      "longer than 524288 bytes",
    ],
  ])("refuses %s, and runs none of it", (_what, stdin, message) => {
    const refused = ssh(stdinOf(SSH) + stdin);
    expect(refused).toMatchObject({ code: 64, stdout: "" });
    expect(refused.stderr).toContain(message);
    expect(server.root(`test -e ${TRACE}`).code).not.toBe(0);
  });

  it("names a parameter that is missing, and never shows a value", () => {
    expect(ssh("DEPLOYER=deployer\n").stderr).toContain("parameter DEPLOYER_FROM is missing");
    expect(ssh(`${stdinOf(SSH)}PERMIT_OPEN=s3cret\n`).stderr).not.toContain("s3cret");
  });

  it("refuses base64 that is none, and newlines that it hides", () => {
    const keys = (value: string): Ran =>
      server.root(
        `exec ${DRIVER} apply accounts`,
        stdinOf({ ...SSH, DEPLOYER_KEYS_B64: value, ADMINS_B64: "" }),
      );
    expect(keys("AAAAA").code).toBe(64);
    const hidden = keys(base64(`${server.publicKey(DEPLOYER)}\nALL ALL=(ALL) NOPASSWD: ALL\n`));
    expect(hidden).toMatchObject({ code: 1 });
    expect(hidden.stdout).toContain("FAIL\tACCOUNTS-02");
  });

  it("says where a control crashed, in a way that no verdict looks like", () => {
    const control = `#!/usr/bin/env bash
# broken: crashes
audit() { check BROKEN-01 "G00 all is well" true; false "$SECRET"; }
SECRET=s3cret
`;
    server.must("cat >/home/deployer/host/controls/broken.sh", control);
    const crashed = server.root(`exec ${DRIVER} audit broken`);
    expect(crashed).toMatchObject({ code: 70, stdout: "PASS\tBROKEN-01\tG00 all is well\n" });
    expect(crashed.stderr).toBe(`driver: crashed at broken.sh:3: 'false "$SECRET"' ended with 1\n`);
  });

  it("keeps one line in syslog for each change, with the caller's revision", async () => {
    const accounts = {
      ...SSH,
      DEPLOYER_KEYS_B64: base64(server.publicKey(DEPLOYER)),
      ADMINS_B64: base64(`ada\t${server.publicKey("ada")}`),
    };
    const applied = server.root(`exec ${DRIVER} apply accounts 4f2a`, stdinOf(accounts));
    expect(applied).toMatchObject({ code: 0, stderr: "" });
    const changes = applied.stdout.match(/^CHANGED\t.*$/gm) ?? [];
    const said = changes.map((line) => `${line.split("\t").slice(1).join(": ")} (revision 4f2a)`);
    expect(said.length).toBeGreaterThan(5);
    const logged = (): string[] =>
      server.must("journalctl --no-pager -o cat -t stronghold").split("\n");
    expect(await eventually(() => logged().length >= said.length)).toBe(true);
    expect(logged()).toEqual(said);
  });
});
