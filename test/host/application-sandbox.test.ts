/**
 * What whoever has taken over the application can do on the server: tried by code that runs as the application, in
 * its own process. What a host of a local cloud cannot show is the filter of addresses and ports, which needs BPF (the
 * system call that a port is opened with is refused as well), and the limits of memory and tasks, for which it has no
 * controllers: of those there is but what systemd has been told.
 */
import { appWall } from "../../components/lib/firewall-rules";
import { renderIPv4Rules } from "../../components/lib/host-firewall-rules";
import { ApplicationServer, release, ROOT } from "./application-server";
import { itWithJournal } from "./harness";
import { METADATA as METADATA_OF } from "./wall-probe";

const server = new ApplicationServer("a99102");
const it = itWithJournal(server);
const METADATA = METADATA_OF.v4;

/** Runs statements that come in a request. No application should. */
const ANSWERS = `
  if (request.url === "/try") {
    const tried = new (Object.getPrototypeOf(async () => {}).constructor)("require", body);
    body = await tried(require).then(String, (error) => "refused: " + (error.code ?? error.message));
    response.setHeader("connection", "close");
    return response.end(body);
  }`;

const read = (file: string): string => `return require("fs").readFileSync("${file}", "latin1")`;
const list = (folder: string): string => `return require("fs").readdirSync("${folder}")`;
const write = (file: string): string =>
  `require("fs").writeFileSync("${file}", "x"); return "done"`;
const starts = (program: string, ...args: string[]): string =>
  `const ran = require("child_process").spawnSync("${program}", ${JSON.stringify(args)}, { encoding: "utf8" });
   if (ran.error) throw ran.error;
   return ran.status === 0 ? "done " + ran.stdout : "refused: " + ran.status + ran.stderr`;
const listens = (where: string): string =>
  `return new Promise((done, fail) => require("net").createServer().on("error", fail).listen(${where}, () => done("done")))`;
const connects = (host: string, port: number): string =>
  `return new Promise((done, fail) => {
     const socket = require("net").connect({ host: "${host}", port: ${port}, timeout: 3000 });
     socket.on("connect", () => done("done")).on("error", fail).on("timeout", () => fail(new Error("timeout")));
   })`;

beforeAll(async () => {
  await server.bootWith("iptables");
  // What it shall not get at has to be there.
  server.must(`install -d -m 755 /etc/stronghold/database /srv/others /opt/others
    echo C4n4ry >/etc/stronghold/database/application.json
    echo C4n4ry | tee /srv/others/file /opt/others/file /tmp/others /var/tmp/others /run/others /boot/others >/dev/null
    echo C4n4ry >/home/deployer/notes; chmod 755 /home/deployer; mkdir -p /dev/shm; echo C4n4ry >/dev/shm/others`);
  expect(server.application("apply")).toMatchObject({ code: 0 });
  expect(server.ship(release({ answers: ANSWERS }))).toMatchObject({ code: 0 });
}, 420_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("an application that was taken over", () => {
  it("runs what is asked of it, as a user of no rights", () => {
    expect(server.within("return 6 * 7")).toBe("42 200");
    expect(server.within("return process.getuid() > 0 && process.getgid() > 0")).toBe("true 200");
    expect(server.within(list(`${ROOT}/ssl`))).toBe("certificate.pem,key.pem 200");
  });

  it.each<[string, string]>([
    ["read the passwords' hashes", read("/etc/shadow")],
    ["read who may use sudo", read("/etc/sudoers")],
    ["read the server's SSH key", read("/etc/ssh/ssh_host_ed25519_key")],
    ["read how SSH is set", read("/etc/ssh/sshd_config")],
    ["read what root was told of the database", read("/etc/stronghold/database/application.json")],
    ["list how the server is set", list("/etc/systemd/system")],
    ["list the memory of the controls", list("/var/lib/stronghold")],
    ["read the logs", list("/var/log")],
    ["read the journal", list("/run/log")],
    ["read root's home", list("/root")],
    ["read a person's home", read("/home/deployer/notes")],
    ["read others' data", read("/srv/others/file")],
    ["read others' programs", read("/opt/others/file")],
    ["read others' temporary files", read("/tmp/others")],
    ["read others' longer-lived temporary files", read("/var/tmp/others")],
    ["read others' shared memory", read("/dev/shm/others")],
    ["read what runs keep", read("/run/others")],
    ["read what boots", read("/boot/others")],
    ["read the controls", list("/usr/local/lib")],
    ["read the kernel's devices", list("/sys/class")],
    ["read the memory of the first process", read("/proc/1/environ")],
    ["read the memory of the machine", read("/dev/mem")],
    ["write its own code", write(`${ROOT}/current/server.js`)],
    ["add to its own code", write(`${ROOT}/current/more.js`)],
    [
      "exchange its release",
      `require("fs").symlinkSync("/tmp", "${ROOT}/current2"); return "done"`,
    ],
    ["write its configuration", write(`${ROOT}/config/production.json`)],
    [
      "make its configuration writable",
      `require("fs").chmodSync("${ROOT}/config/production.json", 0o600); return "done"`,
    ],
    ["write its key", write(`${ROOT}/ssl/key.pem`)],
    ["write to the system", write("/etc/cron.d/x")],
    ["write a program", write("/usr/bin/x")],
    ["start a shell", starts("/bin/sh", "-c", "id")],
    ["start sudo", starts("/usr/bin/sudo", "-n", "id")],
    ["start the program that deploys", starts("/usr/local/sbin/stronghold-application", "status")],
    [
      "start a program of its own",
      `const fs = require("fs"); fs.writeFileSync("/tmp/x", "#!/usr/bin/node\\nconsole.log(1)"); fs.chmodSync("/tmp/x", 0o755);
       ${starts("/tmp/x")}`,
    ],
    ["become root", "process.setuid(0); return 'done'"],
    ["become another user", "process.setgid(65534); process.setuid(65534); return 'done'"],
    ["end the first process", "process.kill(1, 'SIGTERM'); return 'done'"],
    ["open a port", listens("4000")],
    ["open any port", listens("0")],
    ["open a port of its own on loopback", listens("4001, '127.0.0.1'")],
    ["open a socket in a folder", listens("'/tmp/socket'")],
    [
      "receive datagrams",
      `return new Promise((done, fail) => require("dgram").createSocket("udp4").on("error", fail).bind(4002, () => done("done")))`,
    ],
    [
      "open its own debugger",
      `const inspector = require("inspector"); inspector.open(9229); if (!inspector.url()) throw new Error("EPERM"); return "done"`,
    ],
    [
      "reach the local sockets of others",
      connects("/run/systemd/private", 0).replace(
        'host: "/run/systemd/private", port: 0',
        'path: "/run/systemd/private"',
      ),
    ],
  ])("cannot %s", (_what, statements) => {
    const said = server.within(statements);
    expect(said).toMatch(
      /^refused: .*(EACCES|EPERM|ENOENT|EROFS|ENOTDIR|ESRCH|ENOTSUP|EAFNOSUPPORT|ERR_INSPECTOR|EINVAL| 200$)/s,
    );
    expect(said).not.toContain("C4n4ry");
    expect(said).toMatch(/^refused/);
  });

  it("cannot reach the metadata service, which is for root alone by the firewall's rule", () => {
    const rules = renderIPv4Rules(appWall({ sshFrom: ["203.0.113.10/32"], outbound: "anywhere" }));
    const rule = rules.split("\n").find((line) => line.includes(METADATA)) ?? "";
    const serve = `require("net").createServer((socket) => socket.end("first-boot data")).listen(80, "${METADATA}")`;
    server.must(`ip address add ${METADATA}/32 dev lo
      systemd-run --quiet --collect --unit=metadata node -e '${serve}'
      until ss -Hltn | grep -q ${METADATA}; do sleep 0.1; done`);
    const asked = `exec 3<>/dev/tcp/${METADATA}/80 && cat <&3`;
    expect(server.must(asked)).toBe("first-boot data");
    // Its own filter of addresses would do as well, where there is BPF.
    server.must(`iptables ${rule}`);
    expect(server.must(asked)).toBe("first-boot data");
    expect(server.within(connects(METADATA, 80))).toMatch(/^refused: (ECONNREFUSED|timeout)/);
  });

  it("sees no process but its own", () => {
    const seen = server.within(
      `return require("fs").readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).length`,
    );
    expect(Number(seen.split(" ")[0])).toBeLessThanOrEqual(1);
  });

  it("is rated as what hardly anything can be done with", () => {
    for (const unit of [
      "application",
      "application-trial@x",
      "application-migrate@x",
      "application-redirect",
    ]) {
      const said = server.must(`systemd-analyze security --no-pager ${unit}.service | tail -n 1`);
      const [, rating = "10"] = /: ([\d.]+) /.exec(said) ?? [];
      expect([unit, Number(rating) <= 1.5, said]).toEqual([unit, true, said]);
    }
  });

  it("may take just so much memory and so many processes", () => {
    for (const unit of ["application", "application-trial@x", "application-migrate@x"]) {
      const limits = server.must(
        `systemctl show -P MemoryMax -P MemorySwapMax -P TasksMax ${unit}`,
      );
      expect(limits.split("\n")).toEqual([String(256 * 1024 ** 2), "0", "64"]);
    }
  });
});
