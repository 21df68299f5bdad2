/**
 * The end of an environment on the real engine, and what comes in between: a refusal, a run that was killed, a
 * server that somebody else has deleted (G17).
 *
 * How a whole environment comes and stays is engine.test.ts's.
 */
import { TestCloud } from "../e2e/cloud";
import { settingsFile } from "../e2e/settings";
import { traces } from "../machine-view";
import { accountOf } from "./account-view";
import { killedUp } from "./killed-up";
import { nameOf, nothing, pulumiOf, readState } from "./local-engine";
import { SshCounter } from "./ssh-counter";

const LIMIT_MS = 900_000;

const cloud = new TestCloud("engine-destroy");
const { pulumi, cli, destroyAll } = pulumiOf(cloud);
const account = accountOf(cloud);
const ssh = new SshCounter(cloud);

const NOTHING = { "linode/instances": [], "networking/firewalls": [], domains: [] };
const SERVERS = ["stronghold-local-app", "stronghold-local-backup", "stronghold-local-db"];

/** With names, so that there are records, which no server takes along. */
const settings = settingsFile((config) => {
  config["stronghold:dns"] = { zone: "example.org", email: "hostmaster@example.org" };
});
const up = (): object => cloud.up("--engine", "pulumi", "--settings", settings);

const isUnderWay = (name: string) => (): boolean =>
  readState(cloud).pending.includes(`creating ${name}`);
const names = (): string[] => readState(cloud).resources.map(nameOf).sort();
const addresses = (): string[] =>
  cloud.status().machines.flatMap(({ publicIPv4, privateIPv4 }) => [publicIPv4, privateIPv4 ?? ""]);

beforeAll(() => {
  cloud.down();
}, 180_000);

afterAll(() => {
  cloud.down();
}, 180_000);

describe("an up that is killed", () => {
  it(
    "while it creates a server leaves one that no state knows of, and destroy takes it, too",
    async () => {
      const isMaking = async (): Promise<boolean> =>
        isUnderWay("environment-app-instance")() &&
        (await account.holdings())["linode/instances"]?.length === 1;
      const { code, said } = await killedUp(cloud, isMaking, "--settings", settings);
      expect(code).toBe(1);
      expect(said).toContain("pulumi up was ended by SIGKILL");
      expect(readState(cloud).pending).toContain("creating environment-app-instance");
      expect(names()).not.toContain("environment-app-instance");
      expect((await account.holdings())["linode/instances"]).toEqual(["stronghold-local-app"]);
      // As the README says, since the engine's own words lead to more than one way.
      const locked = await cli("destroy", "--yes");
      expect(locked.code).not.toBe(0);
      expect(locked.stdout + locked.stderr).toContain("pulumi cancel");
      await destroyAll();
      expect(await account.holdings()).toEqual(NOTHING);
      expect(readState(cloud).resources).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    "while it makes first contact is gone on from by the next up, wherever it was",
    async () => {
      for (const step of ["database-hardening-hand-over", "app-hardening-two-factor"]) {
        const isMoment = isUnderWay(`environment-${step}`);
        await killedUp(cloud, isMoment, "--settings", settings);
        expect(isMoment()).toBe(true);
      }
      expect(up()).toMatchObject({ engine: "pulumi" });
      expect(readState(cloud).pending).toEqual([]);
      expect((await account.holdings())["linode/instances"]).toEqual(SERVERS);
      for (const host of ["app", "db", "backup"] as const) expect(cloud.login(host).code).toBe(0);
      expect(up()).toMatchObject(nothing);
    },
    4 * LIMIT_MS,
  );
});

describe("a destroy that is not meant", () => {
  it.each([
    ["with the preview that comes first", []],
    ["without", ["--skip-preview"]],
  ])(
    "is refused %s, says how servers are released, and takes nothing",
    async (_, flags: string[]) => {
      const before = { names: names(), holdings: await account.holdings() };
      ssh.start();
      const { code, stdout, stderr } = await cli("destroy", "--yes", ...flags);
      expect(code).not.toBe(0);
      expect(stdout + stderr).toMatch(/cannot be deleted\s+because it is protected/);
      expect(stdout + stderr).toContain("pulumi state unprotect");
      expect({ names: names(), holdings: await account.holdings() }).toEqual(before);
      expect(ssh.dialled()).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    "leaves an environment in which there is nothing to change",
    () => {
      expect(up()).toMatchObject(nothing);
      expect(cloud.login("db").code).toBe(0);
    },
    LIMIT_MS,
  );
});

describe("a server that somebody has deleted", () => {
  const remove = async (label: string): Promise<void> => {
    const found = cloud.status().machines.find((machine) => machine.label.endsWith(`-${label}`));
    await account.remove(`linode/instances/${found?.id ?? 0}`);
  };

  it.each(["backup", "db"] as const)(
    "is made again by the next up, which says so: %s",
    async (label) => {
      await remove(label);
      const ran = cloud.run(["up", "--engine", "pulumi", "--settings", settings]);
      expect(ran).toMatchObject({ code: 0 });
      expect(ran.stderr).toContain(
        `the ${label} server is gone, not by this stack: it is made again`,
      );
      expect((await account.holdings())["linode/instances"]).toEqual(SERVERS);
      expect(cloud.login(label).code).toBe(0);
      expect(up()).toMatchObject(nothing);
      expect(await pulumi("refresh", "--expect-no-changes")).toMatchObject(nothing);
    },
    2 * LIMIT_MS,
  );

  it(
    "is no hindrance to destroy, which leaves nothing and runs nothing on those that are left",
    async () => {
      const taken = addresses();
      await remove("app");
      await remove("db");
      ssh.start();
      await destroyAll();
      expect(ssh.dialled()).toBe(0);
      expect(await account.holdings()).toEqual(NOTHING);
      expect(readState(cloud)).toEqual({ resources: [], pending: [] });
      for (const address of taken.filter((it) => it !== "")) {
        expect((await account.get(`networking/ips/${address}`)).status).toBe(404);
      }
    },
    LIMIT_MS,
  );
});

describe("a destroy that is meant", () => {
  it(
    "leaves nothing and runs no command on the servers that go",
    async () => {
      up();
      ssh.start();
      // It would count one.
      expect(cloud.login("app").code).toBe(0);
      expect(ssh.dialled()).toBe(1);
      ssh.start();
      await destroyAll();
      expect(ssh.dialled()).toBe(0);
      expect(await account.holdings()).toEqual(NOTHING);
      expect(readState(cloud).resources).toEqual([]);
      cloud.down();
      expect(traces(cloud.paths)).toEqual([]);
    },
    2 * LIMIT_MS,
  );
});
