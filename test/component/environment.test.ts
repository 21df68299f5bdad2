/** What the whole program declares. It does not show that a provider takes it; the engine layer does. */
import { CONTROL_PLAN } from "../../components/lib/control-plan";
import { otpauthUri, scratchCodesFrom, secretFrom } from "../../components/lib/enrolment";
import { p256Signer } from "../../components/lib/p256";
import { keyPairFromSeed } from "../../components/lib/ssh-key-pairs";
import { type Role, ROLES } from "../../components/lib/roles";
import { pkcs8Of } from "../../components/lib/x509";
import { innerOf } from "../canaries";
import { recordEnvironment } from "./environment-fixture";
import { type Recorded, type Recording, seedOf } from "./recorder";
import { ed25519Line, ed25519Private } from "../unit/fixtures/keys";
import { RECIPIENT } from "../unit/fixtures/settings";

let recording: Recording;
beforeAll(async () => {
  recording = await recordEnvironment();
});

/** Names below a resource, indented by their depth, with their types. */
function tree(parent: string, indent = ""): string[] {
  return recording.resources
    .filter((resource) => resource.parent === parent && resource.type !== "pulumi:pulumi:Stack")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, type }) => [`${indent}${name} ${type}`, ...tree(name, `${indent}  `)]);
}

function credentials(role: string): string[] {
  const name = `environment-${role}-credentials`;
  return [
    `  ${name} stronghold:index:ServerCredentials`,
    `    ${name}-first-host-key random:index/randomPassword:RandomPassword`,
    `    ${name}-first-login-key random:index/randomPassword:RandomPassword`,
    `    ${name}-host-key random:index/randomPassword:RandomPassword`,
    `    ${name}-root-password random:index/randomPassword:RandomPassword`,
  ];
}

function person(role: string, name: string): string[] {
  const prefix = `environment-${role}-person-${name}`;
  return [
    `  ${prefix} stronghold:index:PersonCredentials`,
    `    ${prefix}-password random:index/randomPassword:RandomPassword`,
    `    ${prefix}-scratch-codes random:index/randomPassword:RandomPassword`,
    `    ${prefix}-totp-secret random:index/randomPassword:RandomPassword`,
  ];
}

function hardening(role: Role): string[] {
  const name = `environment-${role}-hardening`;
  const command = "command:remote:Command";
  const steps = CONTROL_PLAN[role].flatMap(({ name: control, confirmed }) => [
    `    ${name}-${control} ${command}`,
    ...(confirmed ? [`    ${name}-${control}-confirm ${command}`] : []),
  ]);
  const all = [
    `    ${name}-bundle command:remote:CopyToRemote`,
    `    ${name}-hand-over ${command}`,
  ];
  return [`  ${name} stronghold:index:Hardening`, ...[...all, ...steps].sort()];
}

function databaseSecrets(): string[] {
  const name = "    environment-database-access";
  return [
    `${name}-application-password-1 random:index/randomPassword:RandomPassword`,
    `${name}-authority-seed random:index/randomPassword:RandomPassword`,
    `${name}-deployment-password-1 random:index/randomPassword:RandomPassword`,
    `${name}-server-seed random:index/randomPassword:RandomPassword`,
  ];
}

function server(role: string): string[] {
  const name = `environment-${role}`;
  return [
    `    ${name}-instance linode:index/instance:Instance`,
    `    ${name}-wall stronghold:index:CloudFirewall`,
    `      ${name}-wall-rules linode:index/firewall:Firewall`,
  ];
}

describe("the environment", () => {
  it("is exactly this tree of resources", () => {
    expect(tree("")).toEqual([
      "environment stronghold:index:TwoServerEnvironment",
      "  environment-app stronghold:index:Server",
      ...server("app"),
      ...credentials("app"),
      ...hardening("app"),
      ...person("app", "ada"),
      "  environment-backup stronghold:index:Server",
      ...server("backup"),
      ...credentials("backup"),
      ...hardening("backup"),
      "  environment-backup-keys stronghold:index:BackupCredentials",
      "    environment-backup-keys-push-key random:index/randomPassword:RandomPassword",
      "    environment-backup-keys-signing-key random:index/randomPassword:RandomPassword",
      ...person("backup", "ada"),
      "  environment-certificate stronghold:index:ApplicationCertificate",
      "    environment-certificate-authority-seed random:index/randomPassword:RandomPassword",
      "    environment-certificate-server-seed random:index/randomPassword:RandomPassword",
      "  environment-database stronghold:index:Server",
      ...server("database"),
      "  environment-database-access stronghold:index:DatabaseCredentials",
      ...databaseSecrets(),
      ...credentials("database"),
      "  environment-database-engine-is-for-life random:index/randomPassword:RandomPassword",
      ...hardening("database"),
      ...person("database", "ada"),
      "  environment-deployer-name-is-for-life random:index/randomPassword:RandomPassword",
      "  environment-seal random:index/randomPassword:RandomPassword",
    ]);
  });

  it("keeps the database's engine for life, and has its server's steps wait for that", () => {
    const guard = "environment-database-engine-is-for-life";
    expect(recording.get(guard)).toMatchObject({
      inputs: { keepers: { value: "mysql" } },
      protect: true,
    });
    const first = recording.get("environment-database-hardening-packages");
    expect(first.dependencies).toContain(guard);
  });

  it("exports what a person and a deployment need, and what people are handed as a secret", () => {
    const handed = (role: string, server: string): object => {
      const prefix = `environment-${role}-person-ada`;
      const secret = secretFrom(seedOf(`${prefix}-totp-secret`, 20));
      return {
        password: `canary-password-of-${prefix}-password`,
        uri: otpauthUri(`stronghold-test-${server}`, "ada", secret),
        secret,
        scratchCodes: scratchCodesFrom(seedOf(`${prefix}-scratch-codes`, 40)),
      };
    };
    const hostKey = (role: string): string =>
      keyPairFromSeed(seedOf(`environment-${role}-credentials-host-key`)).publicKey;
    const passwordOf = (account: string): string =>
      `canary-password-of-environment-database-access-${account}-password-1`;
    expect(recording.outputs).toEqual({
      outputsVersion: 1,
      app: {
        id: "1001",
        label: "stronghold-test-app",
        publicIPv4: "203.0.113.101",
        publicIPv6: "2001:db8:113::101",
        privateIPv4: "192.168.129.101",
        domainName: "",
      },
      database: {
        id: "2001",
        label: "stronghold-test-db",
        publicIPv4: "203.0.113.102",
        publicIPv6: "2001:db8:113::102",
        privateIPv4: "192.168.129.102",
        domainName: "",
      },
      backup: {
        id: "3001",
        label: "stronghold-test-backup",
        publicIPv4: "203.0.113.103",
        publicIPv6: "2001:db8:113::103",
        privateIPv4: "",
        domainName: "",
      },
      deployer: "deployer",
      sshConfig: expect.stringMatching(
        /HostName 203\.0\.113\.101\n[^]*HostName 192\.168\.129\.102\n[^]*HostName 203\.0\.113\.103\n/,
      ) as string,
      knownHosts:
        `stronghold-test-app,203.0.113.101,2001:db8:113::101,192.168.129.101 ${hostKey("app")}\n` +
        `stronghold-test-db,203.0.113.102,2001:db8:113::102,192.168.129.102 ${hostKey("database")}\n` +
        `stronghold-test-backup,203.0.113.103,2001:db8:113::103 ${hostKey("backup")}\n`,
      enrolments: {
        secret: {
          app: { ada: handed("app", "app") },
          database: { ada: handed("database", "db") },
          backup: { ada: handed("backup", "backup") },
        },
      },
      application: {
        origin: "https://203.0.113.101",
        authority: expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/) as string,
      },
      databaseAccess: {
        secret: {
          engine: "mysql",
          host: "192.168.129.102",
          port: 3306,
          schema: "app",
          ca: recording.outputs["databaseCa"],
          application: { user: "application", password: passwordOf("application") },
          deployment: { user: "deployment", password: passwordOf("deployment") },
        },
      },
      databaseCa: expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/) as string,
      backups: {
        origin: "stronghold-test",
        recipients: [RECIPIENT],
        signer: keyPairFromSeed(seedOf("environment-backup-keys-signing-key")).publicKey,
        schema: "app",
        engine: "mysql",
      },
    });
  });

  it("registers the outputs of every component", () => {
    const components = recording.resources.filter(({ type }) => type.startsWith("stronghold:"));
    const registered = components.map(({ name }) => [name, recording.componentOutputs[name]]);
    for (const [, outputs] of registered) expect(Object.keys(outputs ?? {})).not.toEqual([]);
    expect(registered).toHaveLength(19);
  });

  it("draws seeds of 64 letters and digits, and root passwords of 64 characters of every class", () => {
    const drawn = recording
      .ofType("random:index/randomPassword:RandomPassword")
      .filter(({ name }) => name.includes("-credentials-"));
    const isPassword = ({ name }: Recorded): boolean => name.endsWith("-root-password");
    const inputsOf = (found: Recorded[]): unknown[] => found.map(({ inputs }) => inputs);
    expect(inputsOf(drawn.filter((it) => !isPassword(it)))).toEqual(
      Array(9).fill({ length: 64, special: false }),
    );
    const classes = { minLower: 1, minUpper: 1, minNumeric: 1, minSpecial: 1 };
    expect(inputsOf(drawn.filter(isPassword))).toEqual(Array(3).fill({ length: 64, ...classes }));
  });

  it("draws nothing whose id is the secret itself, as the id stands in the state in clear", () => {
    const types = new Set(recording.resources.map(({ type }) => type));
    expect([...types].filter((type) => type.startsWith("random:"))).toEqual([
      "random:index/randomPassword:RandomPassword",
    ]);
  });

  it("keeps secrets out of everything that is shown: names, labels and whatever is in clear", async () => {
    const privateKey = ed25519Private(2);
    const { resources, componentOutputs } = await recordEnvironment({
      deployerPrivateKey: privateKey,
    });
    const shown = JSON.stringify([resources, componentOutputs], (_, value: unknown) =>
      typeof value === "object" && value !== null && "secret" in value ? "[secret]" : value,
    );
    expect(shown).toContain("[secret]");
    const roles = ROLES.map((role) => `environment-${role}-credentials`);
    const seeds = [
      ...roles.flatMap((name) =>
        ["first-host-key", "first-login-key", "host-key"].map((key) => seedOf(`${name}-${key}`)),
      ),
      ...["signing-key", "push-key"].map((key) => seedOf(`environment-backup-keys-${key}`)),
      ...["authority-seed", "server-seed"].map((key) =>
        seedOf(`environment-database-access-${key}`),
      ),
      ...["authority-seed", "server-seed"].map((key) => seedOf(`environment-certificate-${key}`)),
    ];
    const pairs = [privateKey, ...seeds.map((seed) => keyPairFromSeed(seed).privateKey)];
    const factors = ROLES.flatMap((role) => {
      const prefix = `environment-${role}-person-ada`;
      const secret = seedOf(`${prefix}-totp-secret`, 20);
      const codes = seedOf(`${prefix}-scratch-codes`, 40);
      return [
        ...[secret, codes].map((bytes) => bytes.toString("base64")),
        ...[secretFrom(secret), ...scratchCodesFrom(codes)],
      ];
    });
    const webKey = pkcs8Of(p256Signer(seedOf("environment-certificate-server-seed")).key);
    const secrets = [
      ...factors,
      innerOf(webKey),
      Buffer.from(webKey).toString("base64").slice(120, 160),
      "canary-password-of-",
      ...seeds.map((seed) => seed.toString("base64")),
      ...pairs.flatMap((text) => text.split("\n").slice(2, -2)),
      ...pairs.map((text) => Buffer.from(text).toString("base64").slice(60, 160)),
    ];
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });

  it("has the backup server in another data centre, and on none of the stack's private networks", () => {
    const { inputs, protect } = recording.get("environment-backup-instance");
    expect(inputs).toMatchObject({ region: "us-west", privateIp: false });
    expect(protect).toBe(true);
  });

  it("takes a server that was there before as the backup server, and makes none", async () => {
    const server = { host: "198.51.100.9", hostKey: ed25519Line(9) };
    const { resources, outputs } = await recordEnvironment({
      backup: { recipients: [RECIPIENT], server },
    });
    const names = resources.map(({ name }) => name);
    const own = names.filter((name) => name.startsWith("environment-backup-hardening-"));
    const steps = CONTROL_PLAN.backup.flatMap(({ name, confirmed }) =>
      confirmed ? [name, `${name}-confirm`] : [name],
    );
    expect(own.sort()).toEqual(
      ["bundle", ...steps].map((step) => `environment-backup-hardening-${step}`).sort(),
    );
    expect(names).not.toContain("environment-backup-instance");
    expect(names).not.toContain("environment-backup-credentials");
    expect(outputs["backup"]).toMatchObject({ publicIPv4: "198.51.100.9", publicIPv6: "" });
    expect(outputs["knownHosts"]).toContain(
      `stronghold-test-backup,198.51.100.9 ${ed25519Line(9)}`,
    );
  });

  it("makes the database server wait for the app server's address, and for none of its controls", () => {
    const ancestors = recording.ancestorsOf("environment-database-instance");
    expect(ancestors).toContain("environment-app-instance");
    expect([...ancestors].filter((name) => name.includes("hardening"))).toEqual([]);
  });
});
