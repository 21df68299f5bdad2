/** How the data leave a database server for good, and settle on its successor. */
import { UserError } from "../../local/cli/user-error";
import { load, type Rebuild, serverLoader } from "../backup/loader";
import { kindOf } from "../backup/manifest";
import { prepare } from "../backup/rebuild";
import { backUp } from "../backup/run";
import { type Session, type SessionOptions, withSession } from "../backup/session";

interface Options extends SessionOptions {
  identity?: string;
}

/** Where the data are while no server has them. */
export interface Left {
  /** The last backup's id. */
  backup: string;
  schema: string;
}

export interface Moved {
  backup: string;
  rows: number;
}

const CLIENT = { mysql: "mysql", mariadb: "mariadb" } as const;

/**
 * Stops all writes, makes a last backup and rehearses it: only what has been restored once is reason
 * enough to delete a server.
 *
 * @throws UserError if anything of that fails; writes are let through again then.
 */
export function leaveDatabase(options: Options): Promise<Left> {
  return withSession(ofVault(options), async (session) => {
    const { backups } = session;
    await letWrite(session, false);
    try {
      const made = await backUp(session);
      const backup = made.find((id) => kindOf(id) === "full") ?? "";
      await rehearse(session, await prepare(session, backup, options));
      return { backup, schema: backups.schema };
    } catch (error) {
      await letWrite(session, true);
      throw error;
    }
  });
}

/** Restores the last backup into the new server's empty schema, and backs that server up. */
export function settleDatabase({ backup, schema }: Left, options: Options): Promise<Moved> {
  return withSession(ofVault(options), async (session) => {
    const rebuild = await prepare(session, backup, options);
    const words = `load --into ${schema} --trust-definers`;
    // The application is back already, and must not write between the rows that are being loaded.
    await letWrite(session, false);
    const { tables } = await load(serverLoader(session.servers), words, rebuild, (text) => {
      session.progress.line("restore", text);
    }).finally(() => letWrite(session, true));
    await backUp(session);
    return { backup, rows: Object.values(tables).reduce((sum, count) => sum + count, 0) };
  });
}

/** The vault's copy is what remains once the server is gone. */
function ofVault({ stack, identity }: Options): Options {
  return {
    ...(stack === undefined ? {} : { stack }),
    ...(identity === undefined ? {} : { identity }),
    from: "vault",
  };
}

async function rehearse({ servers, progress }: Session, rebuild: Rebuild): Promise<void> {
  await load(serverLoader(servers), "rehearse", rebuild, (text) => {
    progress.line("rehearse", text);
  });
}

/** Whether others than root may write, until the server is started again. */
async function letWrite({ servers, backups, progress }: Session, wanted: boolean): Promise<void> {
  progress.line("database", wanted ? "letting writes through" : "stopping all writes");
  const statement = `SET GLOBAL read_only = ${wanted ? "OFF" : "ON"}`;
  const line = `sudo -n ${CLIENT[backups.engine]} --batch --execute '${statement}'`;
  const { code, stderr } = await servers.run("db", line);
  if (code !== 0) throw new UserError(`Writes could not be stopped or started: ${stderr.trim()}`);
}
