/**
 * The control `audit`: a server that knows its promises by itself, notices what is changed by hand, says since
 * when, and tells people once. Root's copy of the controls does it, and what it remembers holds no secret that
 * the server does not keep itself.
 */
import { assetsIn } from "../../scripts/audit/inventory";
import { AuditedServer, CANARY, MEMORY, QUEUE } from "./audited-server";
import { base64, DEPLOYER, itWithJournal } from "./harness";
import { grouped } from "./tampers";
import { eventually } from "./test-machines";

const server = new AuditedServer("a0c7a1");
const it = itWithJournal(server);
const COPY = "/usr/local/lib/stronghold";
const UNITS = "/etc/systemd/system";
const DRIVER = `/home/${DEPLOYER}/host/driver`;

const ids = (...numbers: string[]): string[] => numbers.map((number) => `AUDIT-${number}`);

/** What there is nothing of yet: neither a copy of the controls, nor a note of what the server consists of. */
const BARE = ids("01", "03", "04", "05", "06", "07", "08", "09", "10");

/** Runs the nightly audit; answers the subjects of the alerts that it has queued. */
function nightly(): string[] {
  server.must("systemctl start stronghold-audit.service");
  const said = server.must(
    `cd ${QUEUE} && for file in *; do [[ ! -f $file ]] || head -n 1 -- "$file"; done; rm -f -- *`,
  );
  return said === "" ? [] : said.split("\n").map((line) => line.replace(/^\[.*?\] /, ""));
}

beforeAll(async () => {
  await server.boot();
}, 600_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control audit", () => {
  it("sets the audit up, and then has nothing to do", () => {
    expect(server.control("audit")).toMatchObject({ code: 1, fails: BARE, stderr: "" });
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(server.control("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
  });

  it("finds all of a sound server's promises kept", () => {
    const { code, stdout, stderr, fails } = server.found();
    expect({ code, fails, stderr }).toEqual({ code: 0, fails: [], stderr: "" });
    expect(stdout.match(/^SUMMARY\t\S+/gm)).toEqual(
      ["accounts", "audit", "passwords"].map((name) => `SUMMARY\t${name}`),
    );
  });

  it("remembers no password in clear, and shows what it remembers to nobody", () => {
    expect(server.must(`grep -rlF -e '${CANARY}' -e '${base64(CANARY)}' /var /etc || true`)).toBe(
      "",
    );
    const remembered = server.must(`sed -n s/^PEOPLE_B64=//p ${MEMORY}/passwords | base64 -d`);
    expect(remembered).toMatch(/^ada\thash\t\$y\$/);
    for (const file of [MEMORY, `${MEMORY}/accounts`, "/var/lib/stronghold/audit"]) {
      expect(server.root(`runuser -u ada -- cat ${file}`).stderr).toContain("Permission denied");
    }
    const asAda = server.root("runuser -u ada -- stronghold-audit run");
    expect(asAda.code).not.toBe(0);
  });

  it.each(
    grouped([
      ["a control that was changed", `echo : >>${COPY}/controls/ssh.sh`, ["01"]],
      ["a control that others can change", `chmod 666 ${COPY}/lib.sh`, ["01"]],
      ["a control that is missing", `rm ${COPY}/controls/clock.sh`, ["01"]],
      ["a file beside them", `touch ${COPY}/controls/more.sh`, ["01"]],
      ["a link beside them", `ln -s /etc/passwd ${COPY}/x`, ["01"]],
      ["another folder in their place", `mv ${COPY} /run/x; ln -s /run/x ${COPY}`, ["01"]],
      ["a memory that others can read", `chmod 644 ${MEMORY}/accounts`, ["02"]],
      ["a memory that others get into", `chmod 755 ${MEMORY}`, ["02"]],
      ["another program", "echo : >>/usr/local/sbin/stronghold-audit", ["03", "05"]],
      [
        "a unit that does nothing",
        `sed -i s/ExecStart=.*/ExecStart=true/ ${UNITS}/stronghold-audit.service`,
        ["03", "05"],
      ],
      [
        "an addition to a unit",
        `mkdir ${UNITS}/stronghold-audit.service.d; printf '[Service]\\nExecStart=\\n' >${UNITS}/stronghold-audit.service.d/a.conf; systemctl daemon-reload`,
        ["03", "05"],
      ],
      ["a state that others get into", "chmod 755 /var/lib/stronghold/audit", ["03"]],
      ["a timer that is stopped", "systemctl -q stop stronghold-audit.timer", ["04", "09"]],
      [
        "a timer that no boot starts",
        "systemctl -q disable stronghold-audit.timer 2>&1",
        ["04", "05", "09"],
      ],
    ]),
  )("notices and mends: %s", (_what, { rows, numbers }) => {
    for (const [, tamper] of rows) server.must(tamper);
    expect(server.control("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
  });

  it("notices a control of which nothing is known, and an audit that never ends", () => {
    server.must(`mv ${MEMORY}/passwords /run/`);
    expect(server.control("audit").fails).toEqual(ids("02"));
    server.must(`mv /run/passwords ${MEMORY}/`);
    server.must("echo 1 >/var/lib/stronghold/audit/start");
    expect(server.control("audit").fails).toEqual(ids("04"));
    server.must("systemctl start stronghold-audit.service");
    expect(server.control("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it("makes no copy of a bundle that is not the stack's, and says what to do", () => {
    server.must(`rm -r ${COPY}; echo : >>/home/${DEPLOYER}/host/lib.sh`);
    const refused = server.control("apply");
    expect(refused.code).toBe(70);
    expect(refused.stderr).toContain("is not the bundle that the stack has copied there");
    expect(server.root(`ls ${COPY} ${COPY}.fresh`).stdout).toBe("");
    server.supply();
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
  });

  it.each([
    ["a way out of the bundle", `${"0".repeat(64)}  ../../etc/passwd\n`],
    ["a path from the root", `${"0".repeat(64)}  /etc/passwd\n`],
    ["a sum that is none", "0a  driver\n"],
    ["a name that bash would read", `${"0".repeat(64)}  $(id)\n`],
  ])("refuses %s in the list of files", (_what, manifest) => {
    expect(server.control("apply", { MANIFEST_B64: base64(manifest) })).toMatchObject({
      code: 64,
      stdout: "",
    });
  });
});

describe("what a server finds out by itself", () => {
  it("is what was changed by hand, with the time since when", () => {
    server.must("usermod -p '$6$salt$hash' root; chmod 755 /home/ada/.ssh");
    const first = server.found();
    expect(first.code).toBe(1);
    expect(first.fails).toContain("PASSWORDS-04");
    expect(Object.keys(first.since).sort()).toEqual([...first.fails].sort());
    const again = server.found();
    expect(again.since).toEqual(first.since);
  });

  it("is told once, and once more when it is over", () => {
    expect(nightly()).toEqual([
      expect.stringMatching(/^promises are no longer kept: .*PASSWORDS-04/),
    ]);
    expect(nightly()).toEqual([]);
    for (const control of ["accounts", "passwords"]) {
      expect(server.root(`bash ${DRIVER} --remembered apply ${control}`)).toMatchObject({
        code: 0,
      });
    }
    expect(server.found()).toMatchObject({ code: 0, fails: [], since: {} });
    expect(nightly()).toEqual([expect.stringMatching(/^promises are kept again: .*PASSWORDS-04/)]);
    expect(nightly()).toEqual([]);
  });

  it("does not end with a control that crashes or was remembered by another version", () => {
    server.must(
      `echo NEW_KEY=1 >>${MEMORY}/accounts; echo 'audit() { false; }' >>${COPY}/controls/passwords.sh`,
    );
    const { code, fails, stdout } = server.found();
    expect(code).toBe(70);
    expect(fails).toEqual(["ACCOUNTS-00", "AUDIT-01", "PASSWORDS-00"]);
    expect(stdout).toContain("unknown parameter");
    server.must(`sed -i /NEW_KEY/d ${MEMORY}/accounts`);
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
    expect(server.found()).toMatchObject({ code: 0, fails: [] });
  });

  it("takes no parameters from a memory that somebody else could have written", () => {
    server.must(`chown ada ${MEMORY}/accounts`);
    const { fails, stdout } = server.found();
    expect(fails).toEqual(["ACCOUNTS-00", "AUDIT-02"]);
    expect(stdout).toContain("it is not known with what this control was applied");
    server.must(`chown root ${MEMORY}/accounts`);
  });

  it("goes along with others who only read, and keeps out of the way of those who change", () => {
    const beside = (how: string, seconds: number): string =>
      server.must(
        `exec 9>/run/stronghold.lock; flock ${how} 9; timeout ${seconds} stronghold-audit run >/dev/null; echo $?`,
      );
    // Its own time is seconds, and many of them beside other suites.
    expect(beside("--shared", 90)).toBe("0");
    expect(beside("--exclusive", 20)).toBe("124");
  }, 150_000);
});

describe("what a server consists of", () => {
  it("is told by itself, with holders of keys and nothing that is secret", () => {
    const told = server.root("stronghold-audit inventory");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    const { system, package: packages, port, account, key, lists } = assetsIn(told.stdout);
    expect(system).toHaveLength(1);
    expect(packages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["openssh-server", "libpam-pwquality"]),
    );
    const door = { protocol: "tcp", address: "0.0.0.0", port: "22", program: "sshd" };
    expect(port).toContainEqual(door);
    expect(account).toContainEqual({
      name: "ada",
      uid: expect.stringMatching(/^\d{4}$/) as string,
      shell: "/bin/bash",
      groups: expect.stringContaining("ssh-users") as string,
      password: "set",
    });
    expect(account.map(({ name, password }) => [name, password])).toContainEqual([
      "root",
      "locked",
    ]);
    expect(key.map(({ account: who, type, bits }) => `${who} ${type} ${bits}`).sort()).toEqual([
      "ada ED25519 256",
      "deployer ED25519 256",
    ]);
    expect(key.map(({ holder }) => holder)).toContain("ada@test");
    expect(lists[0]?.time).toMatch(/^2\d{3}-.*Z$/);
    expect(told.stdout).not.toMatch(/\$y\$|PRIVATE/);
  });

  it("includes what waits for a security update, and a listener that somebody has added", async () => {
    server.must(
      `mv /usr/bin/apt-get /usr/bin/apt-get.own
       printf '#!/bin/sh\\necho "Inst openssl [3.5.0-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])"\\n' >/usr/bin/apt-get
       chmod 755 /usr/bin/apt-get
       systemd-run --quiet --unit=test-listener python3 -m http.server 8081`,
    );
    const hears = (): boolean =>
      assetsIn(server.must("stronghold-audit inventory")).port.some((one) => one.port === "8081");
    const isHeard = await eventually(hears);
    const { package: packages } = assetsIn(server.must("stronghold-audit inventory"));
    server.must("mv /usr/bin/apt-get.own /usr/bin/apt-get; systemctl stop test-listener");
    expect(isHeard).toBe(true);
    const waiting = packages.filter(({ securityUpdate }) => securityUpdate !== "");
    expect(waiting.map(({ name, securityUpdate }) => [name, securityUpdate])).toEqual([
      ["openssl", "3.5.1-1+deb13u1"],
    ]);
  });
});
