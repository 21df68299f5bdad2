/**
 * What the workflows for GitHub Actions may never come to do. actionlint and zizmor, which their own
 * workflow runs, look for the rest.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

interface Job {
  permissions?: Record<string, string>;
  environment?: string;
  steps: {
    uses?: string;
    run?: string;
    with?: Record<string, unknown>;
    env?: Record<string, string>;
  }[];
  "timeout-minutes"?: number;
}

interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  concurrency?: object;
  jobs: Record<string, Job>;
}

const FOLDER = join(__dirname, "../../.github/workflows");
const FILES = readdirSync(FOLDER).sort();
const textOf = (file: string): string => readFileSync(join(FOLDER, file), "utf8");
const read = (file: string): Workflow => parse(textOf(file)) as Workflow;
const JOBS = FILES.flatMap((file) =>
  Object.entries(read(file).jobs).map(([name, job]) => ({ file, name, job })),
);
const SCRIPTS = (
  JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as {
    scripts: Record<string, string>;
  }
).scripts;

describe("the workflows", () => {
  it("are these", () => {
    expect(FILES).toEqual(["check.yml", "preview.yml", "up.yml"]);
  });

  it.each(FILES)(
    "%s gives no permission but where a job says so, and no two of it run at once",
    (file) => {
      expect(read(file).permissions).toEqual({});
      expect(read(file).concurrency).toBeDefined();
      expect(Object.keys(read(file).on)).not.toContain("pull_request_target");
    },
  );

  it.each(FILES)("%s uses actions by the commit alone, and says which version that is", (file) => {
    for (const line of textOf(file)
      .split("\n")
      .filter((text) => text.includes("uses:"))) {
      expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it.each(JOBS)("$file: $name ends in time, and puts nothing foreign into a script", ({ job }) => {
    expect(job["timeout-minutes"]).toBeLessThanOrEqual(60);
    for (const { run = "", uses = "", with: given = {} } of job.steps) {
      expect(run).not.toContain("${{");
      if (uses.startsWith("actions/checkout@")) expect(given["persist-credentials"]).toBe(false);
    }
  });

  it("hand no secret to a change that nobody has read, and no right to write", () => {
    const onRequests = JOBS.filter(({ file }) => "pull_request" in read(file).on);
    expect(onRequests.map(({ name }) => name)).toContain("preview");
    for (const { file, job } of onRequests) {
      expect(textOf(file)).not.toMatch(/\bsecrets\./);
      const runsTheChange = job.steps.some(({ uses = "" }) => uses.startsWith("actions/checkout@"));
      if (runsTheChange) expect(job.permissions).toEqual({ contents: "read" });
    }
  });

  it("hand secrets to jobs of an environment alone, and the token to the approved one", () => {
    const withSecrets = JOBS.filter(({ job }) => JSON.stringify(job).includes("secrets."));
    expect(withSecrets.map(({ name, job }) => [name, job.environment])).toEqual([
      ["plan", "preview"],
      ["up", "production"],
    ]);
    const withToken = JOBS.filter(({ job }) =>
      /LINODE_TOKEN|DEPLOYER_KEY/.test(JSON.stringify(job)),
    );
    expect(withToken.map(({ name }) => name)).toEqual(["up"]);
  });

  it("do everything by npm scripts that another CI can run as well", () => {
    const called = JOBS.flatMap(({ job }) => job.steps).flatMap(({ run = "" }) => [
      ...run.matchAll(/npm run (?:--silent )?([\w:]+)/g),
    ]);
    const names = new Set(called.map(([, name = ""]) => name));
    expect([...names].filter((name) => SCRIPTS[name] === undefined)).toEqual([]);
    expect(names).toEqual(new Set([...names, "preview", "preview:live", "up", "check"]));
  });
});
