/** What a release is packed from, and that the same one is always known by the same hash. */
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { itemsIn } from "../../scripts/deploy/artefact";
import { directoryWarnings, install, readDirectory } from "../../scripts/deploy/directory";
import { pack, type Packed } from "../../scripts/deploy/pack";
import { readTarball } from "../../scripts/deploy/tarball";
import { PACKAGE, PLAIN, withFolder, write } from "./fixtures/deploy";

const packed = (root: string, name: string): Promise<Packed> =>
  pack(root, itemsIn(root), `${root}.${name}.tar.gz`);

/** What tar says of a tarball, an entry a line. */
const listed = ({ file }: Packed): string[] =>
  execFileSync("tar", ["-tvzf", file], { encoding: "utf8" }).trimEnd().split("\n");

describe("packing", () => {
  it("gives the same for the same, whenever, wherever and by whom it was written", () =>
    withFolder(async (folder) => {
      const [one, two] = [join(folder, "one"), join(folder, "two")];
      write(one, PLAIN);
      write(two, Object.fromEntries(Object.entries(PLAIN).reverse()));
      utimesSync(join(two, "dist/server.js"), 1, 1);
      chmodSync(join(two, "dist/server.js"), 0o600);
      chmodSync(join(two, "dist"), 0o700);
      const first = await packed(one, "a");
      expect((await packed(two, "b")).sha256).toBe(first.sha256);
      expect(readFileSync(first.file).subarray(0, 10).toString("hex")).toBe("1f8b08000000000002ff");
    }));

  it("gives another for a byte, a name, a link or a right to run that is another", () =>
    withFolder(async (folder) => {
      const root = join(folder, "one");
      write(root, PLAIN);
      const hashes = [(await packed(root, "a")).sha256];
      const changes = [
        () => {
          writeFileSync(join(root, "dist/server.js"), "// Serves\n");
        },
        () => {
          writeFileSync(join(root, "dist/more.js"), "");
        },
        () => {
          symlinkSync("server.js", join(root, "dist/link.js"));
        },
        () => {
          chmodSync(join(root, "dist/server.js"), 0o755);
        },
      ];
      for (const change of changes) {
        change();
        hashes.push((await packed(root, "a")).sha256);
      }
      expect(new Set(hashes).size).toBe(hashes.length);
    }));

  it("keeps no owner, no time, and two modes; every folder is in it, and GNU tar has nothing to say", () =>
    withFolder(async (folder) => {
      const root = join(folder, "one");
      write(root, { ...PLAIN, "@us/deep/run.sh": "" });
      chmodSync(join(root, "@us/deep/run.sh"), 0o700);
      symlinkSync("dist/server.js", join(root, "link.js"));
      // Of a tarball without entries for folders.
      const files = itemsIn(root).filter(({ kind }) => kind !== "folder");
      const made = await pack(root, files, join(folder, "made.tar.gz"));
      const lines = listed(made).map((line) => line.split(/\s+/));
      expect(
        lines.map(([mode, owner, , date, time, ...name]) => [
          mode,
          owner,
          date,
          time,
          name.join(" "),
        ]),
      ).toEqual(
        [
          ["drwxr-xr-x", "./@us/"],
          ["drwxr-xr-x", "./@us/deep/"],
          ["-rwxr-xr-x", "./@us/deep/run.sh"],
          ["drwxr-xr-x", "./dist/"],
          ["-rw-r--r--", "./dist/server.js"],
          ["lrwxr-xr-x", "./link.js -> dist/server.js"],
          ["-rw-r--r--", "./package-lock.json"],
          ["-rw-r--r--", "./package.json"],
        ].map(([mode, name]) => [mode, "0/0", "1970-01-01", "00:00", name]),
      );
      const said = execFileSync("sh", ["-c", `tar -tzf ${made.file} 2>&1 >/dev/null`]);
      expect(said.toString()).toBe("");
    }));

  it("gives a tarball that was unpacked the hash that it had", () =>
    withFolder(async (folder) => {
      const root = join(folder, "one");
      write(root, PLAIN);
      const first = await packed(root, "a");
      const into = join(folder, "into");
      mkdirSync(into);
      const again = await readTarball(first.file, into);
      const second = await pack(again.root, again.items, join(folder, "b.tar.gz"));
      expect(second.sha256).toBe(first.sha256);
    }));
});

describe("a folder", () => {
  const source = {
    ...PLAIN,
    "package.json": JSON.stringify({ ...PACKAGE, files: ["dist"], scripts: { prepack: "exit 1" } }),
    ...{ "src/server.ts": "", ".env": "A=1", ".git/HEAD": "", "node_modules/x/package.json": "{}" },
  };

  it("is copied as far as `files` of package.json names it, with its lock file; its scripts are not run", () => {
    withFolder((folder): void => {
      const from = join(folder, "from");
      write(from, source);
      symlinkSync("server.js", join(from, "dist/link.js"));
      const { items, root } = readDirectory(from, folder);
      expect(items.map(({ path }) => path)).toEqual([
        "dist/server.js",
        "package-lock.json",
        "package.json",
      ]);
      expect(itemsIn(root).map(({ path }) => path)).toEqual([
        "dist",
        "dist/server.js",
        "package-lock.json",
        "package.json",
      ]);
      expect(directoryWarnings(from)).toEqual([]);
    });
  });

  it("without `files` is copied but for what .gitignore names, with a warning", () => {
    withFolder((folder): void => {
      const from = join(folder, "from");
      write(from, { ...PLAIN, ".gitignore": "dist/more.js\n", "dist/more.js": "", ".env": "" });
      const paths = readDirectory(from, folder).items.map(({ path }) => path);
      expect(paths).toEqual([".env", "dist/server.js", "package-lock.json", "package.json"]);
      expect(directoryWarnings(from)).toEqual([
        "package.json has no `files`, so what .gitignore names was left out: compiled code often is",
      ]);
    });
  });

  it.each([
    ["no package.json", { "package-lock.json": "{}" }, ["package-lock.json"]],
    [
      "a package.json without a name",
      { ...PLAIN, "package.json": '{"main":"dist/server.js"}' },
      Object.keys(PLAIN),
    ],
  ])("with %s is looked at all the same", (_, files, expected) => {
    withFolder((folder): void => {
      const from = join(folder, "from");
      write(from, files);
      const paths = readDirectory(from, folder).items.map(({ path }) => path);
      expect(paths.sort()).toEqual([...expected].sort());
    });
  });

  it("gets what its lock file says, with no script of a dependency run, and keeps no login to npm", () =>
    withFolder(async (folder) => {
      const from = join(folder, "from");
      const range = { dependencies: { left: "file:left.tgz" } };
      const left = join(folder, "left");
      write(left, {
        "package.json": JSON.stringify({
          ...{ name: "left", version: "1.2.3" },
          scripts: { install: "touch installed", postinstall: "touch installed" },
        }),
      });
      execFileSync("npm", ["pack", "--ignore-scripts", "--silent"], { cwd: left });
      write(from, {
        ...PLAIN,
        "package.json": JSON.stringify({ ...PACKAGE, ...range, files: ["dist", "*.tgz"] }),
        "package-lock.json": JSON.stringify({
          ...{ name: "hello", version: "1.0.0", lockfileVersion: 3, requires: true },
          packages: {
            "": { name: "hello", version: "1.0.0", ...range },
            "node_modules/left": {
              ...{ version: "1.2.3", resolved: "file:left.tgz", hasInstallScript: true },
            },
          },
        }),
        ".npmrc": "offline=true\n",
      });
      writeFileSync(join(from, "left.tgz"), readFileSync(join(left, "left-1.2.3.tgz")));
      const { items } = await install(readDirectory(from, folder), from);
      expect(items.map(({ path }) => path)).toEqual([
        ...["dist/server.js", "left.tgz", "package-lock.json", "package.json"],
        ...["node_modules", "node_modules/.package-lock.json", "node_modules/left"],
        "node_modules/left/package.json",
      ]);
    }));

  it("whose lock file npm refuses is refused with npm's reason", () =>
    withFolder(async (folder) => {
      const from = join(folder, "from");
      write(from, {
        ...PLAIN,
        "package.json": JSON.stringify({ ...PACKAGE, devDependencies: { left: "1.0.0" } }),
      });
      await expect(install(readDirectory(from, folder), from)).rejects.toThrow(
        /^`npm ci` failed: .*`npm ci` can only install packages when your package.json and package-lock.json/s,
      );
    }));
});
