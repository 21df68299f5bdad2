/**
 * The control `application` on a booted host, without a database: what runs before anything is deployed, what is
 * noticed and mended, and that nobody waits in vain while it is. Deploys are in application-deploy, what an
 * application may do in application-sandbox.
 */
import { ApplicationServer, certificate, PASSWORD, release, ROOT } from "./application-server";
import { base64, itWithJournal, type Parameters } from "./harness";
import { grouped, type Tamper } from "./tampers";

const server = new ApplicationServer("a99101");
const it = itWithJournal(server);
const ids = (...numbers: string[]): string[] => numbers.map((number) => `APPLICATION-${number}`);
const ALL = ids("01", "02", "03", "04", "05", "06", "07", "08");
const DONE = { code: 0, fails: [], stderr: "" };
const UNITS = "/etc/systemd/system";

beforeAll(async () => {
  await server.bootWith();
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control application", () => {
  it("sets the server up for an application, and then has nothing to do", () => {
    const notYet = ALL.filter((id) => !id.endsWith("07"));
    expect(server.application("audit")).toMatchObject({ code: 1, fails: notYet, stderr: "" });
    expect(server.application("apply")).toMatchObject(DONE);
    expect(server.application("audit")).toMatchObject({ ...DONE, changed: 0 });
    expect(server.application("apply")).toMatchObject({ ...DONE, changed: 0 });
  }, 120_000);

  it("shows a placeholder over HTTPS, and sends those who come by HTTP there", () => {
    expect(server.visits()).toBe("Nothing is deployed here yet.\n 503");
    expect(server.visits("/health")).toMatch(/ 200$/);
    const asked = (host: string, ...more: string[]): string => {
      const format = "%{http_code} %{redirect_url}";
      const words = ["curl", "-s", "--max-time", "20", "-o", "/dev/null", "-w", format, ...more];
      const at = host.includes(":") ? `[${server.ipv6}]` : server.ipv4;
      const url = `http://${at}:3000/a/page?with=words`;
      return server.cloud.from("stranger", ...words, "-H", `Host: ${host}`, url).stdout;
    };
    const page = "/a/page?with=words";
    expect(asked(server.ipv4)).toBe(`301 https://${server.ipv4}${page}`);
    expect(asked(`[${server.ipv6}]:80`)).toBe(`301 https://[${server.ipv6}]${page}`);
    expect(asked("App.example.org")).toBe(`301 https://app.example.org${page}`);
    expect(asked("evil.example.net")).toBe(`301 https://${server.ipv4}${page}`);
    expect(asked(server.ipv4, "-X", "POST", "-d", "x=1")).toBe(`301 https://${server.ipv4}${page}`);
  });

  it("keeps what is secret to the application's user, where no release can change it", () => {
    const modes = server.must(
      `cd ${ROOT}; stat -c '%n %a %U:%G' . config config/* ssl ssl/* releases current`,
    );
    expect(modes.split("\n")).toEqual([
      ". 755 root:root",
      "config 700 application:application",
      "config/production.json 400 application:application",
      "ssl 700 application:application",
      "ssl/certificate.pem 400 application:application",
      "ssl/key.pem 400 application:application",
      "releases 755 root:root",
      "current 777 root:root",
    ]);
    expect(JSON.parse(server.must(`cat ${ROOT}/config/production.json`))).toEqual({
      origin: `https://${server.ipv4}`,
      database: {
        ...{ host: "192.168.129.99", port: 3306, schema: "app", user: "application" },
        password: PASSWORD,
        tls: { required: true, ca: "/etc/stronghold/database/ca.pem" },
      },
      tls: {
        certificate: `${ROOT}/ssl/certificate.pem`,
        privateKey: `${ROOT}/ssl/key.pem`,
      },
    });
  });

  const rows: readonly Tamper[] = [
    ["an account with a shell", "usermod -s /bin/bash application", ["01"]],
    ["an account with a home", "sed -i '/^application:/s#/nonexistent#/home#' /etc/passwd", ["01"]],
    ["an account with a password", "echo application:Xy3.Xy3.Xy3 | chpasswd", ["01"]],
    ["an account in another group", "usermod -aG adm application", ["01"]],
    ["somebody in its group", "gpasswd -a deployer application", ["01"], "alone"],
    [
      "a looser sandbox",
      `sed -i /^NoNewPrivileges/d ${UNITS}/application.service; systemctl daemon-reload; systemctl restart application`,
      ["02"],
    ],
    [
      "a drop-in",
      `mkdir ${UNITS}/application.service.d; printf '[Service]\\nUser=root\\n' >${UNITS}/application.service.d/x.conf
       systemctl daemon-reload; systemctl restart application; sleep 1`,
      // Root without its capabilities: it cannot even read the key.
      ["02", "03", "06"],
      "alone",
    ],
    [
      "another program to deploy with",
      "echo exit >>/usr/local/sbin/stronghold-application",
      ["02"],
    ],
    [
      "a program others may write",
      "chmod 777 /usr/local/lib/stronghold-application/watch.sh",
      ["02"],
    ],
    ["a file more among its programs", "echo >/usr/local/lib/stronghold-application/x.sh", ["02"]],
    ["a file beside the application", `echo >${ROOT}/left-over`, ["02"]],
    ["another placeholder", `echo >>${ROOT}/placeholder/server.js`, ["02"]],
    ["folders that others may write", `chmod 777 ${ROOT} ${ROOT}/releases`, ["02"]],
    ["a configuration that others may read", `chmod 444 ${ROOT}/config/production.json`, ["04"]],
    ["a configuration that it may write", `chmod 600 ${ROOT}/config/production.json`, ["04"]],
    ["another configuration", `sed -i s/3306/3307/ ${ROOT}/config/production.json`, ["04"]],
    ["no configuration", `rm ${ROOT}/config/production.json`, ["04"]],
    ["somebody else's configuration", `chown deployer ${ROOT}/config/production.json`, ["04"]],
    ["a key that others may read", `chmod 404 ${ROOT}/ssl/key.pem`, ["05"]],
    ["no key", `rm ${ROOT}/ssl/key.pem`, ["05"]],
    ["another certificate", `echo >>${ROOT}/ssl/certificate.pem`, ["05"]],
    ["no watch", "systemctl disable --now application-watch.timer", ["03"]],
    ["no way in by HTTP", "systemctl stop application-redirect.socket", ["03", "06"], "alone"],
    [
      "a redirect that does not start at boot",
      "systemctl disable application-redirect.socket",
      ["03"],
    ],
    [
      "an application that is stopped",
      "systemctl stop application-https.socket application.service",
      ["03", "06"],
      "alone",
    ],
    ["an application that does not start at boot", "systemctl disable application.service", ["03"]],
    [
      "somebody else at its port",
      "systemctl stop application-https.socket application.service; systemctl mask --runtime --now application.service >/dev/null 2>&1; " +
        "systemd-run --quiet --collect --unit=thief node -e 'require(\"net\").createServer().listen(3003)'; until ss -Hltn | grep -q :3003; do sleep 0.1; done; systemctl unmask --runtime application.service",
      ["03", "06"],
      "alone",
      "thief",
    ],
    ["a link to elsewhere", `ln -sfn /tmp ${ROOT}/current`, ["08"]],
    ["no link", `rm ${ROOT}/current`, ["08"]],
    ["somebody else's link", `chown -h application ${ROOT}/current`, ["08"]],
  ];

  it.each(grouped(rows))("notices %s, and mends it", (_what, { rows: group, numbers }) => {
    for (const [, how] of group) server.must(how);
    const found = server.application("audit");
    server.root("systemctl stop thief 2>/dev/null");
    expect(found).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
    expect(server.application("apply")).toMatchObject(DONE);
    expect(server.application("apply")).toMatchObject({ ...DONE, changed: 0 });
    expect(server.visits("/health")).toMatch(/ 200$/);
  });

  it("notices a certificate that will soon end, one that is not shown, and says what renews it", () => {
    const { chain, key } = certificate(server.ipv4, 20);
    const short = { CERTIFICATE_B64: base64(chain), KEY_B64: base64(key) };
    const found = server.application("apply", short);
    expect(found).toMatchObject({ code: 1, fails: ids("07") });
    expect(found.stdout).toContain("pulumi up makes a new one");
    const own = server.application("audit", { ...short, CERTIFICATE_KIND: "own" });
    expect(own.stdout).toContain("set a new one as application.certificate");
    expect(server.application("audit")).toMatchObject({ fails: ids("05", "06") });
    expect(server.application("apply")).toMatchObject(DONE);
  });

  it("has a new certificate shown without a restart or a lost connection", async () => {
    expect(server.ship(release())).toMatchObject({ code: 0 });
    const pid = server.must("systemctl show -P MainPID application");
    const { chain, key } = certificate(server.ipv4);
    const other = { CERTIFICATE_B64: base64(chain), KEY_B64: base64(key) };
    const visitors = server.visitors();
    expect(server.application("apply", other)).toMatchObject({ ...DONE, changed: 3 });
    const answers = await visitors.end();
    expect(Object.keys(answers)).toEqual(["200"]);
    expect(server.must("systemctl show -P MainPID application")).toBe(pid);
    expect(server.application("apply")).toMatchObject(DONE);
  });

  it("has another configuration read, and loses nobody while the application starts again", async () => {
    const visitors = server.visitors();
    expect(server.application("apply", { DB_SCHEMA: "other" })).toMatchObject(DONE);
    expect(server.application("apply", { MEMORY_MB: "300" })).toMatchObject(DONE);
    expect(server.application("apply")).toMatchObject(DONE);
    expect(Object.keys(await visitors.end())).toEqual(["200"]);
  });

  it.each<[string, Parameters]>([
    ["a key of another certificate", { KEY_B64: base64(certificate("203.0.113.1").key) }],
    ["a certificate that is none", { CERTIFICATE_B64: base64("-----BEGIN CERTIFICATE-----\nx\n") }],
    ["no key", { KEY_B64: "" }],
    ["a password with a quote", { DB_PASSWORD_B64: base64('"'.padEnd(32, "x")) }],
    ["a host with a space's worth of options", { HOSTS: "a;b" }],
    ["no host", { HOSTS: "" }],
    ["too little memory", { MEMORY_MB: "10" }],
    ["a schema with a quote", { DB_SCHEMA: 'a"b' }],
    ["a public database", { DB_HOST: "203.0.113.7" }],
    ["a kind that there is not", { CERTIFICATE_KIND: "acme" }],
    ["a parameter that it does not know", { PORT: "3307" }],
  ])("refuses %s, shows none of it and changes nothing", (_what, bad) => {
    const refused = server.application("apply", bad);
    expect(refused).toMatchObject({ code: 64, stdout: "" });
    expect(refused.stderr).not.toMatch(/C4n4ry|PRIVATE/);
    expect(server.application("audit")).toMatchObject(DONE);
  });

  it("has the password in no file but its own and root's memory, and never in the journal", () => {
    const files = server.must(
      "grep -rlF C4n4ry / --exclude-dir={proc,sys,dev} 2>/dev/null || true",
    );
    expect(files.split("\n").sort()).toEqual([`${ROOT}/config/production.json`]);
    expect(server.must("journalctl --no-pager | grep -cF C4n4ry || true")).toBe("0");
    expect(
      server.must("cat /proc/[0-9]*/{cmdline,environ} 2>/dev/null | grep -ca [C]4n4ry || true"),
    ).toBe("0");
  });

  it("stands after a reboot as before, with the release that was deployed", async () => {
    await server.cloud.machines.reboot(1001);
    const deadline = Date.now() + 90_000;
    while (!server.visits().endsWith(" 200") && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(server.visits()).toBe("1.0.0 200");
    expect(server.application("audit")).toMatchObject(DONE);
  }, 120_000);
});
