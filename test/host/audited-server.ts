/** A server with two people's controls on it and the control `audit` to come, and what it says of itself. */
import { bundleManifest, packagesOf } from "../../components/lib/bundle";
import {
  base64,
  BUNDLE,
  DEPLOYER,
  OPERATOR_FROM,
  type Parameters,
  type Report,
  TestServer,
} from "./harness";
import type { Ran } from "./test-machines";

export const CANARY = "C4n4ry-Passw0rd!";
export const QUEUE = "/var/spool/stronghold-alerts/mail";
export const MEMORY = "/var/lib/stronghold/applied";

const GOOD: Parameters = {
  CONTROLS: "accounts audit passwords",
  MANIFEST_B64: base64(bundleManifest(BUNDLE)),
};

export interface Found extends Ran {
  /** Ids of what is not kept or could not be audited. */
  fails: string[];
  since: Record<string, string>;
}

export class AuditedServer extends TestServer {
  /** Boots with the packages of both controls, and applies them. */
  override async boot(): Promise<void> {
    await super.boot();
    const packages = packagesOf(["accounts", "passwords", "audit"], BUNDLE).join(" ");
    this.applied("packages", { PACKAGES: packages });
    this.must(`rm ${MEMORY}/packages`);
    this.people("ada");
    this.applied("passwords", { PEOPLE_B64: base64(`ada\tclear\t${CANARY}\n`) });
    // The real program that alerts, with a channel that nothing is sent on.
    this.must(`cp -r /home/${DEPLOYER}/host/files/login-alerts/usr/local/. /usr/local/
      chmod 700 /usr/local/sbin/stronghold-alert
      install -d -m 700 /etc/stronghold/alerts /var/lib/stronghold/alerts ${QUEUE}
      touch /etc/stronghold/alerts/mail`);
  }

  /** Has the stack's people be these. */
  people(...names: string[]): void {
    this.applied("accounts", {
      DEPLOYER,
      DEPLOYER_KEYS_B64: base64(this.publicKey(DEPLOYER)),
      DEPLOYER_FROM: OPERATOR_FROM,
      ADMINS_B64: base64(names.map((name) => `${name}\t${this.publicKey(name)}\n`).join("")),
    });
  }

  applied(control: string, parameters: Parameters): void {
    const { code, stdout, stderr } = this.drive("apply", control, parameters);
    if (code !== 0) throw new Error(`${control} ended with ${code}: ${stdout}${stderr}`);
  }

  /** Runs the control with the good parameters but for those given. */
  control(verb: string, other: Parameters = {}): Report {
    return this.drive(verb, "audit", { ...GOOD, ...other });
  }

  /** What the server says of itself. */
  found(): Found {
    const ran = this.root("stronghold-audit run");
    const rows = ran.stdout.split("\n").map((line) => line.split("\t"));
    const fails = rows.filter(([kind = ""]) => ["FAIL", "ERROR"].includes(kind));
    const since = rows.filter(([kind]) => kind === "SINCE");
    return {
      ...ran,
      fails: fails.map(([, id = ""]) => id),
      since: Object.fromEntries(since.map(([, id = "", time = ""]) => [id, time])),
    };
  }
}
