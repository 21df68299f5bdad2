/** What `ssh-audit`, which knows nothing of this project, thinks of a server's SSH. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const REQUIREMENTS = join(__dirname, "tools/ssh-audit.txt");
const CACHE = join(__dirname, "../node_modules/.cache");

/** Its findings by severity, each as `<kind> <algorithm>: <what it says>`. */
export interface SshFindings {
  fail: string[];
  warn: string[];
  info: string[];
}

interface Algorithm {
  algorithm: string;
  notes: Partial<Record<keyof SshFindings, string[]>>;
}

const KINDS = ["kex", "key", "enc", "mac"] as const;

type Judgement = Record<(typeof KINDS)[number], Algorithm[]> & { cves: { name: string }[] };

/**
 * The folder of the pinned release, installed if it is not there: pip compares its hash, and nothing
 * else comes with it.
 *
 * @throws if pip fails; nothing is left behind then.
 */
export function ensureSshAudit(): string {
  const pin = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 12);
  const folder = join(CACHE, `ssh-audit-${pin}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, ".ssh-audit-"));
  try {
    const quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
    const pinned = ["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", REQUIREMENTS];
    run("pip3", ["install", ...quiet, ...pinned, "--target", join(fresh, "lib")]);
    // The last step, so that a folder that is there is whole; of two at work the first one's stays.
    if (!existsSync(folder)) renameSync(join(fresh, "lib"), folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Looks at a server, with words in front that put us in the place to look from.
 *
 * Without its test of how many connections a second are let in: it would have sshd's penalties keep
 * out the very place that the tests look from.
 */
export function sshAudit(words: readonly string[], address: string, port = 22): SshFindings {
  const folder = ensureSshAudit();
  const look = ["python3", "-m", "ssh_audit", "--json", "--skip-rate-test", `--port=${port}`];
  // Its own 5 s are a busy sshd's now and then.
  const patient = "--timeout=30";
  const [command, ...args] = [...words, "env", `PYTHONPATH=${folder}`, ...look, patient, address];
  // It ends with 2 or 3 where it has warnings or failures to tell.
  const said = run(command, args, [0, 2, 3]);
  const judgement = JSON.parse(said) as Judgement;
  const findings: SshFindings = { fail: [], warn: [], info: [] };
  for (const kind of KINDS) {
    for (const { algorithm, notes } of judgement[kind]) {
      for (const severity of ["fail", "warn", "info"] as const) {
        const texts = notes[severity] ?? [];
        findings[severity].push(...texts.map((text) => `${kind} ${algorithm}: ${text}`));
      }
    }
  }
  findings.fail.push(...judgement.cves.map(({ name }) => `cve ${name}`));
  return findings;
}

function run(command: string, args: string[], codes = [0]): string {
  const ran = spawnSync(command, args, { encoding: "utf8", cwd: "/" });
  if (ran.error) throw ran.error;
  if (ran.status !== null && codes.includes(ran.status)) return ran.stdout;
  throw new Error(`${command} ended with ${String(ran.status)}: ${ran.stderr}${ran.stdout}`);
}
