/**
 * A deploy from its first question to its report, with a script in the place of the server.
 *
 * That the server's program answers like the script is the host layer's to show.
 */
import { readdirSync } from "node:fs";

import { CANARY, type Files, OUTPUTS, PACKAGE, PLAIN, toldOf } from "./fixtures/deploy";
import { endOf, QUIET, TOOL, withBench } from "./fixtures/deploy-bench";

const MIGRATES: Files = {
  ...PLAIN,
  "package.json": JSON.stringify({ ...PACKAGE, stronghold: { migrate: "dist/migrate.js" } }),
  "dist/migrate.js": "// migrates\n",
};
const MASKED = { ...OUTPUTS, databaseAccess: "[secret]", enrolments: "[secret]" };

const leftovers = (): string[] =>
  readdirSync("/var/tmp").filter((name) => name.startsWith(`stronghold-deploy-${process.pid}-`));

describe("a deploy", () => {
  it("asks, sends what is missing, and has it put into service", () =>
    withBench(async ({ deploy, lines }) => {
      const report = await deploy();
      const { sha256, release } = report;
      expect(release).toBe(sha256.slice(0, 16));
      expect(lines()).toEqual([
        `${TOOL} status`,
        `${TOOL} has ${sha256}`,
        `${TOOL} receive ${sha256}`,
        `${TOOL} deploy ${release} ada@example.org`,
      ]);
      expect(report).toMatchObject({
        ...{
          name: "hello",
          version: "1.0.0",
          origin: "https://203.0.113.1",
          by: "ada@example.org",
        },
        ...{ dryRun: false, warnings: [] },
        servers: [{ host: "app", sent: true, result: "hello 1.0.0 serves" }],
      });
      expect(leftovers()).toEqual([]);
    }));

  it("sends nothing that is there already", () =>
    withBench(async ({ deploy, says, lines }) => {
      says("has", "exit 0");
      expect((await deploy()).servers).toMatchObject([{ sent: false }]);
      expect(lines().map((line) => line.split(" ")[1])).toEqual(["status", "has", "deploy"]);
    }));

  it("sends nothing at all where it is only to look", () =>
    withBench(async ({ deploy, lines }) => {
      const { dryRun, servers } = await deploy(PLAIN, { ...QUIET, dryRun: true });
      expect(dryRun).toBe(true);
      expect(servers[0]?.result).toMatch(/^lacks 0.0 MB$/);
      expect(lines().map((line) => line.split(" ")[1])).toEqual(["status", "has"]);
    }));

  it("gives the deployment account to a migration, by stdin alone", () =>
    withBench(async ({ deploy, state }) => {
      await deploy(MIGRATES);
      expect(JSON.parse(toldOf(state, "stdin.deploy"))).toEqual({
        database: { user: "deployment", password: CANARY },
      });
      for (const name of ["argv", "env", "lines"])
        expect(toldOf(state, name)).not.toContain("canary");
    }));

  it("gives it to nobody else", () =>
    withBench(async ({ deploy, state }) => {
      await deploy();
      expect(toldOf(state, "stdin.deploy")).toBe("{}\n");
    }));

  it("needs no secret without a migration, and says what to do where it does", () =>
    withBench(async ({ deploy, lines }) => {
      await deploy(PLAIN, QUIET, MASKED);
      const asked = lines().length;
      expect(await endOf(deploy(MIGRATES, QUIET, MASKED))).toEqual([
        expect.stringContaining(
          "print the outputs with `pulumi stack output --json --show-secrets`",
        ),
        1,
      ]);
      // It has asked what the server is, and sent nothing.
      expect(lines().slice(asked)).toEqual([`${TOOL} status`]);
    }));

  it("shows no secret, whatever a server says", () =>
    withBench(async ({ deploy, says }) => {
      says("deploy", `printf 'STEP\\tlogin with ${CANARY}\\n'; echo "no: ${CANARY}" >&2; exit 1`);
      const shown: string[] = [];
      const write = jest.spyOn(process.stderr, "write").mockImplementation((text) => {
        shown.push(String(text));
        return true;
      });
      try {
        const [message, code] = await endOf(deploy(MIGRATES, { ...QUIET, quiet: false }));
        expect([message, code]).toEqual([
          'The server "app" failed to deploy (1):\nno: (secret)',
          1,
        ]);
      } finally {
        write.mockRestore();
      }
      expect(shown.join("")).toContain("login with (secret)");
      expect(shown.join("")).not.toContain(CANARY);
    }));

  it("refuses a release with all of its faults, before anything is sent", () =>
    withBench(async ({ deploy, lines }) => {
      const wrong = { ...PLAIN, "package-lock.json": "{}", ".env": "", "dist/a.js": CANARY };
      const [message] = await endOf(deploy(wrong));
      expect(message.split("\n").slice(1)).toEqual([
        "  package-lock.json: `lockfileVersion` is missing; 2 or 3, which npm 7 and newer write",
        "  .env: it holds settings of a machine; leave it out of the release",
        '  dist/a.js: it holds the password of the database account "deployment" of this stack; leave it out of the release',
      ]);
      expect(lines()).toEqual([`${TOOL} status`]);
      expect(leftovers()).toEqual([]);
    }));

  const rows: [string, string, string, string, number][] = [
    [
      "has no such program",
      "status",
      "echo 'sudo: /usr/local/sbin/stronghold-application: command not found' >&2; exit 1",
      'The server "app" has no control `application` yet: bring the stack up with this version first.',
      1,
    ],
    [
      "answers in another way",
      "status",
      "echo '{\"current\": 1}'",
      'The server "app" answers `status` in another way than this version reads: bring the stack up with this version first.',
      1,
    ],
    [
      "does not know the verb",
      "deploy",
      "echo 'usage: ...' >&2; exit 64",
      'The server "app" does not understand `deploy` of this version (usage: ...): bring the stack up with this version first.',
      1,
    ],
    [
      "is at work for somebody else",
      "deploy",
      "echo 'another deploy is at work: bob' >&2; exit 75",
      'The server "app" is busy: another deploy is at work: bob',
      75,
    ],
    [
      "refuses the tarball",
      "receive",
      "echo 'the release is refused' >&2; exit 65",
      'The server "app" failed to receive (65):\nthe release is refused',
      1,
    ],
    [
      "calls the release by another name",
      "receive",
      "printf 'RESULT\\t0123\\n'",
      'The server "app" calls the release "0123" instead of ID: bring the stack up with this version first.',
      1,
    ],
    [
      "finds the release no good",
      "deploy",
      "echo 'release x is no good; the release before serves on' >&2; exit 1",
      'The server "app" failed to deploy (1):\nrelease x is no good; the release before serves on',
      1,
    ],
    [
      "says nothing",
      "deploy",
      "exit 3",
      'The server "app" failed to deploy (3):\nIt does not say why.',
      1,
    ],
    [
      "is lost on the way",
      "deploy",
      "echo 'Connection reset' >&2; exit 255",
      'The connection to the server "app" failed: Connection reset\n' +
        "Is this one of the addresses of `ssh.allowFrom`, and the deployer's key in your SSH agent (`ssh-add -l`)?\n" +
        "What the server has been told to do it ends or undoes by itself: `npm run deploy -- status` shows what came of it.",
      1,
    ],
  ];

  it.each(rows)("tells when the server %s", (_, verb, script, expected, code) =>
    withBench(async ({ deploy, says }) => {
      says(verb, script);
      const [message, exit] = await endOf(deploy(MIGRATES));
      expect([message.replace(/[0-9a-f]{16}/, "ID"), exit]).toEqual([expected, code]);
      expect(leftovers()).toEqual([]);
    }),
  );
});
