/** The policy pack in the real CLI: every rule's programs, and the whole environment. */
import { join } from "node:path";

import { startCloud, stopClouds } from "../api/harness";
import { CANARY, CASES } from "../policy/programs";
import { PrivatePulumi, type Ran } from "./private-pulumi";

const PACK = join(__dirname, "../../policy");
const PROJECT = join(__dirname, "../policy");

let pulumi: PrivatePulumi;

beforeAll(async () => {
  // Types and regions are public, so no token is given.
  const { origin } = await startCloud();
  pulumi = new PrivatePulumi(PROJECT, { LINODE_URL: origin });
  expect(await pulumi.run(["stack", "init", "test"])).toMatchObject({ code: 0 });
});

afterAll(async () => {
  pulumi.remove();
  await stopClouds();
});

const preview = (which: string, ...flags: string[]): Promise<Ran> =>
  pulumi.run(["preview", "--stack", "test", "--policy-pack", PACK, ...flags], {
    POLICY_CASES: which,
  });

/** What the pack says, as `<rule> case-<number>: <fault>`. */
function violations({ stdout }: Ran): string[] {
  const found = stdout.matchAll(
    /- \[(\w+)\] +([\w-]+) +\([\w:]+: (case-\d+)\)\n.*\n +\3: (.*?)\. [A-Z]/g,
  );
  return [...found].map(([, level = "", rule = "", name = "", fault = ""]) =>
    [level, rule, `${name}: ${fault}`].join(" "),
  );
}

describe("the policy pack", () => {
  it.each([
    [0, "metadatas"],
    [1, "stdin"],
  ])(
    "refuses program %d, whose %s is in clear, and does not show it",
    async (number, key) => {
      const ran = await preview(`plain ${number}`, "--diff");
      expect(ran.code).not.toBe(0);
      const text = ran.stdout + ran.stderr;
      expect(text).toContain(
        `plain-${number}: its ${key} is in clear. Wrap it in pulumi.secret().`,
      );
      expect(text).not.toContain(CANARY);
    },
    120_000,
  );

  it("lets every good program pass", async () => {
    const ran = await preview("good");
    expect(violations(ran)).toEqual([]);
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("✅ stronghold@v") as string,
    });
  }, 120_000);

  it("refuses every bad one and says what to do", async () => {
    const ran = await preview("bad");
    expect(ran.code).not.toBe(0);
    const named = (fault: string): string =>
      fault.replace("<project>", "policies").replace("<stack>", "test");
    const expected = CASES.flatMap(({ rule, faults }, index) =>
      faults.map((fault) => `mandatory ${rule} case-${index}: ${named(fault)}`),
    );
    const found = violations(ran);
    expect(found).toEqual(expect.arrayContaining(expected));
    // What is left are rules that a case offends besides its own.
    const bad = new Set(expected.map((line) => /case-\d+/.exec(line)?.[0]));
    expect(found.filter((line) => !bad.has(/case-\d+/.exec(line)?.[0]))).toEqual([]);
  }, 120_000);
});
