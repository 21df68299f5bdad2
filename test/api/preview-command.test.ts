/** `npm run preview` as a pull request's job calls it: no token, no key, no server, no Pulumi CLI. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";

import type { Preview } from "../../scripts/preview/preview";
import { CANARY, PreviewProject, type Previewed, SETTINGS } from "../preview-project";
import { type Cloud, startCloud, stopClouds } from "./harness";

// Each run loads all of this program, mostly twice, and the machine may be busy.
jest.setTimeout(180_000);

let project: PreviewProject;
let cloud: Cloud;

beforeAll(async () => {
  project = new PreviewProject();
  cloud = await startCloud();
});

afterAll(async () => {
  project.remove();
  await stopClouds();
});

/** Whatever it says, no secret is in it, and nothing stays behind. */
async function preview(...words: string[]): Promise<Previewed> {
  const ran = await project.preview(["--no-engine", ...words], { LINODE_URL: cloud.origin });
  expect(ran.stdout + ran.stderr).not.toContain(CANARY);
  expect(project.git("worktree", "list").trim().split("\n")).toHaveLength(1);
  return ran;
}

async function changes(settings: object): Promise<Preview> {
  project.set(settings);
  const { code, stdout, stderr } = await preview("--base", "HEAD", "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Preview;
}

const stepsOf = ({ changes: all }: Preview): string[] =>
  all.map(({ what, name, fields }) => `${what} ${name}: ${fields.join(", ")}`);

describe("npm run preview", () => {
  it("finds nothing where nothing differs", async () => {
    expect(await changes(SETTINGS)).toMatchObject({
      changes: [],
      faults: [],
      cost: { after: { monthly: 22 }, before: { monthly: 22 } },
    });
  });

  it("shows what a setting changes, and what that costs", async () => {
    const shown = await changes({
      ...SETTINGS,
      "stronghold:clock": { servers: ["ntp.example.org"] },
      "stronghold:app": { type: "g6-standard-1" },
    });
    expect(stepsOf(shown)).toEqual([
      "change environment-app-instance: type",
      "change environment-app-hardening-clock: SERVERS",
      "change environment-database-hardening-clock: SERVERS",
      "change environment-backup-hardening-clock: SERVERS",
    ]);
    expect(shown.cost).toMatchObject({ after: { monthly: 29 }, before: { monthly: 22 } });
  });

  it("tells a replacement, and that the engine would refuse one", async () => {
    const shown = await changes({ ...SETTINGS, "stronghold:database": { image: "private/7" } });
    expect(shown.changes).toMatchObject([
      { what: "replace", name: "environment-database-instance", protected: true },
    ]);
  });

  it("notices a changed file of a control", async () => {
    project.set(SETTINGS);
    const file = "scripts/host/controls/clock.sh";
    appendFileSync(join(project.folder, file), "\n# a change\n");
    const { stdout } = await preview("--base", "HEAD", "--json").finally(() =>
      project.git("checkout", "--quiet", file),
    );
    const steps = stepsOf(JSON.parse(stdout) as Preview);
    expect(steps.filter((step) => step.includes("clock"))).toEqual([
      "change environment-app-hardening-clock: its files",
      "change environment-database-hardening-clock: its files",
      "change environment-backup-hardening-clock: its files",
    ]);
    expect(steps.filter((step) => step.includes("bundle"))).toHaveLength(3);
  });

  it("prints a comment, and text by default", async () => {
    project.set(SETTINGS);
    expect((await preview("--markdown", "--base", "HEAD")).stdout).toMatch(
      /^### Preview of `prod`\n/,
    );
    expect((await preview()).stdout).toMatch(/^The stack "prod":\n/);
  });

  it.each<[string, object, string[], number, string]>([
    [
      "bad settings",
      { ...SETTINGS, "stronghold:region": "Mars" },
      [],
      1,
      'region: "Mars" is not allowed',
    ],
    [
      "a base that is not there",
      SETTINGS,
      ["--base", "nowhere"],
      1,
      'There is no version "nowhere"',
    ],
    [
      "a stack without settings",
      SETTINGS,
      ["--stack", "other"],
      1,
      "There is no Pulumi.other.yaml",
    ],
    ["an option that is none", SETTINGS, ["--loud"], 64, "unknown option"],
  ])("refuses %s", async (_, settings, words, code, message) => {
    project.set(settings);
    const ran = await preview(...words);
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).toContain(message);
  });

  it.each<[string, () => void, string]>([
    [
      "a size that the provider does not have",
      () => {
        project.set({ ...SETTINGS, "stronghold:app": { type: "g6-nowhere-9" } });
      },
      "environment-app-instance: the provider has no plan g6-nowhere-9",
    ],
    [
      "a program that breaks a policy",
      () => {
        project.set(SETTINGS);
        project.edit("components/server.ts", 'protect: role !== "app"', "protect: false");
      },
      "environment-database-instance: data-protected: it is not protected.",
    ],
  ])("ends with 1 on %s, and shows the rest", async (_, prepare, fault) => {
    prepare();
    const ran = await preview().finally(() => project.git("checkout", "--quiet", "components"));
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(`REFUSED:\n  - ${fault}`);
  });

  it("goes on without prices, and says so", async () => {
    project.set(SETTINGS);
    const ran = await project.preview(["--no-engine"], { LINODE_URL: "http://127.0.0.1:9" });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("Monthly cost: not known");
  });
});
