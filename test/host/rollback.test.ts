/**
 * Lock-out proof: whatever a change of sshd or the firewall does, and wherever it dies, the operator
 * gets in again, and the next run ends well.
 */
import { packagesOf } from "../../components/lib/bundle";
import { appWall } from "../../components/lib/firewall-rules";
import { renderIPv4Rules, renderIPv6Rules } from "../../components/lib/host-firewall-rules";
import {
  base64,
  BUNDLE,
  DEPLOYER,
  itWithJournal,
  OPERATOR_FROM,
  type Parameters,
  type Report,
  TestServer,
} from "./harness";
import { eventually } from "./test-machines";

const server = new TestServer("a0c705");
const it = itWithJournal(server);

const firewall = (...sshFrom: string[]): Parameters => {
  const wall = appWall({ sshFrom, outbound: "anywhere" });
  return {
    RULES_V4_B64: base64(renderIPv4Rules(wall)),
    RULES_V6_B64: base64(renderIPv6Rules(wall)),
    ROLLBACK_SECONDS: "60",
  };
};

const SSH: Parameters = { DEPLOYER, DEPLOYER_FROM: OPERATOR_FROM, ROLLBACK_SECONDS: "60" };
/** For each control what is right, and what shuts the operator out. */
const CONTROLS: [string, Parameters, Parameters][] = [
  ["ssh", SSH, { ...SSH, DEPLOYER_FROM: "198.51.100.7/32", ROLLBACK_SECONDS: "2" }],
  [
    "firewall",
    firewall("0.0.0.0/0", "::/0"),
    { ...firewall("198.51.100.7/32"), ROLLBACK_SECONDS: "5" },
  ],
];

/** Who may enter the folders that a rollback writes to. */
const folders = (): string =>
  server.must("stat -c '%n %a %U' / /etc /etc/ssh{,/*.d} /etc/iptables");

/** Random, one in each part of a run; a test's name tells which it was. */
const KILL_AFTER_MS = [0, 200, 400, 600, 800, 1000].map(
  (from) => from + Math.floor(Math.random() * 200),
);

const getsIn = (): boolean => server.lets(DEPLOYER);
/** At once: who tries for long is let in by the rollback in the end. */
const isShutOut = (): boolean => !server.lets(DEPLOYER, { options: ["ConnectTimeout=2"] });
const succeeds = (report: Report): void => {
  expect(report).toMatchObject({ code: 0, fails: [], stderr: "" });
};

beforeAll(async () => {
  await server.boot();
  const packages = packagesOf(["accounts", "two-factor", "ssh", "firewall"], BUNDLE).join(" ");
  succeeds(server.drive("apply", "packages", { PACKAGES: packages }));
  const accounts = {
    DEPLOYER,
    DEPLOYER_KEYS_B64: base64(server.publicKey(DEPLOYER)),
    DEPLOYER_FROM: "0.0.0.0/0,::/0",
    ADMINS_B64: base64(`ada\t${server.publicKey("ada")}\n`),
  };
  succeeds(server.drive("apply", "accounts", accounts));
  // sshd does not ask for a second factor before PAM does.
  const twoFactor = { PEOPLE_B64: base64("ada\n") };
  succeeds(server.drive("apply", "two-factor", twoFactor));
  succeeds(server.drive("confirm", "two-factor", twoFactor));
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe.each(CONTROLS)("a change of %s", (control, good, bad) => {
  it("that nobody confirms is undone, and applied again by the late confirmation", async () => {
    const before = folders();
    // Its time begins before the change: it has to do for all of the run, and for a look after it.
    const change = { ...bad, ROLLBACK_SECONDS: "30" };
    const { code, fails } = server.driveBySsh("apply", control, change);
    expect({ code, fails }).toEqual({ code: 0, fails: [] });
    expect(isShutOut()).toBe(true);
    expect(await eventually(getsIn)).toBe(true);
    // The server is as it was: not hardened, and nothing of the change is left.
    expect(server.drive("audit", control, good).fails.length).toBeGreaterThan(3);
    expect(folders()).toBe(before);
    succeeds(server.driveBySsh("apply", control, good));
    server.must(`/usr/local/sbin/stronghold-rollback ${control}`);
    const late = server.driveBySsh("confirm", control, good);
    expect(late).toMatchObject({ code: 1, fails: [] });
    expect(late.stderr).toContain(
      "was rolled back because no new connection confirmed it within 60 s",
    );
    succeeds(server.driveBySsh("confirm", control, good));
    expect(getsIn()).toBe(true);
  }, 180_000);

  it("that is confirmed stays, even if its timer is late, and a later change has its own time", () => {
    const timer = `cat /var/lib/stronghold/rollback/${control}/timer`;
    server.must(spoil(control));
    expect(server.drive("apply", control, good).changed).toBeGreaterThan(0);
    const first = server.must(timer);
    succeeds(server.drive("confirm", control, good));
    const late = `/usr/local/sbin/stronghold-rollback ${control} ${first}`;
    server.must(late);
    succeeds(server.drive("audit", control, good));
    server.must(spoil(control));
    server.drive("apply", control, good);
    server.must(late);
    succeeds(server.drive("confirm", control, good));
    expect(server.must("systemctl list-timers --all --no-legend")).not.toContain(first);
  }, 90_000);

  it.each(KILL_AFTER_MS)(
    "that is killed after %i ms locks nobody out, and the next run ends well",
    async (delayMs) => {
      server.must(spoil(control));
      server.killDriverAfter(delayMs, "apply", control, bad);
      expect(await eventually(getsIn)).toBe(true);
      const again = server.drive("apply", control, good);
      expect(again).toMatchObject({ code: 0, fails: [], stderr: "" });
      succeeds(server.drive("confirm", control, good));
      expect(getsIn()).toBe(true);
    },
    180_000,
  );

  it("that is still unconfirmed at a reboot is undone before anything starts", async () => {
    succeeds(server.drive("apply", control, { ...bad, ROLLBACK_SECONDS: "900" }));
    expect(isShutOut()).toBe(true);
    await server.cloud.machines.reboot(1001);
    expect(await eventually(getsIn)).toBe(true);
    succeeds(server.drive("audit", control, good));
    const said = server.must("journalctl --no-pager -b -t stronghold");
    expect(said).toContain(`${control}: the change was not confirmed`);
  }, 180_000);

  it("waits for another run to end", () => {
    server.must(`systemd-run --quiet flock /run/stronghold.lock sleep 5
      until ! flock --nonblock /run/stronghold.lock true; do sleep 0.05; done`);
    succeeds(server.drive("apply", control, good));
  }, 90_000);
});

/** Makes the next `apply` have something to do, without shutting anybody out. */
function spoil(control: string): string {
  return control === "ssh"
    ? "echo >>/etc/ssh/sshd_config.d/00-stronghold.conf; sed -i /UseDNS/d /etc/ssh/sshd_config.d/00-stronghold.conf"
    : "iptables -A INPUT -p tcp --dport 80 -j ACCEPT";
}
