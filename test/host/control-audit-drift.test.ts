/**
 * What the control `audit` makes of changes by hand that no other control looks for: it names each, what the
 * stack and the system change themselves it does not, and only an operator's word makes one last.
 */
import { AuditedServer } from "./audited-server";
import { DEPLOYER, itWithJournal } from "./harness";
import { eventually } from "./test-machines";

const server = new AuditedServer("a0d21f");
const it = itWithJournal(server);
const STATE = "/var/lib/stronghold/audit";
const OTHER = "/var/lib/stronghold-test";
/** Lines of bash: a program of ours is at work in a session of its own, and is gone. */
const started = (name: string): string =>
  `(exec setsid ${OTHER}/${name} 600 >/dev/null 2>&1 &); until pgrep -x ${name} >/dev/null; do sleep 0.1; done`;
const ended = (name: string): string =>
  `pkill -x ${name}; while pgrep -x ${name} >/dev/null; do sleep 0.1; done`;

/** What was changed by hand, as the checks say it, by their ids. */
function drift(): Record<string, string> {
  const { stdout, code } = server.control("audit");
  expect(code).toBeLessThan(2);
  const rows = [...stdout.matchAll(/^FAIL\t(AUDIT-\d\d)\t.* \[(.*)\]$/gm)];
  return Object.fromEntries(rows.map(([, id = "", what = ""]) => [id, what]));
}

/** A package with a program, a setting and nothing else. */
function makePackage(version: string, more = ""): void {
  server.must(`rm -rf ${OTHER}/tree; mkdir -p ${OTHER}/tree/{DEBIAN,usr/bin,etc}; cd ${OTHER}
    printf 'Package: stray\\nVersion: ${version}\\nArchitecture: all\\nMaintainer: a@b.example\\nDescription: x\\n' >tree/DEBIAN/control
    echo /etc/stray.conf >tree/DEBIAN/conffiles
    echo 'version ${version}' | tee tree/etc/stray.conf >tree/usr/bin/stray
    chmod -R u=rwX,go=rX tree; chmod 755 tree/usr/bin/stray; ${more}
    (cd tree && md5sum usr/bin/stray >DEBIAN/md5sums; chmod 644 DEBIAN/*)
    dpkg-deb --root-owner-group --build tree stray-${version}.deb >/dev/null`);
}

beforeAll(async () => {
  await server.boot();
  // What she was issued she would have to change first.
  server.must("chage -d 2026-01-01 ada");
  expect(server.control("apply")).toMatchObject({ code: 0, fails: [] });
  server.must(`install -d ${OTHER}; cp /bin/sleep ${OTHER}/sleeper`);
  makePackage("2.0");
}, 600_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("a change by hand", () => {
  it.each([
    {
      what: "of a setting",
      how: "echo >>/etc/debconf.conf",
      undo: "sed -i '$ d' /etc/debconf.conf",
      said: { "AUDIT-05": "/etc/debconf.conf has another content" },
    },
    {
      what: "of a mode",
      how: "chmod 666 /etc/debconf.conf",
      undo: "chmod 644 /etc/debconf.conf",
      said: { "AUDIT-05": "/etc/debconf.conf was 644 root:root, is 666 root:root" },
    },
    {
      what: "of an owner",
      how: "chown ada /etc/debconf.conf",
      undo: "chown root /etc/debconf.conf",
      said: { "AUDIT-05": "/etc/debconf.conf was 644 root:root, is 644 ada:root" },
    },
    {
      what: "that deletes a setting",
      how: `mv /etc/debconf.conf ${OTHER}`,
      undo: `mv ${OTHER}/debconf.conf /etc/`,
      said: { "AUDIT-05": "/etc/debconf.conf is gone" },
    },
    {
      what: "that puts a link in a setting's place",
      how: `mv /etc/debconf.conf ${OTHER}; ln -s /dev/null /etc/debconf.conf`,
      undo: `rm /etc/debconf.conf; mv ${OTHER}/debconf.conf /etc/`,
      said: {
        "AUDIT-05": "/etc/debconf.conf was 644 root:root packaged, is a link to /dev/null",
      },
    },
    {
      what: "that leads a link elsewhere",
      how: "ln -sfn /bin/true /etc/alternatives/pager",
      undo: "ln -sfn /usr/bin/less /etc/alternatives/pager",
      said: {
        "AUDIT-05": "/etc/alternatives/pager was a link to /usr/bin/less, is a link to /bin/true",
      },
    },
    {
      what: "that has something done every minute",
      how: "echo '* * * * * root id' >/etc/cron.d/stray",
      undo: "rm /etc/cron.d/stray",
      said: { "AUDIT-05": "/etc/cron.d/stray is new" },
    },
    {
      what: "of root's own table of what is done when",
      how: "echo '* * * * * id' | crontab -",
      undo: "crontab -r",
      said: { "AUDIT-05": "/var/spool/cron/crontabs/root is new" },
    },
    {
      what: "that starts a service at boot",
      how: "printf '[Service]\\nExecStart=true\\n' >/etc/systemd/system/stray.service",
      undo: "rm /etc/systemd/system/stray.service",
      said: { "AUDIT-05": "/etc/systemd/system/stray.service is new" },
    },
    {
      what: "that has a library loaded into every program",
      how: "touch /etc/ld.so.preload",
      undo: "rm /etc/ld.so.preload",
      said: { "AUDIT-05": "/etc/ld.so.preload is new" },
    },
    {
      what: "that lets a key in as root",
      how: "install -d -m 700 /root/.ssh; touch /root/.ssh/authorized_keys2",
      undo: "rm /root/.ssh/authorized_keys2",
      said: { "AUDIT-05": "/root/.ssh/authorized_keys2 is new" },
    },
    {
      what: "of an authority that everybody trusts",
      how: "touch /usr/local/share/ca-certificates/stray.crt",
      undo: "rm /usr/local/share/ca-certificates/stray.crt",
      said: { "AUDIT-05": "/usr/local/share/ca-certificates/stray.crt is new" },
    },
    {
      what: "with a name of several lines",
      how: "touch $'/etc/a\\nPASS\\tAUDIT-05\\tb'",
      undo: "rm $'/etc/a\\nPASS\\tAUDIT-05\\tb'",
      said: { "AUDIT-05": "/etc/a?PASS?AUDIT-05?b is new" },
    },
    {
      what: "of a package's program",
      how: `cp -p /usr/bin/factor ${OTHER}; echo >>/usr/bin/factor`,
      undo: `cat ${OTHER}/factor >/usr/bin/factor`,
      said: { "AUDIT-05": "/usr/bin/factor is not as packaged" },
    },
    {
      what: "that puts a program beside the packages'",
      how: "cp /bin/true /usr/bin/stray-one",
      undo: "rm /usr/bin/stray-one",
      said: { "AUDIT-05": "/usr/bin/stray-one is of no package" },
    },
    {
      what: "that installs a package",
      how: `dpkg -i ${OTHER}/stray-2.0.deb >/dev/null`,
      undo: "dpkg --purge stray >/dev/null",
      said: { "AUDIT-05": "/etc/stray.conf is new", "AUDIT-06": "stray:all is new" },
    },
    {
      what: "that goes back to an older package",
      how: `sed -i 's/^package\\tcron:.*\\t/&9:/' ${STATE}/baseline`,
      undo: `sed -i 's/^package\\tcron:.*\\t9:/&\\n/; s/\\t9:\\n/\\t/' ${STATE}/baseline`,
      said: { "AUDIT-06": expect.stringMatching(/^cron:\S+ was 9:(\S+), is \1$/) as string },
    },
    {
      what: "that makes an account",
      how: "useradd -r stray",
      undo: "userdel stray",
      said: {
        "AUDIT-07": expect.stringMatching(/^account stray is new; group stray is new$/) as string,
      },
    },
    {
      what: "that makes somebody a member of a group",
      how: "gpasswd -a ada adm >/dev/null",
      undo: "gpasswd -d ada adm >/dev/null",
      said: { "AUDIT-07": expect.stringMatching(/^group adm was 4:.*, is 4:.*ada$/) as string },
    },
    {
      what: "that gives a service's account a password",
      how: "usermod -p '$6$salt$hash' games",
      undo: "usermod -p '*' games",
      said: {
        "AUDIT-07": expect.stringMatching(
          /^account games was .*, locked, is .*, with a password$/,
        ) as string,
      },
    },
    {
      what: "that listens",
      how: "(exec setsid python3 -m http.server 8081 >/dev/null 2>&1 </dev/null &) ; until ss -Hltn | grep -q :8081; do sleep 0.1; done",
      undo: "pkill -f 'http[.]server'; while ss -Hltn | grep -q :8081; do sleep 0.1; done",
      said: { "AUDIT-08": "tcp 0.0.0.0 8081 is new" },
    },
    {
      what: "that stops a service",
      how: "systemctl stop cron",
      undo: "systemctl start cron",
      said: { "AUDIT-09": "unit cron.service is gone" },
    },
    {
      what: "that stops a timer",
      how: "systemctl stop apt-daily-upgrade.timer",
      undo: "systemctl start apt-daily-upgrade.timer",
      said: { "AUDIT-09": "unit apt-daily-upgrade.timer is gone" },
    },
    {
      what: "that starts a service of the moment",
      how: "systemd-run --quiet --unit=stray sleep 600",
      undo: "systemctl stop stray",
      said: { "AUDIT-09": "unit stray.service is new" },
    },
    {
      what: "that starts a timer of the moment, by a name that looks like ours",
      how: "systemd-run --quiet --unit=stronghold-rollback-ssh-1 --on-active=600 true",
      undo: "systemctl stop stronghold-rollback-ssh-1.timer",
      said: { "AUDIT-09": "unit stronghold-rollback-ssh-1.timer is new" },
    },
    {
      what: "that runs a program of no package",
      how: started("sleeper"),
      undo: ended("sleeper"),
      said: { "AUDIT-09": `program ${OTHER}/sleeper is new` },
    },
    {
      what: "that runs a program which was deleted",
      how: `cp ${OTHER}/sleeper ${OTHER}/hidden; ${started("hidden")}; rm ${OTHER}/hidden`,
      undo: ended("hidden"),
      said: { "AUDIT-09": `program ${OTHER}/hidden is new` },
    },
    {
      what: "that has a program run as root, whoever starts it",
      how: `chmod 4755 ${OTHER}/sleeper`,
      undo: `chmod 755 ${OTHER}/sleeper`,
      said: { "AUDIT-10": `${OTHER}/sleeper is new` },
    },
    {
      what: "that gives a program a capability",
      how: "setcap cap_net_raw+ep /usr/bin/factor",
      undo: "setcap -r /usr/bin/factor",
      said: { "AUDIT-10": "/usr/bin/factor is new" },
    },
  ])("$what is named, and is over when it is undone", ({ how, undo, said }) => {
    server.must(how);
    const seen = drift();
    server.must(undo);
    expect(seen).toEqual(said);
    expect(drift()).toEqual({});
  });

  it("that goes on after its session is named", async () => {
    const line = "setsid sleep 600 >/dev/null 2>&1 </dev/null & sleep 0.2";
    expect(server.ssh("ada", line)).toMatchObject({ code: 0 });
    const seen = await eventually(() => drift()["AUDIT-09"] === "program sleep is new");
    server.must("pkill -x sleep -u ada");
    expect(seen).toBe(true);
    expect(await eventually(() => Object.keys(drift()).length === 0)).toBe(true);
  });
});

describe("what is no change by hand", () => {
  it("is a package that is newer, with its programs and settings", () => {
    server.must(`dpkg -i ${OTHER}/stray-2.0.deb >/dev/null; stronghold-audit accept`);
    expect(drift()).toEqual({});
    makePackage("3.0");
    server.must(`dpkg -i ${OTHER}/stray-3.0.deb >/dev/null`);
    expect(server.must("cat /usr/bin/stray /etc/stray.conf")).toBe("version 3.0\nversion 3.0");
    expect(drift()).toEqual({});
  });

  it("is what a person does on the server", () => {
    expect(
      server.ssh("ada", "touch x; ssh-keygen -qt ed25519 -N '' -f y; crontab -l"),
    ).toBeDefined();
    server.must("echo 'ada:An0ther,Passw0rd!' | chpasswd; echo 'ls' >>/root/.bash_history");
    expect(drift()).toEqual({});
  });

  it("is what a control changes, while a change by hand stays one", () => {
    server.must("touch /etc/by-hand");
    server.people("ada", "bob");
    expect(server.must("id -nG bob")).toContain("sudo");
    expect(drift()).toEqual({ "AUDIT-05": "/etc/by-hand is new" });
    server.people("ada");
    expect(server.control("apply")).toMatchObject({ code: 1, changed: 0 });
    expect(drift()).toEqual({ "AUDIT-05": "/etc/by-hand is new" });
    server.must("rm /etc/by-hand");
  });

  it("is a door that a control has closed for a moment", async () => {
    const seen = async (): Promise<Record<string, string>> => {
      // As sshd does when it is told to read its settings anew.
      server.must(`systemctl stop ssh
        (exec setsid bash -c 'until [[ -f ${STATE}/before.after ]]; do sleep 0.02; done; systemctl start ssh' >/dev/null 2>&1 &)
        cp ${STATE}/baseline ${STATE}/before`);
      server.people("ada");
      const isOpen = (): boolean => server.root("systemctl is-active -q ssh").code === 0;
      expect(await eventually(isOpen)).toBe(true);
      return drift();
    };
    let found = await seen();
    // It is given four seconds, in which a busy machine may not get sshd started: one of so many counts.
    for (let again = 0; again < 4 && Object.keys(found).length > 0; again += 1) {
      server.must("stronghold-audit accept");
      found = await seen();
    }
    expect(found).toEqual({});
  });

  it("is what a control was killed at", () => {
    const noted = server.must(`cat ${STATE}/baseline`);
    server.must(`rm ${STATE}/baseline; cp /etc/group /run/`);
    server.people("ada", "eve");
    // As a run leaves it that dies between its change and its end.
    server.must(`cat >${STATE}/baseline`, `${noted}\n`);
    server.must(`cp ${STATE}/baseline ${STATE}/before`);
    expect(Object.keys(drift())).toEqual(["AUDIT-05", "AUDIT-07"]);
    server.people("ada", "eve");
    expect(drift()).toEqual({});
    expect(server.root(`ls ${STATE}/before*`).stdout).toBe("");
  });

  it("is another way of looking for changes, which comes with a later version", () => {
    server.must(
      `touch /etc/by-hand; sed -i 's/^lister\t.*/lister\t-\tof an earlier version/; /^unit\tcron/d' ${STATE}/baseline`,
    );
    expect(drift()).toEqual({
      "AUDIT-05": "/etc/by-hand is new",
      "AUDIT-09": "unit cron.service is new",
    });
    const { code, stdout } = server.control("apply");
    expect(code).toBe(0);
    expect(stdout).toContain("as another version looks for them: file /etc/by-hand is new");
    server.must("rm /etc/by-hand; stronghold-audit accept");
    expect(server.control("apply")).toMatchObject({ code: 0, changed: 0 });
  });

  it("is a file or folder that is gone before it was looked at", () => {
    const busy = `while [[ -e /run/busy ]]; do
        for place in /var/tmp /etc/systemd /usr/share; do mkdir -p $place/busy.{1..9}/a/b && touch $place/busy.{1..9}/a/b/c; done
        rm -r {/var/tmp,/etc/systemd,/usr/share}/busy.*
      done`;
    const looks = "for n in {1..15}; do bash $0/controls/audit/world.sh 0 >/dev/null || exit; done";
    const ran = server.root(`touch /run/busy; (${busy}) & bash -c '${looks}' /home/${DEPLOYER}/host
      code=$?; rm /run/busy; wait; exit $code`);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(drift()).toEqual({});
  }, 180_000);

  it("is a reboot", async () => {
    await server.cloud.machines.reboot(1001);
    expect(await eventually(() => server.lets("ada"))).toBe(true);
    server.must("systemctl is-system-running --wait || true");
    expect(drift()).toEqual({});
  }, 120_000);
});

describe("an operator who accepts what was changed", () => {
  it("is told what it was, and the journal, too; then it is what shall be", async () => {
    server.must("touch /etc/accepted; useradd -r accepted");
    const { code, stdout } = server.root("stronghold-audit accept");
    expect(code).toBe(0);
    const lines = [
      "CHANGED\taudit\taccepted: account accepted is new",
      "CHANGED\taudit\taccepted: file /etc/accepted is new",
      "CHANGED\taudit\taccepted: group accepted is new",
    ];
    expect(stdout.trimEnd().split("\n")).toEqual(lines);
    const logged =
      "journalctl -q -t stronghold | grep -q 'audit: accepted: file /etc/accepted is new'";
    expect(await eventually(() => server.root(logged).code === 0)).toBe(true);
    expect(drift()).toEqual({});
    expect(server.root("stronghold-audit accept")).toMatchObject({ code: 0, stdout: "" });
    server.must("rm /etc/accepted");
    expect(drift()).toEqual({ "AUDIT-05": "/etc/accepted is gone" });
  });

  it("is told if there is nothing to compare with, which every check says, too", () => {
    server.must(`mv ${STATE}/baseline /run/`);
    const refused = server.root("stronghold-audit accept");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("nothing was compared yet");
    const all = ["05", "06", "07", "08", "09", "10"].map((number) => `AUDIT-${number}`);
    const said = all.map((id) => [id, "what there is cannot be compared with what there was"]);
    expect(drift()).toEqual(Object.fromEntries(said));
    server.must(`mv /run/baseline ${STATE}/; mv /usr/bin/ss /usr/bin/ss.away`);
    const halfSeen = drift();
    server.must("mv /usr/bin/ss.away /usr/bin/ss");
    expect(halfSeen).toEqual(Object.fromEntries(said));
  });

  it("needs nothing to be where a lost note of the time would have it", () => {
    for (const how of [`rm ${STATE}/start`, `echo x >${STATE}/start`]) {
      server.must(how);
      server.people("ada");
      // It says that, and which files in /usr no package has brought, which an image has a few of.
      const others = Object.keys(drift()).filter((id) => !["AUDIT-04", "AUDIT-05"].includes(id));
      expect(others).toEqual([]);
    }
    server.must(`date +%s >${STATE}/start`);
  });
});
