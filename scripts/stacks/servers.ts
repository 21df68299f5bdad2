import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UserError } from "../../local/cli/user-error";
import type { Stack, StackOutputs } from "./stack";

/** As the stack's own `ssh_config` calls them. */
export type Host = "app" | "db" | "backup";

/** What a command on a server said. */
export interface RemoteResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** The line of the stack's `sshConfig` output that says where its `knownHosts` output is kept. */
const KNOWN_HOSTS_LINE = /^(\s*UserKnownHostsFile) .*$/gm;
/** ssh's own, for a connection that did not come about or broke off. */
const SSH_FAILED = 255;
const STDERR_MAX = 4_096;

/** A connection that did not come about, or broke off. */
export class ConnectionError extends UserError {}

/** A stack's servers over SSH, as automation reaches them, each verified by the stack's host keys. */
export class Servers {
  private readonly folder = mkdtempSync(join(tmpdir(), "stronghold-ssh-"));
  /** The stack's, as they were when this was made: asking again takes a run of the Pulumi CLI. */
  readonly outputs: StackOutputs;
  readonly deployer: string;

  constructor(private readonly stack: Stack) {
    this.outputs = stack.outputs();
    const { sshConfig, knownHosts, deployer } = this.outputs;
    if (sshConfig === undefined || knownHosts === undefined || deployer === undefined) {
      throw new UserError(`${stack.name} has no servers yet: bring it up first.`);
    }
    this.deployer = deployer;
    const { keyFile } = stack.ssh;
    const key =
      keyFile === undefined
        ? []
        : [`  IdentityFile ${keyFile}`, "  IdentitiesOnly yes", "  IdentityAgent none"];
    const lines = [
      sshConfig.replace(KNOWN_HOSTS_LINE, `$1 ${this.file("known_hosts")}`),
      // After the stack's text, since the first value that ssh finds for a setting is the one it takes.
      "Host *",
      `  User ${deployer}`,
      ...key,
      "  BatchMode yes",
      "  ConnectTimeout 10",
      "  ServerAliveInterval 15",
      "  LogLevel ERROR",
      "",
    ];
    writeFileSync(this.file("known_hosts"), knownHosts, { mode: 0o600 });
    writeFileSync(this.file("config"), lines.join("\n"), { mode: 0o600 });
  }

  /** Starts a command line there; whoever starts it ends it. */
  start(host: Host, line: string): ChildProcess {
    const ssh = ["ssh", "-F", this.file("config"), "-T", host, line];
    const [command = "", ...args] = [...this.stack.ssh.enter, ...ssh];
    return spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  }

  /** Runs a command line there to its end, for answers that fit into memory. */
  async run(host: Host, line: string, input = ""): Promise<RemoteResult> {
    const child = this.start(host, line);
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    // A command that does not read its input ends before all of it is written.
    child.stdin?.on("error", () => undefined).end(input);
    const { code, stderr } = await ended(child, host);
    return { code, stdout, stderr };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private file(name: string): string {
    return join(this.folder, name);
  }
}

/**
 * The end of a started command.
 *
 * @throws ConnectionError if the connection did not come about, or broke off.
 */
export async function ended(
  child: ChildProcess,
  host: Host,
): Promise<{ code: number; stderr: string }> {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_MAX);
  });
  const code = await new Promise<number>((done, fail) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      fail(
        error.code === "ENOENT"
          ? new UserError("ssh is not installed here: apt-get install openssh-client")
          : error,
      );
    });
    child.on("close", (status) => {
      done(status ?? SSH_FAILED);
    });
  });
  if (code === SSH_FAILED) {
    throw new ConnectionError(
      `The connection to the server "${host}" failed: ${stderr.trim() || "it broke off"}\n` +
        "Is this one of the addresses of `ssh.allowFrom`, and the deployer's key in your SSH agent (`ssh-add -l`)?",
    );
  }
  return { code, stderr };
}
