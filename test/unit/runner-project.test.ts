// Configuration as the Pulumi CLI would hand it over.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Project, readProject } from "../../local/runner/project";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "stronghold-project-"))));
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function read(stack: string, project = "name: stronghold\nruntime: nodejs\n"): Project {
  writeFileSync(join(folder, "Pulumi.yaml"), project);
  writeFileSync(join(folder, "Pulumi.local.yaml"), stack);
  return readProject(folder, join(folder, "Pulumi.local.yaml"));
}

describe("a project's configuration", () => {
  it("keeps text as it is and turns all else into JSON", () => {
    const { name, config } = read(
      "config:\n  stronghold:region: us-east\n  stronghold:ssh:\n    allowFrom: [a, b]\n  stronghold:n: 3\n  short: true\n",
    );
    expect(name).toBe("stronghold");
    expect(config).toEqual({
      "stronghold:region": "us-east",
      "stronghold:ssh": '{"allowFrom":["a","b"]}',
      "stronghold:n": "3",
      "stronghold:short": "true",
    });
  });

  it("takes the project's defaults where the stack says nothing, and its secret keys", () => {
    const project =
      "name: stronghold\nconfig:\n  region: {type: string, default: us-east}\n" +
      "  other: {type: string, default: x}\n  key: {type: string, secret: true}\n";
    const { config, secretKeys } = read("config:\n  stronghold:region: eu\n", project);
    expect(config).toEqual({ "stronghold:region": "eu", "stronghold:other": "x" });
    expect(secretKeys).toEqual(["stronghold:key"]);
  });

  it.each([
    ["config:\n  stronghold:key:\n    secure: AAAA\n"],
    ["config:\n  stronghold:deployer:\n    name: x\n    keys:\n      - secure: AAAA\n"],
  ])("refuses what only the Pulumi CLI can decrypt", (stack) => {
    expect(() => read(stack)).toThrow(/stronghold:(key|deployer) is encrypted.*install that/);
  });

  it("is empty for an empty file, and says which file is missing or broken", () => {
    expect(read("").config).toEqual({});
    expect(() => readProject(folder, join(folder, "nowhere.yaml"))).toThrow("there is no");
    expect(() => read("a: [")).toThrow("Pulumi.local.yaml is not YAML");
  });
});
