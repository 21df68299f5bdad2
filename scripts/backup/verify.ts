import { seconds } from "../../local/cli/progress";
import { load, ownLoader, serverLoader } from "./loader";
import { prepare, type RebuildOptions, requireArguments } from "./rebuild";
import { withSession } from "./session";

export interface VerifyOptions extends RebuildOptions {
  local?: boolean;
}

/** A rehearsal: loads an archive into a throw-away engine, compares it, and leaves nothing behind. */
export async function verify(id: string, options: VerifyOptions): Promise<void> {
  requireArguments(options);
  await withSession(options, async (session) => {
    const begun = performance.now();
    const rebuild = await prepare(session, id, options);
    const { progress, servers } = session;
    const loader = options.local ? ownLoader : serverLoader(servers);
    const { tables, notes } = await load(loader, "rehearse", rebuild, (text) => {
      progress.line("rehearse", text);
    });
    const took = performance.now() - begun;
    if (options.json) {
      const { full, at } = rebuild;
      const where = options.local ? "here" : "database";
      const report = { id: full.id, at, where, tables, notes, seconds: Math.round(took) / 1000 };
      console.log(JSON.stringify(report, null, 2));
      return;
    }
    const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
    console.log(
      [
        ...notes,
        `${rebuild.full.id} can be restored: ${Object.keys(tables).length} tables with ${rows} rows, as its manifest says; ${seconds(took)}.`,
      ].join("\n"),
    );
  });
}
