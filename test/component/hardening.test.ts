/** The steps on the servers: what runs, what it reads, over which connection, and in what order. */
import { createPrivateKey, X509Certificate } from "node:crypto";

import { CONTROL_PLAN } from "../../components/lib/control-plan";
import { databasePackages } from "../../components/lib/database-packages";
import { renderIPv4Rules } from "../../components/lib/host-firewall-rules";
import { appWall, backupWall, databaseWall } from "../../components/lib/firewall-rules";
import type { ApplicationOutput } from "../../components/lib/outputs-contract";
import { type Role, ROLES } from "../../components/lib/roles";
import { scratchCodesFrom, secretFrom } from "../../components/lib/enrolment";
import { keyPairFromSeed } from "../../components/lib/ssh-key-pairs";
import { webServerCertificate } from "../../components/lib/web-certificates";
import { innerOf } from "../canaries";
import { ed25519Private } from "../unit/fixtures/keys";
import { ADMIN_KEY, DEPLOYER_KEY, recordEnvironment, revealed } from "./environment-fixture";
import { type Recorded, type Recording, seedOf } from "./recorder";
import { OpenSsl } from "../unit/fixtures/openssl";
import { RECIPIENT } from "../unit/fixtures/settings";

/** The names of the steps that apply or confirm a control; the order itself is control-plan.test.ts's. */
function stepsOf(role: Role): string[] {
  return CONTROL_PLAN[role].flatMap(({ name, confirmed }) =>
    confirmed ? [name, `${name}-confirm`] : [name],
  );
}
/** Those that are told something secret. */
const SECRET_STEPS = [
  ...["passwords", "two-factor", "two-factor-confirm", "login-alerts"],
  ...["database-client", "application", "database", "backups"],
];
const SERVER_IDS: Readonly<Record<Role, string>> = {
  app: "1001",
  database: "2001",
  backup: "3001",
};
/** Of the app server. */
const HOSTS = ["203.0.113.101", "2001:db8:113::101"];
const OPERATOR = "203.0.113.10/32,2001:db8:10::10/128";

let recording: Recording;
beforeAll(async () => {
  recording = await recordEnvironment();
});

function step(role: Role, name: string, from = recording): Recorded {
  return from.get(`environment-${role}-hardening-${name}`);
}

function keyPair(role: string, name: string): ReturnType<typeof keyPairFromSeed> {
  return keyPairFromSeed(seedOf(`environment-${role}-credentials-${name}`));
}

/** The parameters on stdin, texts in base64 decoded. */
function parametersOf(stdin: unknown): Record<string, string> {
  const lines = String(stdin).trimEnd().split("\n");
  const pairs = lines.map(
    (line) => [line.split("=")[0]!, line.slice(line.indexOf("=") + 1)] as const,
  );
  return Object.fromEntries(
    pairs.map(([key, value]) => [
      key,
      key.endsWith("_B64") ? Buffer.from(value, "base64").toString() : value,
    ]),
  );
}

interface Dial {
  hostKey?: string;
  proxy?: Dial;
  [key: string]: unknown;
}

function connectionOf({ inputs }: Recorded): Dial {
  return revealed(inputs["connection"]) as Dial;
}

describe.each(ROLES)("the steps on the %s server", (role) => {
  const STEPS = stepsOf(role);

  it("run one after the other, the hand-over first", () => {
    const order = ["hand-over", "bundle", ...STEPS];
    for (const [index, name] of order.entries()) {
      const before = order[index - 1];
      if (before === undefined) continue;
      expect(step(role, name).dependencies).toContain(`environment-${role}-hardening-${before}`);
    }
  });

  it("call the driver, each with a hash of its own control", () => {
    const texts = STEPS.map((name) => step(role, name).inputs["create"] as string);
    const verbs = texts.map((text) => text.split(" ").slice(0, 5).join(" "));
    const driver = "sudo bash /home/deployer/host/driver";
    expect(verbs).toEqual(
      STEPS.map((name) => {
        const control = name.replace(/-confirm$/, "");
        return `${driver} ${name === control ? "apply" : "confirm"} ${control}`;
      }),
    );
    const hashes = texts.map((text) => text.split(" ")[5] ?? "");
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hashes).size).toBe(CONTROL_PLAN[role].length);
    const hashOf = (name: string): string | undefined => hashes[STEPS.indexOf(name)];
    expect(hashOf("ssh-confirm")).toBe(hashOf("ssh"));
  });

  it("run again in place when they change, and never when they are taken out", () => {
    for (const name of STEPS) {
      const { inputs, ignoreChanges } = step(role, name);
      expect(Object.keys(inputs).sort()).toEqual([
        "addPreviousOutputInEnv",
        "connection",
        "create",
        "stdin",
        "update",
      ]);
      expect(inputs["update"]).toBe(inputs["create"]);
      expect(inputs["addPreviousOutputInEnv"]).toBe(false);
      expect(ignoreChanges).toEqual([]);
    }
  });

  it("end with their server, so that nothing is undone on a host that is gone", () => {
    for (const name of ["hand-over", "bundle", ...STEPS]) {
      expect(step(role, name).deletedWith).toBe(`environment-${role}-instance`);
    }
  });

  it("have a confirming step read just what the applying one read", () => {
    for (const { name, confirmed } of CONTROL_PLAN[role]) {
      if (!confirmed) continue;
      const { stdin } = step(role, name).inputs;
      expect(step(role, `${name}-confirm`).inputs["stdin"]).toEqual(stdin);
    }
  });

  it("keep what is secret a secret, and no more, so that a preview still shows what changes", () => {
    const secret = STEPS.filter((name) => typeof step(role, name).inputs["stdin"] !== "string");
    expect(secret).toEqual(STEPS.filter((name) => SECRET_STEPS.includes(name)));
  });

  it("install the packages of all controls at once, the database's from its own source", () => {
    const { PACKAGES, ...source } = parametersOf(step(role, "packages").inputs["stdin"]);
    const common = "debconf iptables openssh-server package-of-the-others procps sudo".split(" ");
    const isDatabase = role === "database";
    const own = isDatabase ? databasePackages("mysql", "vendor") : [];
    expect(PACKAGES).toBe([...common, ...own].sort().join(" "));
    expect(source).toEqual({
      DATABASE_SOURCE: isDatabase ? "vendor" : "none",
      SOURCE_EXPIRED: "refuse",
    });
  });

  it("begin with a hand-over that runs once a server and whose key is secret", () => {
    const { inputs, secretOutputs } = step(role, "hand-over");
    const command = "sudo bash -c 'echo '\\''handed over'\\''\n' hand-over";
    expect(inputs).toMatchObject({
      create: command,
      update: command,
      logging: "none",
      triggers: [SERVER_IDS[role]],
    });
    expect(secretOutputs).toEqual(expect.arrayContaining(["stdout", "stderr"]));
    expect(parametersOf(revealed(inputs["stdin"]))).toEqual({
      HOST_KEY_B64: keyPair(role, "host-key").privateKey,
      DEPLOYER: "deployer",
      BOOTSTRAP_CLIENT_KEY: keyPair(role, "first-login-key").publicKey,
    });
  });

  it("copy the bundle into the deployer's home, again for a new server", () => {
    expect(step(role, "bundle").inputs).toMatchObject({
      source: { archive: expect.stringMatching(/\/host$/) as string },
      remotePath: "/home/deployer",
      triggers: [SERVER_IDS[role]],
    });
  });

  it("prove the host's key on every hop", () => {
    for (const { hostKey, proxy } of ["hand-over", "bundle", ...STEPS].map((name) =>
      connectionOf(step(role, name)),
    )) {
      expect(hostKey).toMatch(/^ssh-ed25519 \S+$/);
      if (role === "database") expect(proxy?.hostKey).toBe(keyPair("app", "host-key").publicKey);
      else expect(proxy).toBeUndefined();
    }
  });
});

describe("the connection", () => {
  const app = { user: "deployer", port: 22, dialErrorLimit: 60, perDialTimeout: 10 };

  it("to the app server is direct, with its lasting host key and the agent's keys", () => {
    expect(connectionOf(step("app", "packages"))).toEqual({
      ...app,
      host: "203.0.113.101",
      hostKey: keyPair("app", "host-key").publicKey,
    });
  });

  it("to the database server goes through the app server to the private address", () => {
    expect(connectionOf(step("database", "packages"))).toEqual({
      ...app,
      host: "192.168.129.102",
      hostKey: keyPair("database", "host-key").publicKey,
      proxy: { ...app, host: "203.0.113.101", hostKey: keyPair("app", "host-key").publicKey },
    });
  });

  it("of the first contact uses the keys of the first boot", () => {
    expect(connectionOf(step("app", "hand-over"))).toEqual({
      ...app,
      host: "203.0.113.101",
      hostKey: keyPair("app", "first-host-key").publicKey,
      privateKey: keyPair("app", "first-login-key").privateKey,
    });
    expect(step("app", "hand-over").ignoreChanges).toEqual(["create", "update"]);
    expect(step("database", "hand-over").ignoreChanges).toEqual([
      "create",
      "update",
      "connection.proxy",
    ]);
  });

  it("uses a private key that is given, on both hops, as a secret", async () => {
    const privateKey = ed25519Private(2);
    const given = await recordEnvironment({ deployerPrivateKey: privateKey });
    const connection = connectionOf(step("database", "ssh", given));
    expect(connection).toMatchObject({ privateKey, proxy: { privateKey } });
  });
});

describe("what the controls are told", () => {
  const told = (role: Role, name: string): Record<string, string> =>
    parametersOf(step(role, name).inputs["stdin"]);

  it("on the app server: the operator's addresses, and the way on to the database server", () => {
    expect(told("app", "accounts")).toEqual({
      DEPLOYER: "deployer",
      DEPLOYER_KEYS_B64: `${DEPLOYER_KEY}\n`,
      ADMINS_B64: `ada\t${ADMIN_KEY}\n`,
      DEPLOYER_FROM: OPERATOR,
      RECEIVER_KEYS_B64: "",
      RECEIVER_FROM: "",
    });
    expect(told("app", "ssh")).toEqual({
      DEPLOYER: "deployer",
      DEPLOYER_FROM: OPERATOR,
      PERMIT_OPEN: "192.168.129.102:22",
      KNOWN_HOSTS_B64: `192.168.129.102 ${keyPair("database", "host-key").publicKey}\n`,
      RECEIVER_FROM: "",
      ROLLBACK_SECONDS: "120",
    });
    const wall = appWall({ sshFrom: OPERATOR.split(","), outbound: "anywhere" });
    expect(told("app", "firewall")["RULES_V4_B64"]).toBe(renderIPv4Rules(wall));
  });

  it("on each server: the second factors that are valid there", () => {
    for (const role of ROLES) {
      const person = `environment-${role}-person-ada`;
      const secret = secretFrom(seedOf(`${person}-totp-secret`, 20));
      const codes = scratchCodesFrom(seedOf(`${person}-scratch-codes`, 40));
      const { stdin } = step(role, "two-factor").inputs;
      expect(parametersOf(revealed(stdin))).toEqual({
        PEOPLE_B64: `ada\t${secret}\t${codes.join(",")}\n`,
        UNENROLLED: "refuse",
        ROLLBACK_SECONDS: "120",
      });
    }
  });

  it("on the database server: the app server's private address, and no way on", () => {
    expect(told("database", "accounts")["DEPLOYER_FROM"]).toBe("192.168.129.101/32");
    expect(told("database", "ssh")).toMatchObject({
      DEPLOYER_FROM: "192.168.129.101/32",
      PERMIT_OPEN: "",
      KNOWN_HOSTS_B64: "",
    });
    const wall = databaseWall({ appPrivateIPv4: "192.168.129.101", outbound: "anywhere" });
    expect(told("database", "firewall")["RULES_V4_B64"]).toBe(renderIPv4Rules(wall));
  });
});

describe("the database and its backups", () => {
  const told = (role: Role, name: string): Record<string, string> => {
    const { stdin } = step(role, name).inputs;
    return parametersOf(typeof stdin === "string" ? stdin : revealed(stdin));
  };
  const keyOf = (name: string) => keyPairFromSeed(seedOf(`environment-backup-keys-${name}`));

  it("listens for the app server alone, which is told the password that works there", () => {
    const database = told("database", "database");
    expect(database).toMatchObject({
      ENGINE: "mysql",
      BIND_ADDRESS: "192.168.129.102",
      SCHEMA: "app",
      APP_HOST: "192.168.129.101",
      APP_PREVIOUS_B64: "",
      DEPLOY_PREVIOUS_B64: "",
      AUDIT_LOG: "no",
    });
    expect(told("app", "database-client")).toEqual({
      HOST: "192.168.129.102",
      SCHEMA: "app",
      PASSWORD_B64: database["APP_PASSWORD_B64"],
      CA_B64: recording.outputs["databaseCa"],
    });
  });

  it("is told to the application, which comes after its client with a certificate of its own", () => {
    const { CERTIFICATE_B64: certificate = "", ...rest } = told("app", "application");
    const { privateKey } = webServerCertificate(
      {
        name: "stronghold-test-app CA",
        seed: seedOf("environment-certificate-authority-seed"),
        hosts: HOSTS,
      },
      {
        label: "stronghold-test-app",
        seed: seedOf("environment-certificate-server-seed"),
        now: new Date(),
      },
    );
    expect(rest).toEqual({
      MEMORY_MB: "512",
      TASKS: "64",
      HOSTS: HOSTS.join(" "),
      CERTIFICATE_KIND: "authority",
      KEY_B64: privateKey,
      ACME_DIRECTORY: "",
      ACME_EMAIL: "",
      ACME_CA_B64: "",
      DB_HOST: "192.168.129.102",
      DB_SCHEMA: "app",
      DB_PASSWORD_B64: told("app", "database-client")["PASSWORD_B64"],
    });
    const { authority } = recording.outputs["application"] as ApplicationOutput;
    const shown = new X509Certificate(certificate);
    expect(shown.verify(new X509Certificate(authority).publicKey)).toBe(true);
    for (const host of HOSTS) expect(shown.checkIP(host)).toBe(host);
  });

  it("is told with a certificate of the operator's own, whose key shows nowhere in clear", async () => {
    const openssl = new OpenSsl();
    const extensions = ["subjectAltName = DNS:www.example.org"];
    const { certificate: chain, privateKey } = openssl.make("www", { extensions });
    openssl.remove();
    const certificate = { kind: "own", chain, privateKey };
    const given = await recordEnvironment({ application: { memoryMB: 1024, certificate } });
    const { stdin } = step("app", "application", given).inputs;
    expect(parametersOf(revealed(stdin))).toMatchObject({
      MEMORY_MB: "1024",
      HOSTS: `www.example.org ${HOSTS.join(" ")}`,
      CERTIFICATE_KIND: "own",
      CERTIFICATE_B64: chain,
      KEY_B64: privateKey,
    });
    expect(given.outputs["application"]).toEqual({
      origin: "https://www.example.org",
      authority: "",
    });
    const shown = JSON.stringify([given.resources, given.componentOutputs], (_, value: unknown) =>
      typeof value === "object" && value !== null && "secret" in value ? "[secret]" : value,
    );
    const encoded = Buffer.from(privateKey).toString("base64").slice(120, 160);
    for (const secret of [innerOf(privateKey), encoded]) expect(shown).not.toContain(secret);
  });

  it("is told whom to ask for a certificate, and given the program that asks", async () => {
    const openssl = new OpenSsl();
    const { certificate: caCertificate } = openssl.make("acme", { extensions: [] });
    openssl.remove();
    const certificate = {
      ...{ kind: "acme", email: "ada@example.org", acceptTerms: true, caCertificate },
      names: ["www.example.org"],
    };
    const dns = { zone: "example.org", id: 77 };
    const given = await recordEnvironment({ application: { certificate }, dns });
    const { stdin } = step("app", "application", given).inputs;
    const told = parametersOf(revealed(stdin));
    const names = ["app.example.org", "www.example.org"];
    expect(told).toMatchObject({
      HOSTS: [...names, ...HOSTS].join(" "),
      CERTIFICATE_KIND: "acme",
      ACME_DIRECTORY: "https://acme-v02.api.letsencrypt.org/directory",
      ACME_EMAIL: "ada@example.org",
      ACME_CA_B64: caCertificate,
    });
    // What is shown until then.
    const shown = new X509Certificate(told["CERTIFICATE_B64"] ?? "");
    expect(shown.checkPrivateKey(createPrivateKey(told["KEY_B64"] ?? ""))).toBe(true);
    for (const name of names) expect(shown.checkHost(name)).toBe(name);
    expect(given.outputs["application"]).toEqual({
      origin: "https://app.example.org",
      authority: "",
    });
    const packages = ROLES.map((role) => {
      const { PACKAGES = "" } = parametersOf(step(role, "packages", given).inputs["stdin"]);
      return PACKAGES.split(" ").includes("dehydrated");
    });
    expect(packages).toEqual(ROLES.map((role) => role === "app"));
    const clear = JSON.stringify([given.resources, given.componentOutputs], (_, value: unknown) =>
      typeof value === "object" && value !== null && "secret" in value ? "[secret]" : value,
    );
    expect(clear).not.toContain(innerOf(told["KEY_B64"] ?? ""));
  });

  it("keeps the previous passwords valid beside the new ones, until they are retired", async () => {
    const passwordsOf = async (passwords: object): Promise<unknown[]> => {
      const given = await recordEnvironment({ database: { passwords } });
      const { stdin } = step("database", "database", given).inputs;
      const { APP_PASSWORD_B64, APP_PREVIOUS_B64 } = parametersOf(revealed(stdin));
      return [APP_PASSWORD_B64, APP_PREVIOUS_B64];
    };
    const of = (issue: number): string =>
      `canary-password-of-environment-database-access-application-password-${issue}`;
    expect(await passwordsOf({ issue: 2 })).toEqual([of(2), of(1)]);
    expect(await passwordsOf({ issue: 2, previous: "retire" })).toEqual([of(2), ""]);
  });

  it("are brought to the backup server with a key that it knows, from the one address it knows", () => {
    expect(told("database", "backups")).toMatchObject({
      ORIGIN: "stronghold-test",
      RECIPIENTS_B64: `${RECIPIENT}\n`,
      SIGNING_KEY_B64: keyOf("signing-key").privateKey,
      VAULT_HOST: "203.0.113.103",
      VAULT_HOST_KEY_B64: keyPair("backup", "host-key").publicKey,
      PUSH_KEY_B64: keyOf("push-key").privateKey,
    });
    const receiver = { RECEIVER_FROM: "203.0.113.102/32" };
    expect(told("backup", "accounts")).toMatchObject({
      ...receiver,
      RECEIVER_KEYS_B64: `${keyOf("push-key").publicKey}\n`,
      DEPLOYER_FROM: OPERATOR,
    });
    expect(told("backup", "ssh")).toMatchObject({ ...receiver, PERMIT_OPEN: "" });
    expect(told("backup", "login-alerts")).toMatchObject({ RECEIVER: "stronghold-push" });
    const wall = backupWall({
      sshFrom: OPERATOR.split(","),
      databaseIPv4: "203.0.113.102",
      outbound: "anywhere",
    });
    expect(told("backup", "firewall")["RULES_V4_B64"]).toBe(renderIPv4Rules(wall));
  });

  it("come last: what a server leans on is in place before", () => {
    const before = (name: string) => recording.ancestorsOf(`environment-${name}`);
    for (const name of ["database-client", "application"]) {
      expect(before(`app-hardening-${name}`)).toContain("environment-database-hardening-database");
    }
    expect(before("database-hardening-backups")).toContain("environment-backup-hardening-vault");
    expect(before("database-hardening-database")).not.toContain("environment-backup-instance");
  });
});

describe("the servers", () => {
  it("are set up side by side: the database server waits for the app server's hand-over alone", () => {
    const ancestors = recording.ancestorsOf("environment-database-hardening-firewall-confirm");
    const ofApp = [...ancestors].filter((name) => name.startsWith("environment-app-hardening"));
    expect(ofApp).toEqual(["environment-app-hardening-hand-over"]);
  });

  it("are set up side by side: only the app server's SSH waits for the database server's address", () => {
    const database = "environment-database-instance";
    expect(recording.ancestorsOf("environment-app-hardening-accounts")).not.toContain(database);
    expect(recording.ancestorsOf("environment-app-hardening-ssh")).toContain(database);
  });
});
