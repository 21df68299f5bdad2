/** What the operator's commands make of the Pulumi CLI's answers, from one that is none. */
import { spawnSync } from "node:child_process";

import { endOf, WHOLE_STATES } from "../../local/cli/pulumi-output";

const ARGS = ["stack", "export"];
/** In the place of the CLI, which does this. */
const exported = (script: string): string =>
  endOf(ARGS, spawnSync("sh", ["-c", script], WHOLE_STATES));

it("takes in a state of any size", () => {
  expect(exported("head -c 5000000 /dev/zero | tr '\\0' x")).toHaveLength(5_000_000);
});

it("says what the CLI says when it fails, and shows nothing of a state", () => {
  const failing = (): string =>
    exported("echo S3CRET; echo 'error: no stack named prod' >&2; exit 255");
  expect(failing).toThrow("pulumi stack export failed: error: no stack named prod");
  expect(failing).not.toThrow(/S3CRET/);
});

it("says by what it was killed, if it said nothing", () => {
  expect(() => exported("kill -9 $$")).toThrow("pulumi stack export failed: SIGKILL");
});

it("says how to get the CLI where there is none", () => {
  const none = (): string => endOf(ARGS, spawnSync("/nowhere/pulumi", ARGS, WHOLE_STATES));
  expect(none).toThrow(/not on PATH.*Install it/);
});
