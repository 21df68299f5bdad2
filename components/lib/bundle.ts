/** What the program reads of the folder that is copied to the hosts (`scripts/host`). */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The first step's script; it travels by itself, since it opens the way for the bundle. */
const HAND_OVER = "hand-over.sh";

/** `controls/ssh.sh`, `controls/ssh/...` and `files/ssh/...` belong to the control `ssh`. */
const OWNER = /^(?:controls|files)\/([^/]+?)(?:\.sh)?(?:\/|$)/;

export function readHandOver(bundleDir: string): string {
  return readFileSync(join(bundleDir, HAND_OVER), "utf8");
}

/**
 * Hash of all that a control is made of: its own files, and those that belong to no control, such as
 * the driver. The control runs again when this changes, and only then.
 */
export function controlHash(control: string, bundleDir: string): string {
  requireControl(control, bundleDir);
  const hash = createHash("sha256");
  for (const file of filesOf(control, bundleDir)) {
    const content = readFileSync(join(bundleDir, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** All of the folder in the words of sha256sum(1), so that a server can tell whether its copy is whole. */
export function bundleManifest(bundleDir: string): string {
  const sum = (file: string): string =>
    createHash("sha256")
      .update(readFileSync(join(bundleDir, file)))
      .digest("hex");
  return allFiles(bundleDir)
    .map((file) => `${sum(file)}  ${file}\n`)
    .join("");
}

/** The Debian packages that controls say they need, in their `# needs:` lines. */
export function packagesOf(controls: readonly string[], bundleDir: string): string[] {
  const names = controls.flatMap((control) => {
    const script = readFileSync(requireControl(control, bundleDir), "utf8");
    const [, list] = /^# needs:(.*)$/m.exec(script) ?? [];
    // Without this, a slip in that line would pass for "no packages".
    if (list === undefined) throw new Error(`control "${control}" has no "# needs:" line`);
    return list.split(" ").filter((name) => name !== "");
  });
  return [...new Set(names)].sort();
}

function requireControl(control: string, bundleDir: string): string {
  const script = join(bundleDir, "controls", `${control}.sh`);
  if (existsSync(script)) return script;
  throw new Error(`there is no control "${control}": ${script} is missing`);
}

function filesOf(control: string, bundleDir: string): string[] {
  const controls = readdirSync(join(bundleDir, "controls"))
    .filter((file) => file.endsWith(".sh"))
    .map((file) => file.slice(0, -".sh".length));
  return allFiles(bundleDir).filter((file) => {
    const owner = OWNER.exec(file)?.[1] ?? "";
    const isShared = !controls.includes(owner) && file !== HAND_OVER;
    return owner === control || isShared;
  });
}

function allFiles(bundleDir: string): string[] {
  return readdirSync(bundleDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(bundleDir, join(entry.parentPath, entry.name)))
    .sort();
}
