/**
 * Who is told of a login on the whole stack: mail, Slack and Pushover, as they arrive in the world outside.
 *
 * Proves G12 end to end. What happens when a relay is down, slow or lying is control-login-alerts.test.ts's.
 */
import { join } from "node:path";

import type { Enrolments } from "../../components/lib/outputs-contract";
import { vantageCommand } from "../../local/machines/vantage";
import { attempt } from "./attempt";
import type { TestCloud } from "./cloud";
import { settingsFile } from "./settings";

const LIMIT_MS = 10_000;
const CHANNELS = ["mail", "pushover", "slack"];
const V4 = "203.0.113.10";
const V6 = "2001:db8:10::10";
/** On a server: looks for logins, and waits until all that is to be told of has left. */
const SEND_ALL = `
systemctl start stronghold-alerts.service || exit
for n in {1..600}; do
  [[ -n $(find /var/spool/stronghold-alerts -type f) ]] || exit 0
  sleep 0.1
done
exit 1`;

interface Message {
  channel: string;
  subject?: string;
  text: string;
}

export function describeAlerts(cloud: TestCloud): void {
  beforeAll(async () => {
    // The stack's own logins, of which the last came a moment ago.
    await settled();
  }, 180_000);

  function messages(): Message[] {
    const ran = cloud.run(["alerts", "--json"]);
    if (ran.code !== 0) throw new Error(ran.stderr);
    return JSON.parse(ran.stdout) as Message[];
  }

  /** Waits until nothing is on its way, and nothing has arrived for longer than an alert may take. */
  async function settled(): Promise<number> {
    for (const host of ["app", "db", "backup"]) {
      const ran = cloud.run(["console", host, "--", "bash", "-c", SEND_ALL]);
      if (ran.code !== 0) throw new Error(`${host} still has alerts to send: ${ran.stderr}`);
    }
    let count = messages().length;
    let since = Date.now();
    // By when a look began: what arrives while it is at work may have escaped it.
    for (let began = since; began - since < LIMIT_MS + 1_000;) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      began = Date.now();
      const now = messages().length;
      if (now !== count) [count, since] = [now, Date.now()];
    }
    return count;
  }

  /** The channels on which a message with all these words arrives in time. */
  async function channelsTold(since: number, ...words: string[]): Promise<string[]> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      // A look takes seconds where the machine is busy: the last one has to begin when the time is over.
      const isLast = Date.now() > deadline;
      const fitting = messages()
        .slice(since)
        .filter(({ subject = "", text }) =>
          words.every((word) => `${subject} ${text}`.includes(word)),
        );
      const told = [...new Set(fitting.map(({ channel }) => channel))].sort();
      if (told.length === CHANNELS.length || isLast) return told;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  const scratchCodes: string[] = [];
  function nextScratchCode(): string {
    if (scratchCodes.length === 0) {
      const { enrolments } = cloud.status("--show-secrets").outputs as { enrolments: Enrolments };
      scratchCodes.push(...(enrolments.app["ada"]?.scratchCodes ?? []));
    }
    return scratchCodes.pop() ?? "";
  }

  const loginAsAda = (answer: string, address = "203.0.113.100"): Promise<string> =>
    attempt(vantageCommand(cloud.paths.cloudId, "operator"), {
      user: "ada",
      address,
      key: join(cloud.paths.operatorDir, "ada_ed25519"),
      answers: [answer],
    });

  const appIPv6 = (): string =>
    (cloud.status().outputs["app"] as { publicIPv6: string }).publicIPv6;

  describe("on every channel within 10 s", () => {
    it("a person's login by key and code is told", async () => {
      const before = messages().length;
      expect(await loginAsAda(nextScratchCode())).toBe("in");
      expect(await channelsTold(before, "ada", V4, "-app")).toEqual(CHANNELS);
    }, 180_000);

    it("a person's login over IPv6 is told", async () => {
      const before = messages().length;
      expect(await loginAsAda(nextScratchCode(), appIPv6())).toBe("in");
      expect(await channelsTold(before, "ada", V6, "-app")).toEqual(CHANNELS);
    }, 180_000);

    it("the deployer's login by key alone is told, on both servers that it passes", async () => {
      const before = messages().length;
      expect(cloud.login("db").code).toBe(0);
      expect(await channelsTold(before, "deployer", V4, "-app")).toEqual(CHANNELS);
      expect(await channelsTold(before, "deployer", "192.168.129.", "-db")).toEqual(CHANNELS);
    }, 180_000);
  });

  describe("nobody is told", () => {
    it("of failed logins, sudo, and starts and stops of the monitor", async () => {
      const before = await settled();
      expect(await loginAsAda("000000")).toBe("refused");
      for (const line of [
        "systemctl restart monit",
        "systemctl reload monit",
        "sudo -u nobody true",
      ]) {
        expect(cloud.run(["console", "app", "--", "bash", "-c", line]).code).toBe(0);
      }
      expect(await settled()).toBe(before);
    }, 270_000);

    it("of a login from an address on the white list; from another one it is still told", async () => {
      const file = settingsFile((config) => {
        config["stronghold:alerts"] = { whiteList: [V4] };
      });
      cloud.up("--settings", file);
      const before = await settled();
      expect(await loginAsAda(nextScratchCode())).toBe("in");
      expect(await settled()).toBe(before);
      expect(await loginAsAda(nextScratchCode(), appIPv6())).toBe("in");
      expect(await channelsTold(before, "ada", V6, "-app")).toEqual(CHANNELS);
    }, 540_000);
  });
}
