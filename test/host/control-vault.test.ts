/**
 * The control `vault`: what it sets up, notices and mends. What a sender can and cannot do is in
 * vault-push.test.ts and vault-attack.test.ts, retention and alerts in vault-keep.test.ts.
 */
import { itWithJournal, type Report } from "./harness";
import { FILES, RECEIVER, Sender, VaultServer } from "./vault-server";
import { grouped } from "./tampers";

const server = new VaultServer("a0c7d1");
const sender = new Sender(server);
const it = itWithJournal(server);
const ids = (...numbers: string[]): string[] => numbers.map((number) => `VAULT-${number}`);
const drive = (verb: string, more = {}): Report => server.vault(verb, more);
const LIBRARY = "/usr/local/lib/stronghold-vault";
const UNITS = "/etc/systemd/system";
const FULL = "full-20261123T000100Z-0123abcd";

beforeAll(async () => {
  await server.boot();
  // The control finds its packages and the receiving account there; it makes neither.
  expect(drive("audit")).toMatchObject({ code: 1, fails: ids("00") });
  const settings = { keys: server.publicKey("push"), from: "203.0.113.66/32" };
  server.layGround({ ...settings, keys: "", from: "" });
  const refused = drive("apply");
  expect(refused).toMatchObject({ code: 1, fails: ids("02"), changed: 0 });
  expect(refused.stderr).toContain("apply the control accounts with RECEIVER_KEYS_B64");
  server.layGround(settings);
}, 720_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control vault", () => {
  it("sets all of it up, and then has nothing to do", () => {
    const fails = ids("01", "03", "04", "05", "06", "07", "08", "09");
    expect(drive("audit")).toMatchObject({ code: 1, fails, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    for (const kind of ["age", "manifest"]) {
      const pushed = sender.push(`${FULL}.${kind}`, kind, { from: "stranger" });
      expect(pushed).toMatchObject({ code: 0, stdout: `STORED ${FULL}.${kind}\n`, stderr: "" });
    }
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  }, 180_000);

  it("confines what takes a file in", () => {
    const said = server.must("systemd-analyze security --no-pager stronghold-vault@0-0.service");
    const [, exposure] = /Overall exposure level .*: ([0-9.]+) /.exec(said) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(0.6);
  });

  it.each(
    grouped([
      ["an owner with a shell", "usermod -s /bin/bash stronghold-vault", ["01"]],
      ["an owner with a password", "echo stronghold-vault:a-long-password | chpasswd", ["01"]],
      ["an owner in another group", "gpasswd -a stronghold-vault sudo", ["01"]],
      ["somebody in the owner's group", "gpasswd -a deployer stronghold-vault", ["01"]],
      ["the sender in the owner's group", `gpasswd -a ${RECEIVER} stronghold-vault`, ["01", "02"]],
      ["another receiver", `echo exit >>${LIBRARY}/receive`, ["03"]],
      ["a receiver that others can change", `chmod 777 ${LIBRARY}/receive`, ["03"]],
      ["another program beside it", `touch ${LIBRARY}/zz`, ["03"]],
      ["another quota", "sed -i s/quota-mb=.*/quota-mb=9999/ /etc/stronghold/vault", ["03"]],
      [
        "a receiver that is root",
        `sed -i s/^User=.*/User=root/ ${UNITS}/stronghold-vault@.service; systemctl daemon-reload`,
        ["03"],
      ],
      [
        "a unit that systemd has not read",
        `sed -i s/^SocketMode=.*// ${UNITS}/stronghold-vault.socket`,
        ["03", "04"],
      ],
      [
        "an addition to a unit",
        `mkdir ${UNITS}/stronghold-vault@.service.d; printf '[Service]\\nUser=root\\n' >${UNITS}/stronghold-vault@.service.d/a.conf; systemctl daemon-reload`,
        ["03"],
      ],
      [
        "an addition until the next boot",
        "mkdir -p /run/systemd/system/stronghold-vault.socket.d; printf '[Socket]\\nSocketMode=0666\\n' >/run/systemd/system/stronghold-vault.socket.d/a.conf; systemctl daemon-reload",
        ["03"],
      ],
      ["a socket for everyone", "chmod 666 /run/stronghold-vault/socket", ["04"]],
      ["a stopped socket", "systemctl -q stop stronghold-vault.socket", ["04"]],
      [
        "a socket that will not be there after a boot",
        "systemctl -q disable stronghold-vault.socket 2>&1",
        ["04"],
      ],
      ["a folder that the owner can write to", `chown stronghold-vault ${FILES}`, ["05"]],
      ["a folder that everyone can write to", `chmod 777 ${FILES}`, ["05"]],
      ["a vault that everyone can enter", "chmod 755 /srv/stronghold-vault", ["05"]],
      [
        "a folder elsewhere",
        "cd /srv/stronghold-vault; rmdir incoming; ln -s /tmp incoming",
        ["05"],
      ],
      ["another folder in the vault", "mkdir /srv/stronghold-vault/x", ["03"]],
      ["a file that the owner could change", `chown stronghold-vault ${FILES}/${FULL}.age`, ["06"]],
      ["a file that others can read", `chmod 444 ${FILES}/${FULL}.age`, ["06"]],
      ["a timer that is stopped", "systemctl -q stop stronghold-vault-retire.timer", ["08"]],
      [
        "a timer that is not there after a boot",
        "systemctl -q disable stronghold-vault-check.timer 2>&1",
        ["08"],
      ],
      [
        "a retention that fails",
        "mv /etc/stronghold/vault /root/; systemctl start stronghold-vault-retire 2>&1; mv /root/vault /etc/stronghold/; true",
        ["08"],
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
    90_000,
  );

  it.each<[string, string, string, string[]]>([
    [
      "a file of another name",
      `touch ${FILES}/readme; chmod 400 ${FILES}/readme`,
      `rm ${FILES}/readme`,
      ["06"],
    ],
    ["a hidden file", `touch ${FILES}/.x; chmod 400 ${FILES}/.x`, `rm ${FILES}/.x`, ["06"]],
    ["a link", `ln -s /etc/shadow ${FILES}/${FULL}f.age`, `rm ${FILES}/${FULL}f.age`, ["06"]],
    ["a second name of a file", `ln ${FILES}/${FULL}.age /srv/x`, "rm /srv/x", ["06"]],
    [
      "somebody in the sender's group",
      `gpasswd -a ada ${RECEIVER}`,
      `gpasswd -d ada ${RECEIVER}`,
      ["04"],
    ],
    [
      "backups that stopped arriving",
      `touch -d '27 hours ago' ${FILES}/*`,
      `touch ${FILES}/*`,
      ["09"],
    ],
    [
      "backups without their manifests",
      `mv ${FILES}/${FULL}.manifest /srv/; echo 1 | touch -d '27 hours ago' /var/lib/stronghold/vault/since`,
      `mv /srv/${FULL}.manifest ${FILES}/`,
      ["09"],
    ],
    [
      "a sender whose command is not forced",
      "cp -a /etc/ssh/sshd_config.d/00-stronghold.conf /root/; sed -i '/ForceCommand/d' /etc/ssh/sshd_config.d/00-stronghold.conf",
      "mv /root/00-stronghold.conf /etc/ssh/sshd_config.d/",
      ["02"],
    ],
    [
      "a sender that is let in from everywhere",
      "cp -a /etc/ssh/sshd_config.d/00-stronghold.conf /root/; sed -i '/DenyUsers stronghold-push/d' /etc/ssh/sshd_config.d/00-stronghold.conf",
      "mv /root/00-stronghold.conf /etc/ssh/sshd_config.d/",
      ["02"],
    ],
    [
      "a sender with keys that are bound to nothing",
      `cd /var/lib/${RECEIVER}/.ssh; cp -a authorized_keys /root/; sed -i 's/^restrict[^ ]* //' authorized_keys`,
      `mv /root/authorized_keys /var/lib/${RECEIVER}/.ssh/`,
      ["02"],
    ],
  ])(
    "names %s, which is a person's or another control's to mend",
    (_what, tamper, mend, numbers) => {
      server.must(tamper);
      expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
      expect(drive("apply")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
      server.must(mend);
      expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    },
    90_000,
  );

  it("names a quota that is reached, and one that the disk has no room for", () => {
    server.must(
      `head -c 1000000 /dev/zero >${FILES}/${FULL.replace("3abcd", "3abce")}.age; chmod 400 ${FILES}/*`,
    );
    expect(drive("apply", { QUOTA_MB: "1" })).toMatchObject({ code: 1, fails: ids("07") });
    expect(drive("apply", { QUOTA_MB: "99999999" })).toMatchObject({ code: 1, fails: ids("07") });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
  }, 90_000);

  it.each(["QUOTA_MB", "KEEP_DAYS", "LATE_HOURS"])(
    "refuses a %s that is none",
    (key) => {
      for (const value of ["0", "-1", "1e9", "010", " 1", "$(id)", ""]) {
        expect(drive("apply", { [key]: value })).toMatchObject({ code: 64, stdout: "" });
      }
      expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    },
    90_000,
  );

  it.each([
    ["its group", ["group", "gshadow"]],
    ["its shadow entry", ["shadow"]],
  ])("completes an account without %s, which a killed useradd leaves", (_what, files) => {
    server.must(`sed -i /^stronghold-vault:/d ${files.map((file) => `/etc/${file}`).join(" ")}`);
    expect(drive("audit")).toMatchObject({ code: 1 });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
  });

  it("keeps what it holds, wherever a run was killed, and takes files in after a reboot", async () => {
    const kept = server.kept();
    for (const delay of [50, 150, 300, 500]) {
      server.must(`rm -rf ${LIBRARY} ${UNITS}/stronghold-vault*; userdel stronghold-vault`);
      server.killDriverAfter(delay, "apply", "vault", { QUOTA_MB: "200", KEEP_DAYS: "35" });
      expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    }
    expect(server.kept()).toEqual(kept);
    server.must(`touch /srv/stronghold-vault/incoming/1-1-1.body`);
    await server.cloud.machines.reboot(1001);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    expect(server.incoming()).toBe("");
    const name = `${FULL.replace("3abcd", "3abcf")}.age`;
    expect(sender.push(name, "after", { from: "stranger" }).stdout).toBe(`STORED ${name}\n`);
  }, 360_000);
});
