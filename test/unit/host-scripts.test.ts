/** The conventions that every control keeps, read from its text; what it does is the host layer's. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HOST = join(__dirname, "../../scripts/host");
const TESTS = join(__dirname, "../host");
const CONTROLS = readdirSync(join(HOST, "controls"))
  .filter((file) => file.endsWith(".sh"))
  .map((file) => file.slice(0, -".sh".length));

const textOf = (control: string): string =>
  readFileSync(join(HOST, "controls", `${control}.sh`), "utf8");
const header = (control: string, label: string): string | undefined =>
  new RegExp(`^# ${label}: +(.*)$`, "m").exec(textOf(control))?.[1];

/** Ids as the script gives them out, and as its head lists them. */
const givenOut = (control: string): string[] =>
  [...textOf(control).matchAll(/^ {2}check ([A-Z-]+-\d\d) "/gm)].map(([, id = ""]) => id);
const listed = (control: string): string[][] =>
  (header(control, "checks") ?? "").split(", ").map((entry) => entry.split(" "));

describe("the controls", () => {
  it("are those of this release", () => {
    expect(CONTROLS).toEqual([
      "accounts",
      "application",
      "audit",
      "backups",
      "clock",
      "database-client",
      "database",
      "firewall",
      "login-alerts",
      "packages",
      "passwords",
      "ssh",
      "system",
      "two-factor",
      "vault",
    ]);
  });
});

describe.each(CONTROLS)("the control %s", (control) => {
  it("says in its second line what it does, in one line that a plan can show", () => {
    const [shebang, summary] = textOf(control).split("\n");
    expect(shebang).toBe("#!/usr/bin/env bash");
    expect(summary).toMatch(new RegExp(`^# ${control}: .{20,}$`));
    expect(summary?.length).toBeLessThanOrEqual(110);
  });

  it.each(["Threat", "Source", "Changes", "needs", "checks"])("has a head with %s", (label) => {
    expect(header(control, label)).toMatch(/\S/);
  });

  it("defines both verbs and names its parameters", () => {
    expect(textOf(control)).toMatch(/^audit\(\) \{$/m);
    expect(textOf(control)).toMatch(/^apply\(\) \{$/m);
    expect(textOf(control)).toMatch(/^takes [A-Z0-9_]+ /m);
  });

  it("numbers its checks from 01 without a gap, and each names its promises", () => {
    const name = control.toUpperCase();
    const ids = givenOut(control);
    const expected = ids.map((_, n) => `${name}-${String(n + 1).padStart(2, "0")}`);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids).toEqual(expected);
    const rows = listed(control).map(([id = "", ...promises]) => `${id} ${promises.join(" ")}`);
    const said = [...textOf(control).matchAll(/^ {2}check ([A-Z-]+-\d\d) "((?:[GAHP]\d\d )+)/gm)];
    expect(said.map(([, id = "", promises = ""]) => `${id} ${promises.trim()}`)).toEqual(rows);
  });

  it("has a test of its name on a real host", () => {
    expect(existsSync(join(TESTS, `control-${control}.test.ts`))).toBe(true);
  });

  it("never runs text as code, edits in place, or lets a secret be traced", () => {
    const code = textOf(control).replace(/^ *#.*$/gm, "");
    expect(code).not.toMatch(/\beval\b|\bsed -i\b|\bset -x\b|\bcurl\b|\bwget\b/);
  });
});

/** What starts a service: systemd gives one up that is started often, and then the service never runs again. */
const TRIGGERS = readdirSync(join(HOST, "files"), { recursive: true, encoding: "utf8" }).filter(
  (file) => /\.(timer|path|socket)$/.test(file),
);

it.each(TRIGGERS)(
  "no start limit keeps %s down, as several runs of a control in a row would",
  (file) => {
    expect(readFileSync(join(HOST, "files", file), "utf8")).toMatch(/^StartLimitIntervalSec=0$/m);
  },
);

it("keeps the scripts within their budgets", () => {
  const lines = (file: string): number => readFileSync(file, "utf8").trimEnd().split("\n").length;
  const scripts = readdirSync(HOST, { recursive: true, encoding: "utf8" })
    .filter((file) => (file.endsWith(".sh") && !file.startsWith("files/")) || file === "driver")
    .filter((file) => lines(join(HOST, file)) > (file === "lib.sh" ? 200 : 150));
  expect(scripts).toEqual([]);
});
