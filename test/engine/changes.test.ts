/**
 * One changed setting after the other in a live environment, on the real engine: what each update touches,
 * what it must not, and how long it takes. The table stays in `reports/changes.md`.
 *
 * What a changed setting does to a server is the other layers' to prove.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { ROOT, TestCloud } from "../e2e/cloud";
import { settingsFile } from "../e2e/settings";
import { CHANGES, REFUSED } from "./changes";
import { nameOf, pulumiOf, readState, type StateResource } from "./local-engine";

const INSTANCE = "linode:index/instance:Instance";

const cloud = new TestCloud("engine-changes");
const { destroyAll } = pulumiOf(cloud);
const rows: string[] = [];

const resources = (): Map<string, StateResource> =>
  new Map(readState(cloud).resources.map((resource) => [resource.urn, resource]));

const shortName = (resource: StateResource): string => nameOf(resource).replace("environment-", "");

/** Names of what one state has and another has not, or has otherwise. */
function touched(before: Map<string, StateResource>, after: Map<string, StateResource>) {
  const isCustom = ({ id }: StateResource): boolean => id !== undefined;
  const all = (map: Map<string, StateResource>): StateResource[] =>
    [...map.values()].filter(isCustom);
  const names = (found: StateResource[]): string[] => found.map(shortName).sort();
  return {
    created: names(all(after).filter(({ urn }) => !before.has(urn))),
    deleted: names(all(before).filter(({ urn }) => !after.has(urn))),
    updated: names(
      all(after).filter(({ urn, modified, inputs }) => {
        const old = before.get(urn);
        // A look at what there is changes the time alone.
        return old && old.modified !== modified && !isDeepStrictEqual(old.inputs, inputs);
      }),
    ),
  };
}

const instances = (of: Map<string, StateResource>): string[] =>
  [...of.values()].filter(({ type }) => type === INSTANCE).map(({ id }) => id ?? "");

beforeAll(() => {
  cloud.down();
  cloud.up("--engine", "pulumi");
}, 900_000);

afterAll(async () => {
  await destroyAll();
  cloud.down();
  const head = ["| setting | created | deleted | updated | seconds |", "|---|---|---|---|---|"];
  mkdirSync(join(ROOT, "reports"), { recursive: true });
  writeFileSync(join(ROOT, "reports", "changes.md"), [...head, ...rows, ""].join("\n"));
}, 300_000);

describe("an edit that no server would survive", () => {
  it.each(REFUSED.map((row) => [row.setting, row] as const))(
    "is refused before anything happens: %s",
    (setting, { change, by }) => {
      const before = resources();
      const began = performance.now();
      const ran = cloud.run(["up", "--engine", "pulumi", "--settings", settingsFile(change)]);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      expect(ran.code).not.toBe(0);
      expect(ran.stdout + ran.stderr).toMatch(new RegExp(`${by}.*protect|protect.*${by}`, "s"));
      expect(touched(before, resources())).toEqual({ created: [], deleted: [], updated: [] });
      rows.push(`| ${setting} | refused: ${by} | | | ${seconds} |`);
    },
    120_000,
  );
});

describe("a changed setting", () => {
  it.each(CHANGES.map((row) => [row.setting, row] as const))(
    "%s",
    (setting, { change }) => {
      const before = resources();
      const began = performance.now();
      cloud.up("--engine", "pulumi", "--settings", settingsFile(change));
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      const after = resources();
      const { created, deleted, updated } = touched(before, after);
      expect(instances(after)).toEqual(instances(before));
      expect([...created, ...deleted, ...updated]).not.toEqual([]);
      const cells = [created, deleted, updated].map((names) => names.join(", "));
      rows.push(`| ${setting} | ${cells.join(" | ")} | ${seconds} |`);
      cloud.up("--engine", "pulumi");
      expect(cloud.login("db").code).toBe(0);
    },
    600_000,
  );
});
