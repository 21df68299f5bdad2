/** What `testssl.sh`, which knows nothing of this project, thinks of a server's TLS. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CACHE = join(__dirname, "../node_modules/.cache");
/** Part of the cache's name, so that another one is fetched anew; the one of Debian 12 gives no grades. */
const VERSION = "3.2";
const LIMIT_MS = 600_000;
/** How often at most. It gives up a connection after no try but one, which a busy machine makes it miss. */
const LOOKS = 3;

/** From what does no harm to what has to be mended at once, in testssl.sh's own words. */
export const SEVERITIES = ["OK", "INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN"] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface TlsFindings {
  /** `A+` to `F`, or `T` where the chain is not trusted. */
  grade: string;
  /** Of each severity, `<id>: <what was found>`. */
  findings: Record<Severity, string[]>;
}

interface Row {
  id: string;
  severity: string;
  finding: string;
}

/**
 * The folder of testssl.sh, fetched if it is not there.
 *
 * @param download puts the `.deb` of Debian 13 into the folder; apt has compared its hash then. A host of the local
 *   cloud can, whatever this machine runs.
 * @throws if that fails, or another version comes; nothing is left behind then.
 */
export async function ensureTestssl(
  download: (folder: string) => Promise<void> | void,
): Promise<string> {
  const folder = join(CACHE, `testssl-${VERSION}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, ".testssl-"));
  try {
    await download(fresh);
    const [name, ...more] = readdirSync(fresh).filter((file) => file.endsWith(".deb"));
    if (name === undefined || more.length > 0) throw new Error("not one .deb was downloaded");
    const archive = join(fresh, name);
    const version = run("dpkg-deb", ["--field", archive, "Version"]).trim();
    if (!version.startsWith(VERSION)) {
      throw new Error(`testssl.sh ${version} was downloaded, and ${VERSION} is wanted`);
    }
    run("dpkg-deb", ["--extract", archive, join(fresh, "root")]);
    // The last step, so that a folder that is there is whole; of two at work the first one's stays.
    if (!existsSync(folder)) renameSync(join(fresh, "root"), folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

export interface TlsTarget {
  address: string;
  /** @default 443 */
  port?: number;
  /** PEM of the authority that it shall trust besides those of Mozilla and others. */
  authorityFile: string;
}

/** Looks at a server, with words in front that put us in the place to look from. Takes a minute or more. */
export function testssl(folder: string, enter: readonly string[], target: TlsTarget): TlsFindings {
  let looked = look(folder, enter, target);
  for (let more = 1; more < LOOKS && !isConclusive(looked); more += 1)
    looked = look(folder, enter, target);
  return looked;
}

/** Whether it got everywhere: a connection that it missed is its warning that it has not looked. */
export function isConclusive({ findings }: TlsFindings): boolean {
  return !findings.WARN.some((finding) => finding.includes("connect problem"));
}

function look(folder: string, enter: readonly string[], target: TlsTarget): TlsFindings {
  const { address, port = 443, authorityFile } = target;
  const scratch = mkdtempSync(join(tmpdir(), "stronghold-testssl-"));
  try {
    const file = join(scratch, "findings.json");
    const place = ["env", `TESTSSL_INSTALL_DIR=${join(folder, "etc/testssl")}`];
    const judge = [join(folder, "usr/bin/testssl"), "--quiet", "--color", "0", "--warnings", "off"];
    const said = ["--jsonfile", file, "--add-ca", authorityFile];
    // Names would be looked up where there is nobody to answer.
    const quiet = ["--nodns", "none"];
    const host = address.includes(":") ? `[${address}]` : address;
    const [command = "", ...words] = [...enter, ...place, ...judge, ...said, ...quiet];
    const ran = spawnSync(command, [...words, `${host}:${port}`], {
      encoding: "utf8",
      cwd: scratch,
      timeout: LIMIT_MS,
    });
    if (ran.error) throw ran.error;
    if (!existsSync(file)) {
      throw new Error(`testssl.sh ended with ${String(ran.status)}: ${ran.stderr}${ran.stdout}`);
    }
    return readFindings(readFileSync(file, "utf8"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @throws if testssl.sh has given no grade, since then it has not looked at everything. */
export function readFindings(text: string): TlsFindings {
  const rows = JSON.parse(text) as Row[];
  const grade = rows.find(({ id }) => id === "overall_grade")?.finding;
  if (grade === undefined) throw new Error(`testssl.sh gave no grade: ${text.slice(0, 2_000)}`);
  const findings = Object.fromEntries(
    SEVERITIES.map((severity) => [
      severity,
      rows.filter((row) => row.severity === severity).map(({ id, finding }) => `${id}: ${finding}`),
    ]),
  ) as TlsFindings["findings"];
  const unknown = rows.find(({ severity }) => !SEVERITIES.includes(severity as Severity));
  // FATAL, or DEBUG: either way it is not as it should be.
  if (unknown !== undefined) throw new Error(`testssl.sh: ${JSON.stringify(unknown)}`);
  return { grade, findings };
}

function run(command: string, args: string[]): string {
  const ran = spawnSync(command, args, { encoding: "utf8" });
  if (ran.error) throw ran.error;
  if (ran.status === 0) return ran.stdout;
  throw new Error(`${command} ended with ${String(ran.status)}: ${ran.stderr}`);
}
