import { UserError } from "../../local/cli/user-error";
import { kindOf } from "./manifest";
import { type Session, type SessionOptions, withSession } from "./session";
import { Store } from "./store";

const TOOL = "/usr/local/sbin/stronghold-backup";

/** Makes a full backup now, and ships the logs up to now. */
export async function run(options: SessionOptions): Promise<void> {
  await withSession(options, async (session) => {
    const spool = new Store("database", session.servers);
    const before = await spool.list();
    await order(session, "run");
    await order(session, "logs");
    const made = [...(await spool.list()).keys()].filter((id) => !before.has(id));
    const ids = made.filter((id) => kindOf(id) === "full");
    if (ids.length === 0)
      throw new UserError("The database server says that all went well, and has no new archive.");
    console.log(options.json ? JSON.stringify({ made }, null, 2) : `Made: ${made.join(", ")}`);
  });
}

async function order({ servers, progress }: Session, verb: "run" | "logs"): Promise<void> {
  progress.line("database", verb === "run" ? "making a full backup" : "shipping the logs");
  const { code, stdout, stderr } = await servers.run("db", `sudo -n ${TOOL} ${verb}`);
  if (code === 0) return;
  throw new UserError(
    `\`${TOOL} ${verb}\` failed on the database server (${code}): ${(stderr + stdout).trim()}`,
  );
}
