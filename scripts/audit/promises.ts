/** The promises by their rows, and which check stands for which of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const BUNDLE_DIR = resolve(__dirname, "..", "host");

/** In the order in which a report has them. */
export const PROMISES: Readonly<Record<string, string>> = {
  G02: "Root has no password that anybody needs, or could use",
  G03: "Passwords are of the guide's quality, enforced through PAM",
  G04: "People are ordinary accounts, and give their password for sudo",
  G05: "SSH takes public keys only, no root, modern algorithms only",
  G06: "The database server is reached through the app server alone",
  G07: "People log in with two factors, and the clock that codes need is right",
  G08: "The app server's walls let in what they shall, over IPv4 and IPv6",
  G09: "The database server answers the app server alone, on two ports",
  G10: "Web ports are redirected, so that the app needs no privilege",
  G11: "The walls survive a reboot",
  G12: "Logins outside the white list are told within seconds",
  G13: "The database listens privately, with no way in that nobody asked for",
  G14: "Nightly encrypted backups; a good one is never deleted for a bad one",
  G15: "Backups leave for a server that takes them in and gives none back",
  G16: "A backup can be restored",
  G17: "Everything is automated and can be run again",
  A01: "The application runs as a locked user, in a sandbox, from releases it cannot change",
  A02: "HTTPS with a key of the application's own; HTTP leads there",
  A06: "The application's configuration is outside its releases, and for it alone",
  A07: "The application changes rows and nothing else; deployments change tables",
  H09: "Certificates are renewed, and their end is watched",
  P01: "Nothing listens or runs that nobody knows of",
  P02: "What is changed by hand is noticed, and told",
  P03: "The kernel and the defaults of programs are hardened, and programs confined",
  P04: "SSH is for listed addresses, and each key names its holder",
};

/** The rows of each check, as the heads of the controls name them. */
export function rowsOfChecks(bundleDir = BUNDLE_DIR): Map<string, readonly string[]> {
  const scripts = readdirSync(join(bundleDir, "controls")).filter((file) => file.endsWith(".sh"));
  const entries = scripts.flatMap((file) => {
    const text = readFileSync(join(bundleDir, "controls", file), "utf8");
    const [, list = ""] = /^# checks: +(.*)$/m.exec(text) ?? [];
    return list.split(", ").map((entry): [string, readonly string[]] => {
      const [id = "", ...rows] = entry.split(" ");
      return [id, rows];
    });
  });
  return new Map(entries);
}

/** Of a control that could not look: all that it stands for. */
export function rowsOfControl(control: string, checks: Map<string, readonly string[]>): string[] {
  const own = [...checks].filter(([id]) => controlOf(id) === control).flatMap(([, rows]) => rows);
  return [...new Set(own)].sort();
}

/** `DATABASE-CLIENT-03` is of `database-client`. */
export const controlOf = (id: string): string => id.slice(0, id.lastIndexOf("-")).toLowerCase();

/** A row of the catalogue at the beginning of what a check says. */
const ROW = /^[GAPH]\d\d /;

/** What a check promises, without the rows that it begins with. */
export function withoutRows(said: string): string {
  return ROW.test(said) ? withoutRows(said.slice("G00 ".length)) : said;
}
