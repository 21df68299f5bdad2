import { seconds } from "../../local/cli/progress";
import { UserError } from "../../local/cli/user-error";
import { load, serverLoader } from "./loader";
import { prepare, type RebuildOptions, requireArguments } from "./rebuild";
import { withSession } from "./session";

export interface RestoreOptions extends RebuildOptions {
  into: string;
  trustDefiners?: boolean;
}

/** Restores an archive, or the state at a second, into a fresh schema of the stack's database server. */
export async function restore(id: string, options: RestoreOptions): Promise<void> {
  requireArguments(options);
  const { into } = options;
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(into)) {
    throw new UserError(
      `--into ${into} is no name for a schema here: up to 32 of a-z, 0-9 and _, a letter first.`,
      64,
    );
  }
  await withSession(options, async (session) => {
    const begun = performance.now();
    const rebuild = await prepare(session, id, options);
    const { progress, servers, backups } = session;
    const words = `load --into ${into}${options.trustDefiners ? " --trust-definers" : ""}`;
    const { tables, notes } = await load(serverLoader(servers), words, rebuild, (text) => {
      progress.line("restore", text);
    });
    const took = performance.now() - begun;
    const { full, at } = rebuild;
    if (options.json) {
      const report = { id: full.id, at, into, tables, notes, seconds: Math.round(took) / 1000 };
      console.log(JSON.stringify(report, null, 2));
      return;
    }
    const what = at === undefined ? full.id : `The state at ${at}, from ${full.id} and its logs,`;
    console.log(
      [
        ...notes,
        `${what} is in the schema ${into} now: ${Object.keys(tables).length} tables; ${seconds(took)}.`,
        `Nobody but root has rights there yet, its events are disabled, and the binary log has nothing of it: once`,
        `tables of it are in use in ${backups.schema}, run \`npm run backup -- run\` so that later seconds can be restored, too.`,
      ].join("\n"),
    );
  });
}
