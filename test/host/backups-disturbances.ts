/** What can happen to a server while it backs itself up, and to the one that its backups go to. */
import { type BackupPair, SPOOL, STATE } from "./backups-pair";
import type { DatabaseServer } from "./database-server";
import { eventually } from "./test-machines";
import type { VaultServer } from "./vault-server";

export interface Disturbance {
  name: string;
  /** A program under which the backup runs. */
  under?: string;
  /** Before the run. */
  prepare?: (pair: BackupPair, random: () => number) => void;
  /** At a moment that nobody has chosen. */
  strike: (pair: BackupPair) => void | Promise<void>;
  /** As time, a person or systemd does it, once the run has ended. */
  repair?: (pair: BackupPair) => void | Promise<void>;
  stopsWriter?: boolean;
}

const SMALL = "/run/test-disk";
const [DATABASE, VAULT] = [1001, 1003];

/** kill -9, which nobody can refuse; what has ended already is let be. */
const killed = (pattern: string): Disturbance["strike"] => {
  return ({ server }) => void server.root(`pkill -KILL ${pattern}`);
};

/** Waits until the engine takes its work up again, as it does by itself. */
async function answers(server: DatabaseServer): Promise<void> {
  const asked = `${server.engine} --no-defaults --user=root --protocol=socket -e 'SELECT 1'`;
  if (!(await eventually(() => server.root(asked).code === 0, 60_000)))
    throw new Error("the engine does not come back");
}

async function listens(vault: VaultServer): Promise<void> {
  const asked = "systemctl is-active --quiet stronghold-vault.socket ssh.service";
  if (!(await eventually(() => vault.root(asked).code === 0, 60_000)))
    throw new Error("the backup server does not come back");
}

/** The host is gone from one moment to the next, and is started again. */
const powerCut = (id: number) => ({
  strike: ({ server }: BackupPair): void => {
    process.kill(server.cloud.processes(id).init, "SIGKILL");
  },
  repair: async ({ server, vault }: BackupPair): Promise<void> => {
    const { machines } = server.cloud;
    if (!(await eventually(() => machines.status(id) === "offline"))) throw new Error("is on");
    await machines.boot(id);
    if (id === DATABASE) await answers(server);
    else await listens(vault);
  },
});

export const DISTURBANCES: readonly Disturbance[] = [
  { name: "kill -9 of the dump", strike: killed("-x 'mysqldump|mariadb-dump'") },
  { name: "kill -9 of the encryption", strike: killed("-x age") },
  { name: "kill -9 of the shipping", strike: killed("-x ssh") },
  {
    name: "kill -9 of the whole run",
    strike: killed("-f '^bash /usr/local/sbin/stronghold-backup'"),
  },
  {
    name: "kill -9 of the engine",
    strike: killed("-x 'mysqld|mariadbd'"),
    repair: ({ server }) => answers(server),
  },
  { name: "a power cut of the database server", ...powerCut(DATABASE), stopsWriter: true },
  { name: "a power cut of the backup server", ...powerCut(VAULT) },
  {
    name: "kill -9 of what takes the backup in",
    strike: ({ vault }) => void vault.root("pkill -KILL -f /usr/local/lib/stronghold-vault/"),
  },
  {
    name: "a backup server that cannot be reached",
    strike: ({ server, vault }) => void server.must(`ip route add blackhole ${vault.ipv4}/32`),
    repair: ({ server, vault }) => void server.must(`ip route del blackhole ${vault.ipv4}/32`),
  },
  {
    // On a small disk of its own, as the test's machine has to live on.
    name: "a full disk",
    prepare: ({ server }, random) => {
      const free = Math.floor(random() * 12_000_000);
      server.must(`mkdir -p ${SMALL} && mount -t tmpfs -o size=300m,mode=700 test ${SMALL} &&
        cp -a ${SPOOL}/. ${SMALL}/ && mount --bind ${SMALL} ${SPOOL} &&
        head -c $(($(df --output=avail -B1 ${SPOOL} | tail -n 1) - ${free})) /dev/zero >${STATE}/junk`);
    },
    strike: () => undefined,
    repair: ({ server }) => void server.must(`umount ${SPOOL} && umount ${SMALL}`),
  },
  // Only the run sees another time: the machine's own clock is every host's.
  { name: "a clock that is 40 days ahead", under: "faketime -f +40d", strike: () => undefined },
  { name: "a clock that is 40 days behind", under: "faketime -f -40d", strike: () => undefined },
];
