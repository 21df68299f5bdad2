/** Every fault of a stack's outputs with the exact words in which whoever deploys reads it. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { UserError } from "../../local/cli/user-error";
import { deploymentOf, targetOf } from "../../scripts/deploy/outputs";
import { stackOf } from "../../scripts/deploy/session";
import { fileStack } from "../../scripts/stacks/file-stack";
import { CANARY, OUTPUTS, stubStack, withFolder } from "./fixtures/deploy";

const NONE = "FILE is not what `pulumi stack output --json` prints: ";
const lacks = (...faults: string[]): string =>
  [
    "FILE lacks outputs of a stack:",
    ...faults.map((fault) => `  ${fault}`),
    "If the stack is older than this version, bring it up with this version first.",
  ].join("\n");

const given = (change: Record<string, unknown>): string =>
  JSON.stringify({ ...OUTPUTS, ...change });
const without = (name: string): string => given({ [name]: undefined });

const ROWS: [string, string, string][] = [
  ["empty", "", `${NONE}it is empty.`],
  ["blank", " \n", `${NONE}it is empty.`],
  [
    "printed for people",
    `Current stack outputs (12):\n    databaseAccess  ${CANARY}\n`,
    `${NONE}it was printed without --json.`,
  ],
  ["not JSON", `{"databaseAccess": ${CANARY}`, `${NONE}it is not JSON.`],
  ["cut off", given({}).slice(0, -20), `${NONE}it is not JSON.`],
  ["a list", "[]", lacks("outputs: Invalid input: expected object, received array")],
  ["null", "null", lacks("outputs: Invalid input: expected object, received null")],
  [
    "of another version",
    given({ outputsVersion: 2 }),
    lacks("outputsVersion: Invalid input: expected 1"),
  ],
  [
    "of an older stack, without an application",
    without("application"),
    lacks("application: Invalid input: expected object, received undefined"),
  ],
  [
    "without an app server",
    without("app"),
    lacks("app: Invalid input: expected object, received undefined"),
  ],
  [
    "without the app server's address",
    given({ app: { ...OUTPUTS.app, publicIPv4: undefined } }),
    lacks("app.publicIPv4: Invalid input: expected string, received undefined"),
  ],
  [
    "with a name for the app server's address",
    given({ app: { ...OUTPUTS.app, publicIPv4: "app" } }),
    lacks("app.publicIPv4: Invalid IPv4 address"),
  ],
  [
    "without sshConfig",
    without("sshConfig"),
    lacks("sshConfig: Invalid input: expected string, received undefined"),
  ],
  [
    "without host keys",
    without("knownHosts"),
    lacks("knownHosts: Invalid input: expected string, received undefined"),
  ],
  [
    "without the account of automation",
    given({ deployer: "" }),
    lacks("deployer: Too small: expected string to have >=1 characters"),
  ],
  ["without the database", without("databaseAccess"), lacks("databaseAccess: Invalid input")],
  [
    "with several faults",
    given({ outputsVersion: 2, deployer: undefined }),
    lacks(
      "outputsVersion: Invalid input: expected 1",
      "deployer: Invalid input: expected string, received undefined",
    ),
  ],
  [
    "without the app server in sshConfig",
    given({ sshConfig: "Host db stronghold-test-app\n" }),
    'the stack of FILE: sshConfig has no host "app": bring the stack up again.',
  ],
];

/** What goes wrong with a file of that text. */
function faultOf(text: string): string {
  return withFolder((folder) => {
    const file = join(folder, "outputs.json");
    writeFileSync(file, text);
    try {
      targetOf(fileStack(file));
    } catch (error) {
      if (error instanceof UserError) return error.message.replaceAll(file, "FILE");
      throw error;
    }
    return "";
  });
}

describe("outputs in a file", () => {
  it("tell where to deploy, what to migrate with, and what no release may hold", () => {
    withFolder((folder) => {
      const file = join(folder, "outputs.json");
      writeFileSync(file, given({}));
      const target = targetOf(fileStack(file));
      expect(target).toMatchObject({
        stack: `the stack of ${file}`,
        origin: "https://203.0.113.1",
      });
      expect(deploymentOf(target)).toEqual({ user: "deployment", password: CANARY });
      expect(target.secrets.map(({ value }) => value)).toEqual([
        "canary-application",
        CANARY,
        "canary-person",
        "CANARYSECONDFACTOR",
      ]);
    });
  });

  it.each(ROWS)("that are %s are refused", (_, text, expected) => {
    expect(faultOf(text)).toBe(expected);
    expect(expected).not.toContain(CANARY);
  });

  it("with masked secrets do for a release without a migration, and for no other", () => {
    const masked = { ...OUTPUTS, databaseAccess: "[secret]", enrolments: "[secret]" };
    const target = targetOf(stubStack("/nowhere", masked));
    expect(target.secrets).toEqual([]);
    expect(() => deploymentOf(target)).toThrow(
      'the stack "test": databaseAccess is masked ("[secret]"), and the release\'s migration takes the deployment ' +
        "account: print the outputs with `pulumi stack output --json --show-secrets`.",
    );
  });

  it("that are not there are refused", () => {
    expect(() => fileStack("/nowhere/outputs.json")).toThrow(
      /^\/nowhere\/outputs.json cannot be read: .*ENOENT/,
    );
  });

  it("may come on standard input, so that secrets need no file", () => {
    const words = ["--import", "tsx", "scripts/deploy.ts", "status", "--outputs", "-"];
    const ran = spawnSync(process.execPath, words, {
      ...{ cwd: join(__dirname, "../.."), encoding: "utf8", input: given({ deployer: "" }) },
    });
    expect(ran.stderr).toContain("standard input lacks outputs of a stack:\n  deployer: Too small");
    expect(ran.status).toBe(1);
  });

  it("and a stack's name are one too many", () => {
    expect(() => stackOf({ stack: "prod", outputs: "outputs.json" })).toThrow(
      "--stack and --outputs both name a stack: leave one of them out.",
    );
  });
});
