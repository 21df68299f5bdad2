/** Another version of this repository in a folder of its own, for as long as it is needed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UserError } from "../../local/cli/user-error";

/**
 * Hands `work` a checkout of `ref` and takes it away afterwards. It shares this one's `node_modules`, so a
 * change of a library shows as a change of what the library makes, as it should.
 *
 * @throws UserError if there is no such version here.
 */
export async function withCheckout<T>(
  projectDir: string,
  ref: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), "stronghold-base-"));
  const folder = join(parent, "base");
  const git = (...words: string[]) =>
    spawnSync("git", words, { cwd: projectDir, encoding: "utf8" });
  try {
    const made = git("worktree", "add", "--quiet", "--detach", folder, ref);
    if (made.status !== 0) {
      throw new UserError(
        `There is no version "${ref}" to compare with: ${made.stderr.trim()}\n` +
          "In CI, fetch it first: `git fetch --depth=1 origin <branch>`, then give --base FETCH_HEAD.",
      );
    }
    symlinkSync(join(projectDir, "node_modules"), join(folder, "node_modules"));
    return await work(folder);
  } finally {
    git("worktree", "remove", "--force", folder);
    rmSync(parent, { recursive: true, force: true });
  }
}
