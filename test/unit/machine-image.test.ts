import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ensureImage, type ImageBuilder } from "../../local/machines/image";

let cacheDir: string;
let builds: number;

const build: ImageBuilder = (_, file) => {
  builds += 1;
  writeFileSync(file, "an image, as far as anybody looks");
  return Promise.resolve();
};

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), "stronghold-image-"));
  builds = 0;
});

afterEach(() => {
  rmSync(cacheDir, { recursive: true, force: true });
});

const ensure = (builder = build): Promise<string> => ensureImage({ cacheDir, build: builder });

describe("an image", () => {
  it("is built once and used again", async () => {
    const file = await ensure();
    expect(await ensure()).toBe(file);
    expect(builds).toBe(1);
    expect(readdirSync(dirname(file)).sort()).toHaveLength(2);
  });

  it.each([
    [
      "a byte is changed",
      (file: string): void => {
        writeFileSync(file, "An image");
      },
    ],
    [
      "it is cut short",
      (file: string): void => {
        truncateSync(file, 7);
      },
    ],
    [
      "it is empty",
      (file: string): void => {
        truncateSync(file, 0);
      },
    ],
    [
      "it is gone",
      (file: string): void => {
        rmSync(file);
      },
    ],
    [
      "its checksum is gone",
      (file: string): void => {
        rmSync(`${file}.sha256`);
      },
    ],
    [
      "its checksum is cut short",
      (file: string): void => {
        truncateSync(`${file}.sha256`, 10);
      },
    ],
  ])("is built again when %s", async (_, damage) => {
    const file = await ensure();
    damage(file);
    await ensure();
    expect(builds).toBe(2);
    expect(readFileSync(file, "utf8")).toBe("an image, as far as anybody looks");
  });

  it("is not there after a build that failed, nor is anything else", async () => {
    const fail: ImageBuilder = (_, file) => {
      writeFileSync(file, "half");
      return Promise.reject(new Error("the archive is out of reach"));
    };
    await expect(ensure(fail)).rejects.toThrow("the archive is out of reach");
    expect(readdirSync(join(cacheDir, "images"))).toEqual([]);
    await ensure();
    expect(builds).toBe(1);
  });

  it("clears up after a build that was killed", async () => {
    const left = join(cacheDir, "images", ".build-1");
    mkdirSync(join(left, "root"), { recursive: true });
    await ensure();
    expect(existsSync(left)).toBe(false);
  });

  it("is built once by two that want it at the same time", async () => {
    await Promise.all([ensure(), ensure()]);
    expect(builds).toBe(1);
  });

  it("waits for another process that builds, and goes on when that is killed", async () => {
    const holder = spawn(
      "flock",
      [join(cacheDir, ".image.lock"), "sh", "-c", "echo held; exec cat"],
      {
        detached: true,
      },
    );
    await once(holder.stdout, "data");
    const waited = await new Promise<string>((resolve, reject) => {
      const file = ensureImage({ cacheDir, build, onProgress: resolve });
      file.then(() => {
        reject(new Error("it did not wait"));
      }, reject);
    });
    expect([waited, builds]).toEqual(["another process is building it: waiting", 0]);
    process.kill(-(holder.pid ?? 0), "SIGKILL");
    await ensure();
    expect(builds).toBe(1);
  });
});
