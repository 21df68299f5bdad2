/** `npm run preview` with the real CLI: what its providers and its policies make of a change. */
import { CANARY, PreviewProject } from "../preview-project";
import { startCloud, stopClouds } from "../api/harness";

let project: PreviewProject;
let env: Record<string, string>;

beforeAll(async () => {
  project = new PreviewProject();
  const home = process.env["PULUMI_HOME"];
  env = {
    LINODE_URL: (await startCloud()).origin,
    ...(home === undefined ? {} : { PULUMI_HOME: home }),
  };
});

afterAll(async () => {
  project.remove();
  await stopClouds();
});

describe("npm run preview", () => {
  it("has the CLI take every resource, without a token or a key", async () => {
    const ran = await project.preview(["--base", "HEAD"], env);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("Nothing changes.");
    expect(ran.stdout).toMatch(
      /Pulumi CLI \S+: the providers take all \d+ resources, and the policy pack passes/,
    );
    expect(ran.stdout).not.toContain(CANARY);
  }, 180_000);

  it("ends with what the policy pack has against a change", async () => {
    project.edit("components/server.ts", 'protect: role !== "app"', 'protect: role === "app"');
    const ran = await project.preview([], env);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("environment-database-instance: it is not protected.");
    expect(ran.stdout + ran.stderr).not.toContain(CANARY);
  }, 180_000);
});
