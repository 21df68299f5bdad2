/** What may be in a tarball, also what no tool would write. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { artefactFaults, renderFaults } from "../../scripts/deploy/artefact";
import { readTarball } from "../../scripts/deploy/tarball";
import { FACTS, PATHS, PLAIN_THINGS } from "./fixtures/artefacts";
import { plainEntries, rawTarball, withFolder } from "./fixtures/deploy";

describe("a tarball", () => {
  type Entries = Parameters<typeof rawTarball>[0];
  const ELSEWHERE = `its path leads elsewhere, or cannot be printed; ${PATHS}`;
  const rows: [string, Entries, string[]][] = [
    ["with nothing wrong", plainEntries(), []],
    ["with one folder that all is in", plainEntries("package/"), []],
    ["with dots before its paths", plainEntries("./"), []],
    ["with a path above", [...plainEntries(), { path: "../up" }], [`../up: ${ELSEWHERE}`]],
    ["with an absolute path", [...plainEntries(), { path: "/etc/x" }], [`/etc/x: ${ELSEWHERE}`]],
    [
      "with a device",
      [...plainEntries(), { path: "null", type: "CharacterDevice" }],
      [`null: it is a device; ${PLAIN_THINGS}`],
    ],
    [
      "with a FIFO",
      [...plainEntries(), { path: "f", type: "FIFO" }],
      [`f: it is a FIFO; ${PLAIN_THINGS}`],
    ],
    [
      "with a hard link",
      [...plainEntries(), { path: "l", type: "Link", linkpath: "package.json" }],
      [`l: it is a hard link; ${PLAIN_THINGS}: put a copy there`],
    ],
    [
      "with a link that leads outside",
      [...plainEntries(), { path: "l", type: "SymbolicLink", linkpath: "../x", mode: 0o777 }],
      [`l: it is a symbolic link that leads outside, to "../x"; ${PLAIN_THINGS}`],
    ],
    [
      "with files that others may write",
      [...plainEntries(), { path: "a", mode: 0o666 }, { path: "b", mode: 0o664 }],
      ["a: everybody may write it; chmod go-w a", "b: its group may write it; chmod go-w b"],
    ],
    [
      "with rights of their owner's",
      [...plainEntries(), { path: "s", mode: 0o4755 }],
      ["s: it runs with its owner's or group's rights; chmod ug-s s"],
    ],
  ];

  it.each(rows)("%s", (_, entries, expected) =>
    withFolder(async (folder) => {
      const path = join(folder, "release.tgz");
      writeFileSync(path, gzipSync(rawTarball(entries)));
      const found = renderFaults(artefactFaults(await readTarball(path, folder), FACTS));
      expect(found.split("\n").join("")).toEqual(expected.map((line) => `  ${line}`).join(""));
    }),
  );

  it.each([
    ["no tarball", Buffer.from("PK\u0003\u0004 a zip file, say, of some length".repeat(40))],
    ["empty", Buffer.alloc(0)],
    ["cut off", gzipSync(rawTarball(plainEntries())).subarray(0, 150)],
  ])("that is %s is refused", (_, bytes) =>
    withFolder(async (folder) => {
      const path = join(folder, "release.tgz");
      writeFileSync(path, bytes);
      await expect(readTarball(path, folder)).rejects.toThrow(
        `${path} is no tarball that can be read: `,
      );
    }),
  );
});
