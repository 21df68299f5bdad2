/** A Pulumi of a test's own: home, backend and passphrase in a folder that goes with the test. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class PrivatePulumi {
  readonly folder = mkdtempSync(join(tmpdir(), "stronghold-pulumi-"));

  /** A folder of links to the project, since the CLI writes its stacks' settings beside `Pulumi.yaml`. */
  private readonly project = join(this.folder, "project");

  constructor(
    projectDir: string,
    private readonly env: Record<string, string>,
  ) {
    mkdirSync(this.project);
    for (const name of readdirSync(projectDir)) {
      symlinkSync(join(projectDir, name), join(this.project, name));
    }
    const modules = join(this.project, "node_modules");
    if (!existsSync(modules)) symlinkSync(join(__dirname, "../../node_modules"), modules);
    const shared = join(process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins");
    for (const name of ["home", "backend"]) mkdirSync(join(this.folder, name));
    symlinkSync(shared, join(this.folder, "home", "plugins"));
  }

  /** Runs it to its end; the test's own servers go on answering meanwhile. */
  run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
        cwd: this.project,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: process.env["PATH"],
          HOME: this.folder,
          LANG: "C.UTF-8",
          PULUMI_HOME: join(this.folder, "home"),
          PULUMI_BACKEND_URL: `file://${join(this.folder, "backend")}`,
          PULUMI_CONFIG_PASSPHRASE: "a-passphrase-of-the-tests",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          ...this.env,
          ...env,
        },
      });
      const ran: Ran = { code: null, stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (ran.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (ran.stderr += text));
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ ...ran, code });
      });
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
