/**
 * The control `clock`, with a real chronyd as the time server and one that lies.
 *
 * Hosts share this machine's clock and must not set it: chronyd runs without the right to. So what is
 * proved is that it follows and that a difference is noticed, not that it mends one.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { packagesOf } from "../../components/lib/bundle";
import { vantageCommand } from "../../local/machines/vantage";
import { BUNDLE, itWithJournal, type Parameters, type Report, TestServer } from "./harness";
import { eventually, IMAGE, type Ran, run } from "./test-machines";
import { grouped } from "./tampers";

const server = new TestServer("a0c709");
const it = itWithJournal(server);
const ROUTER = "203.0.113.1";
const GOOD: Parameters = { SERVERS: ROUTER };
const CHECK = "/usr/local/sbin/stronghold-clock-check";

const drive = (verb: string, parameters = GOOD): Report => server.drive(verb, "clock", parameters);
const ids = (...numbers: string[]): string[] => numbers.map((number) => `CLOCK-${number}`);
const check = (how = ""): Ran => server.root(`${CHECK} ${how}`);
const isRight = (): boolean => check("now").code === 0;
/** Asks the time servers at once, instead of when it is time again. */
const askAgain = (): string => server.must("chronyc burst 4/4");

const folder = mkdtempSync(join(tmpdir(), "stronghold-time-"));
const timeServers = new Map<Place, () => Promise<void>>();
type Place = "router" | "stranger" | "neighbour";
const ADDRESSES = { router: ROUTER, stranger: "203.0.113.66", neighbour: "203.0.113.77" };

async function endTimeServer(place: Place): Promise<void> {
  await timeServers.get(place)?.();
  timeServers.delete(place);
}

/** Has these words answer for the time there, instead of what did before. */
async function serveTime(place: Place, ...words: string[]): Promise<void> {
  await endTimeServer(place);
  // Without the right to set this machine's clock.
  const contained = ["setpriv", "--inh-caps=-sys_time", "--bounding-set=-sys_time", ...words];
  const enter = vantageCommand(server.cloud.cloudId, place);
  const [command = "", ...args] = [...enter, ...contained];
  const child = spawn(command, args, { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  timeServers.set(place, async () => {
    child.kill("SIGKILL");
    await ended;
  });
  // Before anybody asks: a request that nobody answers is made again a minute later only.
  const listens = (): boolean => run([...enter, "ss", "-Hlun", "sport = :123"]).stdout !== "";
  expect(await eventually(listens)).toBe(true);
}

async function serveRightTime(): Promise<void> {
  const files = `bindcmdaddress ${folder}/sock\npidfile ${folder}/pid\n`;
  writeFileSync(join(folder, "conf"), `local stratum 8\nallow\ncmdport 0\nuser root\n${files}`);
  rmSync(join(folder, "pid"), { force: true });
  await serveTime("router", "chronyd", "-x", "-d", "-f", join(folder, "conf"));
}

/**
 * An NTP server whose every answer is wrong by so many seconds (RFC 5905, section 7.3).
 *
 * It owns up to a precision of 2^-9 s, as Date.now() knows whole milliseconds: to promise more would set it against
 * the right servers, which chronyd believes to the microsecond.
 */
async function serveWrongTime(seconds: number, place: Place = "router"): Promise<void> {
  const program = `
    const socket = require("node:dgram").createSocket("udp4");
    const now = () => {
      const seconds = Date.now() / 1000 + ${seconds} + 2208988800, time = Buffer.alloc(8);
      time.writeUInt32BE(Math.floor(seconds)); time.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 4);
      return time;
    };
    socket.on("message", (asked, { address, port }) => {
      const head = Buffer.from([0x24, 8, asked[2], 0xf7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      socket.send(Buffer.concat([head, now(), asked.subarray(40, 48), now(), now()]), port, address);
    }).bind(123, "${ADDRESSES[place]}");`;
  await serveTime(place, process.execPath, "-e", program);
}

/** Right time again, and everything as the control leaves it. */
async function setRight(): Promise<void> {
  await serveRightTime();
  server.must("systemctl restart chrony");
  expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
}

beforeAll(async () => {
  await server.boot();
  // Ubuntu 26.04 has chrony from the start.
  const missing = IMAGE === "linode/ubuntu26.04" ? ["01", "03", "04", "05", "07"] : ["00"];
  expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...missing) });
  await serveRightTime();
  const packages = { PACKAGES: packagesOf(["clock"], BUNDLE).join(" ") };
  expect(server.drive("apply", "packages", packages).code).toBe(0);
  // Before anything lies to it: whatever chronyd believes, it cannot set this machine's clock.
  const status = server.must("cat /proc/$(pgrep -o chronyd)/{cmdline,status} | tr '\\0' ' '");
  expect(status).toContain("chronyd -x ");
  const bounding = BigInt(`0x${/CapBnd:\t(\w+)/.exec(status)?.[1] ?? "ffff"}`);
  expect((bounding >> 25n) & 1n).toBe(0n);
}, 360_000);

afterAll(async () => {
  for (const place of timeServers.keys()) await endTimeServer(place);
  await server.end();
  rmSync(folder, { recursive: true, force: true });
}, 90_000);

describe("the control clock", () => {
  it("follows the servers of the settings, and then has nothing to do", () => {
    // Debian's own configuration follows others, and none of them can be reached from here.
    expect(drive("audit")).toMatchObject({ code: 1, fails: ids("01", "03", "04", "05", "07") });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(check().stdout).toMatch(/^the clock is right, 0\.0\d+ s off 203\.0\.113\.1\n$/);
    expect(check()).toMatchObject({ code: 0, stderr: "" });
  }, 180_000);

  it("answers nobody", () => {
    const seen = server.cloud.from("operator", "nmap", "-sU", "-p", "123,323", server.ipv4).stdout;
    expect(seen).toMatch(/123\/udp +closed/);
    expect(seen).toMatch(/323\/udp +closed/);
    // Also while it asks its own servers.
    askAgain();
    const listening = (): string => server.must("ss -H -l -n -p -t -u | grep -c chronyd || true");
    for (let look = 0; look < 5; look += 1) expect(listening()).toBe("0");
  });

  const restarted = (change: string): string => `${change}; systemctl restart chrony`;
  it.each(
    grouped([
      [
        "another server in the file",
        "echo 'server 203.0.113.66' >>/etc/chrony/chrony.conf",
        ["01"],
      ],
      [
        "another server in use",
        restarted("echo 'server 203.0.113.66' >>/etc/chrony/chrony.conf"),
        ["01", "03"],
      ],
      ["another server, told to chronyd alone", "chronyc -n add server 203.0.113.66", ["03"]],
      [
        "a file that chronyd is told to read instead",
        "echo 'DAEMON_OPTS=\"-F 1 -f /run/other.conf\"' >/etc/default/chrony",
        ["01"],
      ],
      ["a lost configuration", "rm /etc/chrony/chrony.conf", ["01"]],
      [
        "a server for everyone",
        restarted("printf 'allow\nport 123\n' >>/etc/chrony/chrony.conf"),
        ["01", "05"],
      ],
      [
        "commands over the network, although the file is right",
        "cd /etc/chrony; cp -a chrony.conf kept; sed -i 's/^cmdport 0//' chrony.conf; systemctl restart chrony; mv kept chrony.conf",
        ["05"],
      ],
      ["a stopped chronyd", "systemctl stop chrony", ["02", "03", "04"]],
      ["a masked chronyd", "systemctl -q mask --now chrony 2>&1", ["02", "03", "04"]],
      [
        "a chronyd that will not start at boot",
        // Not by `disable`, which takes its alias away as well: systemd then forgets that it runs.
        "rm /etc/systemd/system/multi-user.target.wants/chrony.service; systemctl daemon-reload",
        ["02"],
      ],
      [
        "a rival",
        "printf '[Service]\nExecStart=sleep 999\n' >/etc/systemd/system/systemd-timesyncd.service; systemctl daemon-reload; systemctl start systemd-timesyncd",
        ["06"],
      ],
      [
        "a rival that starts at boot",
        "printf '[Service]\nExecStart=sleep 999\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/ntpsec.service; systemctl -q enable ntpsec 2>&1",
        ["06"],
      ],
      ["a check that always agrees", `printf '#!/bin/sh\n' >${CHECK}`, ["07"]],
      ["a check that nobody can run", `chmod 600 ${CHECK}`, ["07"]],
    ]),
  )(
    "notices and mends: %s",
    (_what, { rows, numbers }) => {
      for (const [, tamper] of rows) server.must(tamper);
      expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
      expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
      expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    },
    270_000,
  );

  it.each<[number, RegExp]>([
    // A server that a busy machine keeps waiting is off by half of its delay.
    [90, /^the clock is (89\.9|90\.[0-4]) s behind 203\.0\.113\.1\n$/],
    [-90, /^the clock is (89\.[6-9]|90\.\d) s ahead of 203\.0\.113\.1\n$/],
    [2, /^the clock is (1\.9|2\.[0-4]) s behind/],
  ])(
    "raises the alarm when a clock that was right differs by %d s",
    async (seconds, words) => {
      await serveWrongTime(seconds);
      askAgain();
      expect(await eventually(() => !isRight())).toBe(true);
      // Right after a start, too: that chronyd needs a moment is no excuse for a wrong clock.
      expect(check()).toMatchObject({ code: 1, stdout: expect.stringMatching(words) as string });
      const found = drive("audit");
      expect(found).toMatchObject({ code: 1, fails: ids("04"), stderr: "" });
      expect(found.stdout).toMatch(/CLOCK-04.*\[the clock is .* s (behind|ahead of) 203/);
      // The start is when chronyd may set it; here it may not, so the difference stays.
      const applied = drive("apply");
      expect(applied).toMatchObject({ code: 1, fails: ids("04"), changed: 1, stderr: "" });
      expect(applied.stdout).toContain("started chrony anew");
      await setRight();
    },
    270_000,
  );

  it("stays quiet about less than a second", async () => {
    await serveWrongTime(0.4);
    server.must("systemctl restart chrony");
    expect(await eventually(isRight)).toBe(true);
    expect(check().stdout).toMatch(/^the clock is right, 0\.[3-7]\d+ s off/);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    await setRight();
  }, 180_000);

  it("raises the alarm when the time server dies", async () => {
    await endTimeServer("router");
    const noticed = (): boolean => askAgain() !== "" && !isRight();
    expect(await eventually(noticed, 60_000)).toBe(true);
    expect(check("now").stdout).toBe("no time server answers\n");
    expect(drive("audit")).toMatchObject({ code: 1, fails: ids("04"), stderr: "" });
    await setRight();
  }, 360_000);

  it("gives chronyd a moment after a start, and no more", async () => {
    await endTimeServer("router");
    server.must("systemctl restart chrony");
    const early = "chronyd has only just started: no time server answers\n";
    expect(check()).toMatchObject({ code: 0, stdout: early });
    expect(check("now")).toMatchObject({ code: 1, stdout: "no time server answers\n" });
    const impatient = `sed 's/GRACE_SECONDS=120/GRACE_SECONDS=1/' ${CHECK} | bash`;
    expect(await eventually(() => server.root(impatient).code === 1)).toBe(true);
    server.must("systemctl stop chrony");
    expect(check("now")).toMatchObject({ code: 1, stdout: "chronyd does not answer\n" });
    await setRight();
  }, 180_000);

  it("takes the majority's word, and nobody's where there is none", async () => {
    await serveWrongTime(90, "stranger");
    const two = { SERVERS: `${ROUTER} ${ADDRESSES.stranger}` };
    expect(drive("apply", two)).toMatchObject({ code: 1, fails: ids("04") });
    expect(check("now").stdout).toMatch(/^no time server is followed: they differ/);
    await serveWrongTime(0, "neighbour");
    const three = { SERVERS: `${two.SERVERS} ${ADDRESSES.neighbour}` };
    expect(drive("apply", three)).toMatchObject({ code: 0, fails: [] });
    await endTimeServer("stranger");
    await endTimeServer("neighbour");
    await setRight();
  }, 270_000);

  it("takes names, also some that nobody answers to", async () => {
    server.must(`echo '${ROUTER} ntp.example.org' >>/etc/hosts`);
    const named = { SERVERS: "nowhere.invalid ntp.example.org 2001:DB8:77::77" };
    expect(drive("apply", named)).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("apply", named)).toMatchObject({ code: 0, changed: 0, stderr: "" });
    await setRight();
  }, 180_000);

  it.each([
    "",
    " ",
    "a  b",
    "-f",
    "ntp.example.org;id",
    "$(id)",
    "ntp.example.org\tallow",
    "a b c d e f g h i",
  ])("refuses %j, and changes nothing", (SERVERS) => {
    expect(drive("apply", { SERVERS })).toMatchObject({ code: 64, stdout: "" });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it("converges wherever it was killed", () => {
    for (const delay of [30, 120, 200, 280, 400]) {
      server.must(
        `rm -f ${CHECK}; echo 'allow' >>/etc/chrony/chrony.conf; systemctl restart chrony`,
      );
      server.killDriverAfter(delay, "apply", "clock", GOOD);
      expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    }
  }, 360_000);

  it("keeps time after a reboot, and alarms nobody meanwhile", async () => {
    await server.cloud.machines.reboot(1001);
    expect(check().code).toBe(0);
    // It answers SSH before all has been started.
    server.must("systemctl is-system-running --wait || true");
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  }, 180_000);
});
