/** A server with the control `login-alerts` on it, and the sinks that its alerts reach. */
import { packagesOf } from "../../components/lib/bundle";
import { HTTPS_PORTS, SINK_IPV4, SMTP_PORTS } from "../sinks/ports";
import { AlertSinks } from "../sinks/sinks";
import { BUNDLE, base64, DEPLOYER, type Parameters, type Report, TestServer } from "./harness";
import { eventually } from "./test-machines";

/** In every secret, so that one search finds any of them. */
export const CANARY = "c4n4ryc4n4ryc4n4ry";

/** With all that means something to a shell, to curl, to a URL and to a template. */
const PASSWORD = `p@ss:w"o\\rd %41&'$(id)é@FROM@/${CANARY}`;

export const HOST = "host-1";
export const LOG = "/var/log/stronghold-alerts.log";
export const ALERT_LIMIT_MS = 10_000;

export class AlertedServer extends TestServer {
  readonly sinks: AlertSinks;
  readonly good: Parameters;

  constructor(cloudId: string) {
    super(cloudId);
    const account = { user: "alerts:of@relay.example", password: PASSWORD };
    this.sinks = new AlertSinks(this.cloud.cloudId, account);
    this.good = {
      DEPLOYER,
      WHITE_LIST_B64: base64("203.0.113.77\n2001:db8:77:*\n"),
      MAIL_RELAY: `${SINK_IPV4}:${SMTP_PORTS.starttls}`,
      MAIL_TLS: "starttls",
      MAIL_USER: account.user,
      MAIL_PASSWORD_B64: base64(account.password),
      MAIL_FROM: "stronghold@example.org",
      MAIL_TO: "ada@example.org,bob+alerts@example.org",
      SLACK_WEBHOOK_B64: base64(this.url("ok")),
      PUSHOVER_URL: `https://${SINK_IPV4}/ok/1/messages.json`,
      PUSHOVER_TOKEN: `token0123456${CANARY}`,
      PUSHOVER_USER: `user00123456${CANARY}`,
      CA_B64: base64(this.sinks.ca),
    };
  }

  /** The webhook that behaves so. */
  url(behaviour: string, port: number = HTTPS_PORTS.good): string {
    return `https://${SINK_IPV4}:${port}/${behaviour}/services/${CANARY}`;
  }

  /** Boots and starts the sinks. */
  async bootBare(): Promise<void> {
    await super.boot();
    await this.sinks.start();
    this.publicKey("ada");
  }

  /** Boots with the packages that the control needs. */
  override async boot(): Promise<void> {
    await this.bootBare();
    this.install();
  }

  install(): void {
    const packages = { PACKAGES: packagesOf(["login-alerts"], BUNDLE).join(" ") };
    const installed = this.drive("apply", "packages", packages);
    if (installed.code !== 0) throw new Error(installed.stderr);
  }

  override async end(): Promise<void> {
    await this.sinks.end();
    await super.end();
  }

  /** Runs the control with the good parameters but for those given. */
  control(verb: string, other: Parameters = {}): Report {
    return this.drive(verb, "login-alerts", { ...this.good, ...other });
  }

  /** A person with a key of that name, and a password. */
  addPerson(name: string): void {
    const home = `/home/${name}`;
    this.must(`useradd -m -s /bin/bash ${name} && install -d -m 700 -o ${name} ${home}/.ssh`);
    this.must(
      `cat >${home}/.ssh/authorized_keys && chown -R ${name}: ${home}/.ssh`,
      this.publicKey(name),
    );
    this.must(`chpasswd`, `${name}:open sesame`);
  }

  /** Writes a line as sshd would, for what a client cannot bring about. */
  sshdSays(text: string): void {
    this.must(`logger -t "sshd-session[$$]" -p auth.info`, text);
  }

  /** Subjects of the mails so far. */
  subjects(): string[] {
    return this.sinks.mails.map(({ data }) => subjectOf(data));
  }

  /**
   * Logins that mails told of so far: one mail may stand for several of a kind. A mail that comes again
   * because the server went down before it could note its delivery bears the same id, and counts once.
   */
  loginsTold(): number {
    const told = new Map<string, number>();
    for (const { data } of this.sinks.mails) {
      const id = /^Message-ID: (.*?)\r?$/m.exec(data)?.[1] ?? data;
      const times = Number(/ \((\d+) times\)$/.exec(subjectOf(data))?.[1] ?? 1);
      told.set(id, Math.max(times, told.get(id) ?? 0));
    }
    return [...told.values()].reduce((sum, times) => sum + times, 0);
  }

  /** Whether a mail of that subject arrives in time. */
  mailArrives(subject: string, limitMs = ALERT_LIMIT_MS): Promise<boolean> {
    return eventually(() => this.subjects().includes(subject), limitMs);
  }

  /** Waits until nothing is on its way any more, and forgets what arrived. */
  async settle(): Promise<void> {
    this.must("systemctl start stronghold-alerts.service");
    const waiting = "find /var/spool/stronghold-alerts -type f";
    const isSent = await eventually(() => this.must(waiting) === "", 30_000);
    if (!isSent) throw new Error(`alerts still wait: ${this.must(waiting)}`);
    this.sinks.arrived.length = 0;
  }
}

export const subjectOf = (mail: string): string => /^Subject: (.*?)\r?$/m.exec(mail)?.[1] ?? "";
export const loginOf = (account: string, address: string): string =>
  `[${HOST}] login: ${account} from ${address}`;
