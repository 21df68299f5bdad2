import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chooseEngine } from "../../local/cli/engines";
import { withLock } from "../../local/cli/lock";
import { countResources } from "../../local/cli/pulumi-engine";
import { cloudPaths } from "../../local/paths";

const folder = mkdtempSync(join(tmpdir(), "stronghold-cli-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the count of an engine's run", () => {
  it("reads creations, updates, replacements, deletions and what stayed", () => {
    const text =
      "Outputs:\n    app: 5 created\n\nResources:\n    + 3 created\n    ~ 2 updated\n    - 1 deleted\n    +-1 replaced\n    7 changes. 34 unchanged\n\nDuration: 9s\n";
    expect(countResources(text)).toEqual({ created: 4, updated: 2, deleted: 1, same: 34 });
  });

  it("reads a run without changes", () => {
    const text = "\nResources:\n    37 unchanged\n\nDuration: 2s\n";
    expect(countResources(text)).toEqual({ created: 0, updated: 0, deleted: 0, same: 37 });
  });

  it("reads a preview", () => {
    const text = "\nResources:\n    + 34 to create\n    ~ 1 to update\n    1 unchanged\n";
    expect(countResources(text)).toEqual({ created: 34, updated: 1, deleted: 0, same: 1 });
  });
});

describe("the lock of a cloud", () => {
  it("names the command that holds it", async () => {
    const state = join(folder, "held");
    await withLock(state, "up", async () => {
      await expect(withLock(state, "down", () => Promise.resolve())).rejects.toThrow(
        `\`up\` (process ${process.pid}) is at work on this cloud: wait for it to end.`,
      );
    });
  });

  it("is taken over from a command that was killed", async () => {
    const dead = spawn("true", { stdio: "ignore" });
    await new Promise((resolve) => dead.on("close", resolve));
    const holder = { pid: dead.pid, start: "1", verb: "up" };
    writeFileSync(join(folder, ".stale.lock"), JSON.stringify(holder));
    await expect(withLock(join(folder, "stale"), "down", () => Promise.resolve(1))).resolves.toBe(
      1,
    );
  });

  it("is released when the work fails", async () => {
    const state = join(folder, "failed");
    await expect(withLock(state, "up", () => Promise.reject(new Error("no")))).rejects.toThrow(
      "no",
    );
    await expect(withLock(state, "up", () => Promise.resolve(2))).resolves.toBe(2);
  });
});

describe("the choice of engine", () => {
  it("refuses the other engine for a stack that one has made", async () => {
    await expect(chooseEngine("embedded", "pulumi")).rejects.toThrow(
      "This cloud's stack was made by the pulumi engine, whose state the embedded engine cannot read.",
    );
  });

  it("stays with the engine that made the stack", async () => {
    await expect(chooseEngine("auto", "embedded")).resolves.toBe("embedded");
  });
});

describe("the identity of a cloud", () => {
  it("differs by name, so that two clouds of one checkout run side by side", () => {
    const [one, other] = ["one", "other"].map((name) => cloudPaths({ STRONGHOLD_CLOUD: name }));
    expect(one?.cloudId).toMatch(/^[0-9a-f]{6}$/);
    expect(one?.cloudId).not.toBe(other?.cloudId);
  });

  it("stays the same from run to run", () => {
    expect(cloudPaths({})).toEqual(cloudPaths({}));
  });
});
