/** What there is beside a deploy itself, with a script in the place of the server, and the command's own words. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { lineFor, logsOf } from "../../scripts/deploy/logs";
import { rollbackAt } from "../../scripts/deploy/rollback";
import { renderStatus, statusOf } from "../../scripts/deploy/status";
import { whoDeploys } from "../../scripts/deploy/who";
import { stubStack } from "./fixtures/deploy";
import { endOf, QUIET, TOOL, withBench } from "./fixtures/deploy-bench";

describe("a rollback", () => {
  it.each([
    [undefined, `${TOOL} rollback ada@example.org`],
    ["0123456789abcdef", `${TOOL} rollback ada@example.org 0123456789abcdef`],
  ])("to %s", (id, line) =>
    withBench(async ({ state, lines }) => {
      const report = await rollbackAt(stubStack(state), id, QUIET);
      expect(lines()).toEqual([line]);
      expect(report.servers).toEqual([{ host: "app", result: "hello 1.0.0 serves" }]);
    }),
  );

  it("to what is no release is a wrong use", () =>
    withBench(async ({ state }) => {
      const [message, code] = await endOf(rollbackAt(stubStack(state), "$(id)", QUIET));
      expect([message, code]).toEqual([
        '"$(id)" is not the id of a release; `npm run deploy -- status` shows what there is.',
        64,
      ]);
      expect(existsSync(join(state, "lines"))).toBe(false);
    }));
});

it("shows what serves, what was before, and who did it", () =>
  withBench(async ({ state, says }) => {
    const told = {
      ...{ current: "b".repeat(16), service: "active", node: "20.19.2", lock: "bob since noon" },
      releases: [
        ["a", "1.0.0", "2026-11-23T12:00:00Z"],
        ["b", "1.10.0", null],
      ].map(([digit, version, deployed]) => ({
        ...{ id: digit!.repeat(16), name: "hello", version, deployed, current: digit === "b" },
      })),
      deploys: [
        {
          at: "2026-11-23T12:00:00Z",
          by: "ada",
          action: "deploy",
          release: "a".repeat(16),
          result: "done\u001b",
        },
      ],
    };
    says("status", `cat <<'END'\n${JSON.stringify(told)}\nEND`);
    expect(renderStatus(await statusOf(stubStack(state), QUIET))).toBe(
      [
        "app: https://203.0.113.1, active, Node.js 20.19.2",
        "A deploy is at work: bob since noon",
        "Releases:",
        "     aaaaaaaaaaaaaaaa  hello 1.0.0   2026-11-23T12:00:00Z",
        "  *  bbbbbbbbbbbbbbbb  hello 1.10.0  never in service",
        "Deploys, the newest first:",
        "  2026-11-23T12:00:00Z  ada  deploy  aaaaaaaaaaaaaaaa  done\\x1b",
      ].join("\n"),
    );
  }));

describe("logs", () => {
  const JOURNAL = "journalctl --unit=application.service --output=short-iso --no-pager --quiet";

  it.each([
    [{ lines: "100" }, `sudo -n ${JOURNAL} --lines=100`],
    [{ lines: "5", since: "1 hour ago" }, `sudo -n ${JOURNAL} --lines=5 --since="1 hour ago"`],
    [
      { lines: "5", follow: true },
      `sudo -n sh -c '${JOURNAL} --lines=5 --follow & cat >/dev/null; kill $!'`,
    ],
  ])("%j", (options, line) => {
    expect(lineFor(options)).toBe(line);
  });

  it.each([
    [{ lines: "many" }, '--lines: "many" is not a number of lines.'],
    [{ lines: "1", since: '$(id)"' }, '--since: "$(id)\\"" is no time that the journal knows'],
  ])("%j is a wrong use", (options, expected) => {
    expect(() => lineFor(options)).toThrow(expected);
  });

  it("are what the server shows", () =>
    withBench(async ({ state }) => {
      const out = new PassThrough();
      await logsOf(stubStack(state), { lines: "3" }, out);
      expect(String(out.read())).toBe("a line of the journal\n");
    }));
});

describe("who deploys", () => {
  it.each([
    ["as it is told", "ada", {}, "ada"],
    ["as GitHub Actions says", undefined, { GITHUB_ACTOR: "dependabot[bot]" }, "dependabot-bot-"],
  ])("is known %s", (_, given, env, expected) => {
    expect(whoDeploys(given, env)).toBe(expected);
  });

  it("is always somebody whom the server takes", () => {
    expect(whoDeploys(undefined, {})).toMatch(/^[A-Za-z0-9@._+-]{1,64}$/);
  });

  it.each(["", "two words", "a".repeat(65), "$(id)"])("is not %j", (given) => {
    expect(() => whoDeploys(given)).toThrow(`--by: ${JSON.stringify(given)} is no name here`);
  });
});

describe("npm run deploy", () => {
  const run = (...words: string[]): { code: number | null; text: string } => {
    const args = ["--import", "tsx", "scripts/deploy.ts", ...words];
    const ran = spawnSync(process.execPath, args, {
      ...{ cwd: join(__dirname, "../.."), encoding: "utf8" },
      env: { ...process.env, STRONGHOLD_CLOUD: "none-of-that-name" },
    });
    return { code: ran.status, text: ran.stdout + ran.stderr };
  };

  it.each([
    ["nothing", [], "missing required argument 'directory|tarball'"],
    ["an unknown option", ["x", "--force"], "unknown option '--force'"],
    ["a folder that is not there", ["/nowhere/x"], "There is no /nowhere/x"],
    ["two stacks", [".", "--stack", "a", "--outputs", "b"], "both name a stack"],
  ])("with %s is a wrong use", (_, words, expected) => {
    const { code, text } = run(...words);
    expect(text).toContain(expected);
    expect(code).toBe(64);
  });

  it("takes a stack that is there", () => {
    const { code, text } = run("status");
    expect(text).toContain("No local cloud is up.");
    expect(code).toBe(1);
  });
});
