/**
 * A certificate of an ACME server: Debian's pebble, which is made for tests by those who run the largest one, on a host of
 * its own. It asks the application's server for its proof as any other does, but at port 3000 instead of 80, which
 * nothing redirects on these hosts; and whatever name it looks up leads there.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ApplicationServer, certificate, release, ROOT } from "./application-server";
import { base64, itWithJournal, type Parameters, type Report } from "./harness";
import { eventually, type Ran } from "./test-machines";

const server = new ApplicationServer("a99104");
const it = itWithJournal(server);
const NAME = "app.example.org";
const SERVER = 1002;
const { publicIPv4: acmeIPv4 } = server.cloud.spec(2);
const identity = certificate(acmeIPv4);
const STATE = "/var/lib/stronghold-acme";
const DONE = { code: 0, fails: [], stderr: "" };
const ids = (...numbers: string[]): string[] => numbers.map((number) => `APPLICATION-${number}`);
const folder = mkdtempSync(join(tmpdir(), "stronghold-acme-"));
const rootFile = join(folder, "root.pem");

const ACME: Parameters = {
  CERTIFICATE_KIND: "acme",
  HOSTS: `${NAME} ${server.ipv4} ${server.ipv6}`,
  ACME_DIRECTORY: `https://${acmeIPv4}:14000/dir`,
  ACME_EMAIL: "ada@example.org",
  ACME_CA_B64: base64(identity.chain),
};
const drive = (verb: string, other: Parameters = {}): Report =>
  server.application(verb, { ...ACME, ...other });

const acme = (line: string, input = ""): Ran =>
  server.cloud.inside(SERVER, ["bash", "-c", line], input);
const mustAcme = (line: string, input = ""): string => {
  const ran = acme(line, input);
  if (ran.code !== 0) throw new Error(`'${line}' ended with ${ran.code}: ${ran.stderr}`);
  return ran.stdout.trimEnd();
};

/** Its certificates last shorter than what is renewed, so that each run of the timer renews. */
const PEBBLE = JSON.stringify({
  pebble: {
    ...{ listenAddress: "0.0.0.0:14000", managementListenAddress: "0.0.0.0:15000" },
    ...{ certificate: "/etc/pebble.pem", privateKey: "/etc/pebble.key" },
    ...{ httpPort: 3000, tlsPort: 3003, ocspResponderURL: "" },
    certificateValidityPeriod: 25 * 86_400,
  },
});

function startPebble(): void {
  const dns = `pebble-challtestsrv -defaultIPv4 ${server.ipv4} -defaultIPv6 '' -http01 '' -https01 '' -tlsalpn01 '' -doh '' -dns01 :8053`;
  const quick = "--setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0";
  mustAcme(`systemctl is-active -q names || systemd-run --quiet --unit=names ${dns}
    systemd-run --quiet --unit=pebble ${quick} pebble -config /etc/pebble.json -dnsserver 127.0.0.1:8053
    until curl -sk https://127.0.0.1:15000/roots/0 | grep -q BEGIN; do sleep 0.1; done`);
  writeFileSync(rootFile, mustAcme("curl -sk https://127.0.0.1:15000/roots/0"));
}

/** What a visitor gets who knows the ACME server's authority, and goes by the name. */
const visits = (path = "/", name = NAME): string => {
  const words = ["curl", "-s", "--max-time", "20", "-w", " %{http_code}", "--cacert", rootFile];
  const at = ["--resolve", `${name}:3003:${server.ipv4}`];
  return server.cloud.from("stranger", ...words, ...at, `https://${name}:3003${path}`).stdout;
};
const serial = (): string =>
  server.must(`openssl x509 -noout -serial -in ${ROOT}/ssl/certificate.pem`);

beforeAll(async () => {
  await server.bootWith("dehydrated");
  await server.cloud.boot(server.cloud.spec(2));
  mustAcme("apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install pebble curl");
  mustAcme("cat >/etc/pebble.json", PEBBLE);
  mustAcme("cat >/etc/pebble.pem", identity.chain);
  mustAcme("cat >/etc/pebble.key", identity.key);
}, 600_000);

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.end();
}, 90_000);

describe("a certificate of an ACME server", () => {
  it("is waited for with the stack's own, and the audit says why there is none", () => {
    const silent = drive("apply");
    expect(silent).toMatchObject({ code: 1, fails: ids("07"), stderr: "" });
    expect(silent.stdout).toMatch(
      /the ACME server has not certified it yet: .*ERROR: Problem connecting to server/,
    );
    expect(server.visits("/health")).toMatch(/ 200$/);
    expect(drive("apply")).toMatchObject({ code: 1, fails: ids("07"), changed: 0 });
  }, 120_000);

  it("is had and shown as soon as that server answers, and then there is nothing to do", async () => {
    startPebble();
    expect(drive("apply")).toMatchObject(DONE);
    expect(await eventually(() => visits("/health").endsWith(" 200"))).toBe(true);
    expect(drive("audit")).toMatchObject({ ...DONE, changed: 0 });
    expect(drive("apply")).toMatchObject({ ...DONE, changed: 0 });
    const modes = server.must(
      `stat -c '%a %U:%G' ${ROOT}/ssl/*; find ${STATE} ! -type l -perm /077 -printf '%P\n' | sort`,
    );
    expect(modes.split("\n")).toEqual([
      "400 application:application",
      "400 application:application",
      "",
      "challenges",
    ]);
  }, 120_000);

  it("is renewed by its timer, and nobody who visits meanwhile is lost", async () => {
    expect(server.ship(release({ version: "1.0.0" }))).toMatchObject({ code: 0 });
    const pid = server.must("systemctl show -P MainPID application");
    const before = serial();
    const visitors = server.visitors();
    server.must("systemctl start application-certificate.service");
    expect(await eventually(() => visits() === "1.0.0 200")).toBe(true);
    expect(Object.keys(await visitors.end())).toEqual(["200"]);
    expect(serial()).not.toBe(before);
    expect(server.must("systemctl show -P MainPID application")).toBe(pid);
    expect(drive("audit")).toMatchObject(DONE);
    expect(
      server.must("systemctl show -P NextElapseUSecRealtime application-certificate.timer"),
    ).not.toBe("");
  }, 120_000);

  it("is had anew when a name is added", async () => {
    const more = { HOSTS: `${NAME} www.example.org ${server.ipv4}` };
    expect(drive("apply", more)).toMatchObject(DONE);
    expect(await eventually(() => visits("/", "www.example.org") === "1.0.0 200")).toBe(true);
    expect(drive("apply")).toMatchObject(DONE);
  }, 120_000);

  it("is had anew from another server, whatever the one before has certified", () => {
    const before = serial();
    const other = { ACME_DIRECTORY: `https://${acmeIPv4}:14000/dir/` };
    expect(drive("audit", other)).toMatchObject({ code: 1, fails: ids("02", "05", "06", "07") });
    mustAcme("systemctl stop pebble; sed -i s#:14000#:14001# /etc/pebble.json");
    startPebble();
    const moved = { ACME_DIRECTORY: `https://${acmeIPv4}:14001/dir` };
    expect(drive("apply", moved)).toMatchObject(DONE);
    expect(serial()).not.toBe(before);
    mustAcme("systemctl stop pebble; sed -i s#:14001#:14000# /etc/pebble.json");
    startPebble();
    // What is left of the first one is good still.
    expect(drive("apply")).toMatchObject(DONE);
  }, 120_000);

  it("is proved at port 80, where nothing but proofs can be had", () => {
    const asked = (path: string): string => {
      const words = ["curl", "-s", "--path-as-is", "--max-time", "20", "-w", " %{http_code}"];
      return server.cloud.from("stranger", ...words, `http://${server.ipv4}:3000${path}`).stdout;
    };
    const proofs = "/.well-known/acme-challenge";
    server.must(`echo proof >${STATE}/challenges/token; chmod 644 ${STATE}/challenges/token
      ln -s ${STATE}/accounts ${STATE}/challenges/link; ln -s /etc/passwd ${STATE}/challenges/file`);
    expect(asked(`${proofs}/token`)).toBe("proof\n 200");
    for (const path of ["none", "link", "file"]) expect(asked(`${proofs}/${path}`)).toBe(" 404");
    for (const path of ["", "../accounts", "..%2faccounts", "link/x", "token/", "%74oken"]) {
      expect(asked(`${proofs}/${path}`)).toBe(" 301");
    }
    server.must(`rm ${STATE}/challenges/{token,link,file}`);
  });

  it.each<[string, string, string[]]>([
    ["a client of another server's", "sed -i s/14000/443/ /etc/stronghold/acme/config", ["02"]],
    ["other names", "echo evil.example >>/etc/stronghold/acme/domains", ["02"]],
    ["a renewal that is off", "systemctl disable --now application-certificate.timer", ["07"]],
    ["an account with a shell", "usermod -s /bin/bash stronghold-acme", ["01"]],
    ["another certificate than what was certified", `echo >>${ROOT}/ssl/certificate.pem`, ["05"]],
    ["a folder of somebody else's", `chown root ${STATE}/challenges`, ["02"]],
  ])("has the control notice %s, and mend it", (_what, how, numbers) => {
    server.must(how);
    expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
    expect(drive("apply")).toMatchObject(DONE);
    expect(drive("apply")).toMatchObject({ ...DONE, changed: 0 });
  });

  it("is had by an account that gets at nothing of the application, and hardly at anything else", () => {
    const as = "setpriv --reuid=stronghold-acme --regid=stronghold-acme --clear-groups";
    expect(server.root(`${as} cat ${ROOT}/ssl/key.pem`).code).toBe(1);
    expect(server.root(`${as} cat ${ROOT}/config/production.json`).code).toBe(1);
    const said = server.must(
      "systemd-analyze security --no-pager application-certificate.service | tail -n 1",
    );
    expect(Number(/: ([\d.]+) /.exec(said)?.[1])).toBeLessThanOrEqual(1.5);
  });

  it("is not taken from that account where it is none, or belongs to another key", () => {
    const shown = serial();
    const certified = server.must(`ls -d ${STATE}/certs-*/${NAME} | head -n 1`);
    for (const how of [
      `ln -sf /etc/shadow ${certified}/fullchain.pem`,
      `ln -sf /etc/ssh/ssh_host_ed25519_key ${certified}/privkey.pem`,
    ]) {
      server.must(`cp -a ${certified} /root/certified; ${how}`);
      expect(server.root("stronghold-application certificate")).toMatchObject({
        code: 1,
        stdout: "",
      });
      server.must(`rm -r ${certified}; mv /root/certified ${certified}`);
    }
    expect(serial()).toBe(shown);
    expect(drive("audit")).toMatchObject(DONE);
  });

  it.each<[string, Parameters]>([
    ["a directory without TLS", { ACME_DIRECTORY: "http://acme.example/dir" }],
    ["a directory with a quote", { ACME_DIRECTORY: 'https://acme.example/"; id' }],
    ["no directory", { ACME_DIRECTORY: "" }],
    ["an address of nobody's", { ACME_EMAIL: "" }],
    ["an address with a command", { ACME_EMAIL: "$(id)@example.org" }],
    ["no name", { HOSTS: server.ipv4 }],
    ["an authority that is none", { ACME_CA_B64: base64("none") }],
  ])("is not asked for with %s", (_what, bad) => {
    expect(drive("apply", bad)).toMatchObject({ code: 64, stdout: "" });
  });

  it("gives way to the stack's own, and nothing renews it any more", () => {
    expect(server.application("apply")).toMatchObject(DONE);
    expect(server.application("apply")).toMatchObject({ ...DONE, changed: 0 });
    expect(server.must("systemctl list-timers --all --no-legend 'application-certificate*'")).toBe(
      "",
    );
    expect(server.visits()).toBe("1.0.0 200");
  });
});
