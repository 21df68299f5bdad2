import { setTimeout as delay } from "node:timers/promises";

import { UserError } from "../../local/cli/user-error";
import { kindOf } from "./manifest";
import { type Session, type SessionOptions, withSession } from "./session";
import { Store } from "./store";

const TOOL = "/usr/local/sbin/stronghold-backup";
/** What it ends with while another run has its lock. */
const BUSY = 75;
const BUSY_PAUSE_MS = 1_000;
/** As long as a full backup of a large database may take. */
const BUSY_LIMIT_MS = 60 * 60_000;

/** Makes a full backup now, and says which. */
export async function run(options: SessionOptions): Promise<void> {
  await withSession(options, async (session) => {
    const made = await backUp(session);
    console.log(options.json ? JSON.stringify({ made }, null, 2) : `Made: ${made.join(", ")}`);
  });
}

/** Makes a full backup, ships the logs up to now, and answers with the ids of what there is more of. */
export async function backUp(session: Session): Promise<string[]> {
  const spool = new Store("database", session.servers);
  const before = await spool.list();
  await order(session, "run");
  await order(session, "logs");
  const made = [...(await spool.list()).keys()].filter((id) => !before.has(id));
  if (made.some((id) => kindOf(id) === "full")) return made;
  throw new UserError("The database server says that all went well, and has no new archive.");
}

async function order({ servers, progress }: Session, verb: "run" | "logs"): Promise<void> {
  progress.line("database", verb === "run" ? "making a full backup" : "shipping the logs");
  const deadline = Date.now() + BUSY_LIMIT_MS;
  const attempt = (): ReturnType<typeof servers.run> =>
    servers.run("db", `sudo -n ${TOOL} ${verb}`);
  let ran = await attempt();
  // Timers do the same work, every few minutes: it is theirs to end, and not a reason to give up.
  while (ran.code === BUSY && Date.now() < deadline) {
    progress.line("database", "another run is at work: waiting for it");
    await delay(BUSY_PAUSE_MS);
    ran = await attempt();
  }
  const { code, stdout, stderr } = ran;
  if (code === 0) return;
  throw new UserError(
    `\`${TOOL} ${verb}\` failed on the database server (${code}): ${(stderr + stdout).trim()}`,
  );
}
