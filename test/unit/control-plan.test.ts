import { join } from "node:path";

import { packagesOf } from "../../components/lib/bundle";
import {
  CONTROL_PLAN,
  controlsLeaningOn,
  renderParameters,
} from "../../components/lib/control-plan";
import * as controls from "../../components/lib/controls";
import { appWall } from "../../components/lib/firewall-rules";
import type { HostFacts } from "../../components/lib/host-facts";
import { renderIPv4Rules, renderIPv6Rules } from "../../components/lib/host-firewall-rules";
import { type Role, ROLES } from "../../components/lib/roles";

const BUNDLE_DIR = join(__dirname, "..", "..", "scripts", "host");

const FACTS: HostFacts = {
  packages: ["iptables", "sudo"],
  controls: ["ssh", "audit", "accounts"],
  bundle: "0a  driver\n",
  packageSource: { source: "suite:sid", expired: "accept" },
  deployer: "deployer",
  deployerKeys: ["ssh-ed25519 AAAAd"],
  admins: [
    { name: "ada", keys: ["ssh-ed25519 AAAA1 laptop", "ssh-ed25519 AAAA2"] },
    { name: "grace", keys: ["ssh-ed25519 AAAA3"] },
  ],
  deployerFrom: ["203.0.113.10/32", "2001:db8:10::10/128"],
  people: [
    {
      name: "ada",
      password: { kind: "clear", value: "initial" },
      twoFactor: { secret: "JBSWY3DP", scratchCodes: ["12345678", "87654321"] },
    },
    { name: "grace", password: { kind: "hash", value: "$y$hash" } },
  ],
  changeAtFirstUse: true,
  unenrolled: "refuse",
  timeServers: ["203.0.113.1", "ntp.example.org"],
  permitOpen: "192.168.129.11:22",
  nextServer: "192.168.129.11 ssh-ed25519 AAAAdb\n",
  alerts: {
    mail: {
      relay: "smtp.example.org:587",
      tls: "implicit",
      user: "alerts",
      password: "relay password",
      from: "stronghold@example.org",
      to: ["ada@example.org", "grace@example.org"],
    },
    whiteList: ["203.0.113.10", "198.51.100.*"],
    logOnly: false,
  },
  wall: appWall({ sshFrom: ["203.0.113.10/32"], outbound: "anywhere" }),
  receiver: { keys: ["ssh-ed25519 AAAApush"], from: ["203.0.113.101/32"] },
  database: {
    engine: "mariadb",
    bindAddress: "192.168.129.11",
    schema: "todos",
    appAddress: "192.168.129.10",
    application: { current: "appNew", previous: "appOld" },
    deployment: { current: "deployNew", previous: "" },
    caCertificate: "the authority",
    certificate: "the certificate",
    privateKey: "its key",
    auditLog: true,
  },
  application: {
    memoryMB: 512,
    tasks: 64,
    hosts: ["app.example.org", "203.0.113.101", "2001:db8:113::101"],
    certificateKind: "authority",
    certificate: "of the server",
    privateKey: "its key",
    acme: { directory: "", email: "", caCertificate: "" },
  },
  databaseClient: {
    host: "192.168.129.11",
    schema: "todos",
    password: "appNew",
    caCertificate: "the authority",
  },
  backups: {
    engine: "mariadb",
    schema: "todos",
    origin: "stronghold-prod",
    recipients: ["age1a", "age1b"],
    signingKey: "signs",
    time: "00:01",
    keep: 7,
    sizeChangePercent: 50,
    logMinutes: 5,
    vaultHost: "203.0.113.102",
    vaultHostKey: "ssh-ed25519 AAAAvault",
    pushKey: "pushes",
  },
  vault: { quotaGB: 15, keepDays: 35 },
};

/** What a server has beside the controls of every server. */
const OWN: Readonly<Record<Role, readonly string[]>> = {
  app: ["database-client", "application"],
  database: ["database", "backups"],
  backup: ["vault"],
};

describe.each(ROLES)("the plan of the %s server", (role) => {
  const plan = CONTROL_PLAN[role];

  it("lets people in before the door closes, and closes the firewall when the door has proved to work", () => {
    expect(plan.map(({ name }) => name)).toEqual([
      "packages",
      "accounts",
      "system",
      "passwords",
      "clock",
      "two-factor",
      "ssh",
      "firewall",
      "login-alerts",
      ...OWN[role],
      "audit",
    ]);
  });

  it("ends with the audit, which waits for whatever the controls before it wait for", () => {
    const parts = [undefined, ...ROLES].map((other) => controlsLeaningOn(other, plan));
    expect(parts.flat()).toEqual(plan);
    expect(
      parts
        .filter((part) => part.length > 0)
        .at(-1)
        ?.at(-1)?.name,
    ).toBe("audit");
  });

  it("has a new connection confirm whatever could lock the operator out", () => {
    const confirmed = plan.filter((control) => control.confirmed).map(({ name }) => name);
    expect(confirmed).toEqual(["two-factor", "ssh", "firewall"]);
  });

  it("names controls that exist and say what they need", () => {
    const names = plan.map(({ name }) => name);
    const needed = ["iptables", "netfilter-persistent", "openssh-server", "sudo"];
    expect(packagesOf(names, BUNDLE_DIR)).toEqual(expect.arrayContaining(needed));
  });

  it("asks for just the facts that a control's parameters are made of", () => {
    for (const { needs, parameters } of plan) {
      const needed = Object.fromEntries(needs.map((fact) => [fact, FACTS[fact]]));
      expect(parameters(needed as unknown as HostFacts)).toEqual(parameters(FACTS));
    }
  });
});

describe("the parameters", () => {
  const parameters = Object.fromEntries(
    Object.values(controls).map((control) => [control.name, control.parameters(FACTS)]),
  );

  it("of packages are their names, and where the database's come from", () => {
    expect(parameters["packages"]).toEqual({
      PACKAGES: "iptables sudo",
      DATABASE_SOURCE: "suite:sid",
      SOURCE_EXPIRED: "accept",
    });
  });

  it("of the audit are the controls of the server, and what they are made of", () => {
    expect(parameters["audit"]).toEqual({
      CONTROLS: "accounts audit ssh",
      MANIFEST_B64: "0a  driver\n",
    });
  });

  it("of accounts are everybody with their keys", () => {
    expect(parameters["accounts"]).toEqual({
      DEPLOYER: "deployer",
      DEPLOYER_KEYS_B64: "ssh-ed25519 AAAAd\n",
      ADMINS_B64:
        "ada\tssh-ed25519 AAAA1 laptop\nada\tssh-ed25519 AAAA2\ngrace\tssh-ed25519 AAAA3\n",
      DEPLOYER_FROM: "203.0.113.10/32,2001:db8:10::10/128",
      RECEIVER_KEYS_B64: "ssh-ed25519 AAAApush\n",
      RECEIVER_FROM: "203.0.113.101/32",
    });
  });

  it("of the system are how long a prompt waits", () => {
    expect(parameters["system"]).toEqual({ IDLE_SECONDS: "1800" });
  });

  it("of passwords are everybody's, in clear or as a hash", () => {
    expect(parameters["passwords"]).toEqual({
      PEOPLE_B64: "ada\tclear\tinitial\ngrace\thash\t$y$hash\n",
      CHANGE_AT_FIRST_USE: "yes",
    });
  });

  it("of the clock are the time servers", () => {
    expect(parameters["clock"]).toEqual({ SERVERS: "203.0.113.1 ntp.example.org" });
  });

  it("of two-factor login are everybody's secret and scratch codes, as far as they are enrolled", () => {
    expect(parameters["two-factor"]).toEqual({
      PEOPLE_B64: "ada\tJBSWY3DP\t12345678,87654321\ngrace\n",
      UNENROLLED: "refuse",
      ROLLBACK_SECONDS: "120",
    });
  });

  it("of login alerts are the channels, those not given left empty", () => {
    expect(parameters["login-alerts"]).toEqual({
      DEPLOYER: "deployer",
      RECEIVER: "stronghold-push",
      WHITE_LIST_B64: "203.0.113.10\n198.51.100.*\n",
      CA_B64: "",
      MAIL_RELAY: "smtp.example.org:587",
      MAIL_TLS: "implicit",
      MAIL_USER: "alerts",
      MAIL_PASSWORD_B64: "relay password",
      MAIL_FROM: "stronghold@example.org",
      MAIL_TO: "ada@example.org,grace@example.org",
      SLACK_WEBHOOK_B64: "",
      PUSHOVER_URL: "",
      PUSHOVER_TOKEN: "",
      PUSHOVER_USER: "",
    });
  });

  it("of ssh are who comes from where, and what can be reached", () => {
    expect(parameters["ssh"]).toEqual({
      DEPLOYER: "deployer",
      DEPLOYER_FROM: "203.0.113.10/32,2001:db8:10::10/128",
      PERMIT_OPEN: "192.168.129.11:22",
      KNOWN_HOSTS_B64: "192.168.129.11 ssh-ed25519 AAAAdb\n",
      RECEIVER_FROM: "203.0.113.101/32",
      ROLLBACK_SECONDS: "120",
    });
  });

  it("of the database are its accounts' passwords, where they log in from, and its certificate", () => {
    expect(parameters["database"]).toEqual({
      ENGINE: "mariadb",
      BIND_ADDRESS: "192.168.129.11",
      SCHEMA: "todos",
      APP_HOST: "192.168.129.10",
      APP_PASSWORD_B64: "appNew",
      APP_PREVIOUS_B64: "appOld",
      DEPLOY_PASSWORD_B64: "deployNew",
      DEPLOY_PREVIOUS_B64: "",
      CA_B64: "the authority",
      CERT_B64: "the certificate",
      KEY_B64: "its key",
      AUDIT_LOG: "yes",
    });
    expect(parameters["database-client"]).toEqual({
      HOST: "192.168.129.11",
      SCHEMA: "todos",
      PASSWORD_B64: "appNew",
      CA_B64: "the authority",
    });
  });

  it("of the application are what it may use, how it is reached, and its way to the database", () => {
    expect(parameters["application"]).toEqual({
      MEMORY_MB: "512",
      TASKS: "64",
      HOSTS: "app.example.org 203.0.113.101 2001:db8:113::101",
      CERTIFICATE_KIND: "authority",
      CERTIFICATE_B64: "of the server",
      KEY_B64: "its key",
      ACME_DIRECTORY: "",
      ACME_EMAIL: "",
      ACME_CA_B64: "",
      DB_HOST: "192.168.129.11",
      DB_SCHEMA: "todos",
      DB_PASSWORD_B64: "appNew",
    });
  });

  it("of an application that an ACME server certifies are where that is, and who asks it", () => {
    const directory = "https://acme.example.org/directory";
    const acme = { directory, email: "ada@example.org", caCertificate: "its authority" };
    const application: HostFacts["application"] = {
      ...{ ...FACTS.application, certificateKind: "acme" },
      acme,
    };
    expect(controls.APPLICATION.parameters({ ...FACTS, application })).toMatchObject({
      CERTIFICATE_KIND: "acme",
      CERTIFICATE_B64: "of the server",
      KEY_B64: "its key",
      ACME_DIRECTORY: directory,
      ACME_EMAIL: "ada@example.org",
      ACME_CA_B64: "its authority",
    });
  });

  it("of the backups are what is kept, for whom it is encrypted, and where it goes", () => {
    expect(parameters["backups"]).toEqual({
      ENGINE: "mariadb",
      SCHEMA: "todos",
      ORIGIN: "stronghold-prod",
      RECIPIENTS_B64: "age1a\nage1b\n",
      SIGNING_KEY_B64: "signs",
      TIME: "00:01",
      KEEP: "7",
      SIZE_CHANGE_PERCENT: "50",
      LOG_MINUTES: "5",
      VAULT_HOST: "203.0.113.102",
      VAULT_HOST_KEY_B64: "ssh-ed25519 AAAAvault",
      PUSH_KEY_B64: "pushes",
    });
    expect(parameters["vault"]).toEqual({ QUOTA_MB: "15360", KEEP_DAYS: "35" });
  });

  it("of the firewall are the texts of both families", () => {
    expect(parameters["firewall"]).toEqual({
      RULES_V4_B64: renderIPv4Rules(FACTS.wall),
      RULES_V6_B64: renderIPv6Rules(FACTS.wall),
      ROLLBACK_SECONDS: "120",
    });
  });
});

describe("renderParameters", () => {
  it("writes a line each, and texts of several lines in base64", () => {
    expect(renderParameters({ DEPLOYER: "deployer", PERMIT_OPEN: "", KEYS_B64: "a\nb\n" })).toBe(
      "DEPLOYER=deployer\nPERMIT_OPEN=\nKEYS_B64=YQpiCg==\n",
    );
  });

  it.each(["a\nSUDO=all", "a\r", "a\0"])("refuses %j where one line belongs", (value) => {
    expect(() => renderParameters({ DEPLOYER: value })).toThrow(
      "parameter DEPLOYER has several lines; name it DEPLOYER_B64",
    );
  });

  it.each(["", "deployer", "A=B", "A\nB", "1A"])("refuses %j as a name", (name) => {
    expect(() => renderParameters({ [name]: "x" })).toThrow("is not the name of a parameter");
  });
});
