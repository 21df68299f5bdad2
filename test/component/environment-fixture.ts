import { TwoServerEnvironment } from "../../components/environment";
import { parseSettings } from "../../components/lib/settings";
import { ed25519Line } from "../unit/fixtures/keys";
import { RECIPIENT } from "../unit/fixtures/settings";
import { type Recording, record } from "./recorder";
import { StubHost } from "./stub-host";

export const ADMIN_KEY = ed25519Line(1, "ada@laptop");
export const DEPLOYER_KEY = ed25519Line(2, "deployer@ci");

/** Records an environment with the least settings and whatever is given over them. */
export async function recordEnvironment(over: object = {}): Promise<Recording> {
  const host = new StubHost();
  const settings = parseSettings({
    ssh: { allowFrom: ["203.0.113.10/32", "2001:db8:10::10/128"] },
    admins: [{ name: "ada", keys: [ADMIN_KEY] }],
    deployer: { keys: [DEPLOYER_KEY] },
    alerts: { logOnly: true },
    backup: { recipients: [RECIPIENT] },
    ...over,
  });
  const identity = { project: "stronghold", stack: "test" };
  try {
    return await record(() => {
      const args = { settings, identity, bundleDir: host.dir };
      const environment = new TwoServerEnvironment("environment", args);
      const { app, database, backup, deployer, sshConfig, knownHosts, enrolments } = environment;
      const { outputsVersion, application, databaseAccess, databaseCa, backups } = environment;
      const people = { deployer, sshConfig, knownHosts, enrolments };
      const store = { application, databaseAccess, databaseCa, backups };
      return { outputsVersion, app, database, backup, ...people, ...store };
    });
  } finally {
    host.remove();
  }
}

/** A secret's value, or a failure if the value is in clear. */
export function revealed(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "secret" in value) return value.secret;
  throw new Error(`not a secret: ${JSON.stringify(value)}`);
}
