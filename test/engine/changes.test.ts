/**
 * One changed setting after the other in a live environment, on the real engine: what each update touches,
 * what it must not, and how long it takes. The table stays in `reports/changes.md`.
 *
 * What a changed setting does to a server is the other layers' to prove.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT, TestCloud } from "../e2e/cloud";
import { settingsFile } from "../e2e/settings";
import { CHANGES, REFUSED } from "./changes";
import { pulumiOf } from "./local-engine";

interface Resource {
  urn: string;
  id?: string;
  type: string;
  modified?: string;
}

const INSTANCE = "linode:index/instance:Instance";

const cloud = new TestCloud("engine-changes");
const { destroyAll } = pulumiOf(cloud);
const rows: string[] = [];

function resources(): Map<string, Resource> {
  const file = join(cloud.paths.stateDir, "pulumi/backend/.pulumi/stacks/stronghold/local.json");
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint: { latest: { resources: Resource[] } };
  };
  return new Map(checkpoint.latest.resources.map((resource) => [resource.urn, resource]));
}

const nameOf = (urn: string): string => (urn.split("::").at(-1) ?? "").replace("environment-", "");

/** Names of what one state has and another has not, or has otherwise. */
function touched(before: Map<string, Resource>, after: Map<string, Resource>) {
  const isCustom = ({ id }: Resource): boolean => id !== undefined;
  const all = (map: Map<string, Resource>): Resource[] => [...map.values()].filter(isCustom);
  const names = (found: Resource[]): string[] => found.map(({ urn }) => nameOf(urn)).sort();
  return {
    created: names(all(after).filter(({ urn }) => !before.has(urn))),
    deleted: names(all(before).filter(({ urn }) => !after.has(urn))),
    updated: names(
      all(after).filter(({ urn, modified }) => {
        const old = before.get(urn);
        return old !== undefined && old.modified !== modified;
      }),
    ),
  };
}

const instances = (of: Map<string, Resource>): string[] =>
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
      expect(resources()).toEqual(before);
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
