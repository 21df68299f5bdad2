/**
 * A cloud whose making was interrupted, and servers of it made anew on purpose, on the embedded runner; the same on
 * the real engine is test/engine's.
 */
import { spawn } from "node:child_process";

import { traces } from "../machine-view";
import { ROOT, TestCloud } from "./cloud";
import { describeReplacement } from "./replacement";

const cloud = new TestCloud("replace");

beforeAll(() => {
  cloud.down();
}, 180_000);

afterAll(() => {
  cloud.down();
  if (traces(cloud.paths).length > 0) throw new Error("something of the cloud is left");
}, 180_000);

describe("a command that is interrupted", () => {
  it("leaves a cloud that the next up finishes", async () => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "scripts/local.ts", "up", "--engine", "embedded"],
      {
        cwd: ROOT,
        env: cloud.env,
        stdio: ["ignore", "ignore", "pipe"],
        detached: true,
      },
    );
    const ended = new Promise((resolve) => child.on("close", resolve));
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        // Hosts are there, hardening is under way.
        if (said.includes("packages")) resolve();
      });
      void ended.then(() => {
        reject(new Error(`it ended before it was interrupted:\n${said}`));
      });
    });
    process.kill(-(child.pid ?? 0), "SIGINT");
    expect(await ended).toBe(130);
    expect(cloud.up().engine).toBe("embedded");
    expect(cloud.login("db").code).toBe(0);
    expect(cloud.up()).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  }, 900_000);
});

describe("a server that is replaced", () => {
  describeReplacement(cloud);
});
