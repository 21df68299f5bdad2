import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Makes a folder of links to a project, with a settings file of its own for the stack.
 *
 * Pulumi writes into the settings file of a stack (the salt of its secrets), and it must not be the one
 * in the repository; not every verb takes another file's name.
 */
export function linkProject(
  projectDir: string,
  folder: string,
  settings: { stack: string; file: string },
): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(projectDir)) {
    if (name === ".git" || /^Pulumi\..+\.yaml$/.test(name)) continue;
    symlinkSync(join(projectDir, name), join(folder, name));
  }
  symlinkSync(settings.file, join(folder, `Pulumi.${settings.stack}.yaml`));
}

/** Makes a Pulumi home that shares nothing with the user's but the folder of downloaded plug-ins. */
export function privateHome(home: string): void {
  const shared = join(process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins");
  mkdirSync(shared, { recursive: true });
  mkdirSync(home, { recursive: true, mode: 0o700 });
  rmSync(join(home, "plugins"), { force: true });
  symlinkSync(shared, join(home, "plugins"));
}
