/** Every fault of a release with the exact words in which it is told. */
import { artefactWarnings, refuseFaulty } from "../../scripts/deploy/artefact";
import {
  type Change,
  faultsOf,
  file,
  item,
  LEAVE_OUT,
  lock,
  pack,
  PATHS,
  PLAIN_THINGS,
} from "./fixtures/artefacts";

const ONE = "a release has one at its top, which npm can read";
const ENTRY = "which has letters, digits and @ . _ / - alone";
const BUILD = "build it first, and name its folder in `files` of package.json";
const MAKE = "make it with `npm install --package-lock-only`";
const AGREE = "`npm install` brings them together";
const INSTALL = "install with `npm ci --omit=dev --ignore-scripts`";
const NAME = "a name as npm has them, in lower case and without blanks";

const ROWS: [string, Change, string[]][] = [
  ["nothing", {}, []],
  ["no package.json", { files: { "package.json": null } }, [`package.json: it is missing; ${ONE}`]],
  [
    "package.json that is not JSON",
    file("package.json", "{"),
    [`package.json: it is not a JSON object; ${ONE}`],
  ],
  [
    "package.json that is a list",
    file("package.json", "[]"),
    [`package.json: it is not a JSON object; ${ONE}`],
  ],
  ["no name", { files: pack({ name: undefined }) }, [`package.json: \`name\` is missing; ${NAME}`]],
  [
    "a name with blanks",
    { files: pack({ name: "My App" }) },
    [`package.json: \`name\` is "My App"; ${NAME}`],
  ],
  ["a name in a scope", { files: pack({ name: "@us/hello" }) }, []],
  [
    "no version",
    { files: pack({ version: undefined }) },
    ['package.json: `version` is missing; a version like "1.4.0"'],
  ],
  [
    "a version that is none",
    { files: pack({ version: "latest" }) },
    ['package.json: `version` is "latest"; a version like "1.4.0"'],
  ],
  [
    "no main",
    { files: pack({ main: undefined }) },
    [
      `package.json: \`main\` is missing; the file that \`node .\` starts, like "dist/server.js", ${ENTRY}`,
    ],
  ],
  [
    "main that was not built",
    { files: { "dist/server.js": null } },
    [`dist/server.js: it is missing, and package.json names it as \`main\`; ${BUILD}`],
  ],
  ["main with a dot before it", { files: pack({ main: "./dist/server.js" }) }, []],
  [
    "no engines.node",
    { files: pack({ engines: {} }) },
    ['package.json: `engines.node` is missing; a range of versions like ">=20"'],
  ],
  [
    "engines.node that is no range",
    { files: pack({ engines: { node: "new" } }) },
    ['package.json: `engines.node` is "new"; a range of versions like ">=20"'],
  ],
  [
    "a range that does not hold on the server",
    { files: pack({ engines: { node: ">=22" } }) },
    [
      'package.json: `engines.node` is ">=22", and the server has Node.js 20.19.2; a range that holds there',
    ],
  ],
  [
    "one of two servers of another version",
    { nodes: ["18.19.1", "20.19.2"] },
    [
      'package.json: `engines.node` is ">=20", and the server has Node.js 18.19.1; a range that holds there',
    ],
  ],
  [
    "a migration that is no path",
    { files: pack({ stronghold: { migrate: 5 } }) },
    [
      `package.json: \`stronghold.migrate\` is 5; the file of the migration, like "dist/migrate.js", ${ENTRY}`,
    ],
  ],
  [
    "a migration that was not built",
    { files: pack({ stronghold: { migrate: "dist/migrate.js" } }) },
    [
      `dist/migrate.js: it is missing, and package.json names it as \`stronghold.migrate\`; ${BUILD}`,
    ],
  ],
  [
    "no lock file",
    { files: { "package-lock.json": null } },
    [`package-lock.json: it is missing; ${MAKE}`],
  ],
  [
    "an old lock file",
    file("package-lock.json", '{"lockfileVersion":1}'),
    ["package-lock.json: `lockfileVersion` is 1; 2 or 3, which npm 7 and newer write"],
  ],
  [
    "a lock file for another range",
    { files: pack({ dependencies: { left: "^2.0.0" } }) },
    [`package-lock.json: it is for left@^1.0.0, and package.json says left@^2.0.0; ${AGREE}`],
  ],
  [
    "a lock file without a dependency",
    { files: pack({ dependencies: { left: "^1.0.0", right: "2.0.0" } }) },
    [`package-lock.json: it knows nothing of right@2.0.0; ${AGREE}`],
  ],
  [
    "a lock file with a dependency more",
    { files: pack({ dependencies: {} }) },
    [`package-lock.json: it is for left@^1.0.0, which package.json lacks; ${AGREE}`],
  ],
  [
    "a lock file with another version than the range allows",
    {
      files: {
        "package-lock.json": lock({ version: "3.0.0" }),
        "node_modules/left/package.json": '{"version":"3.0.0"}',
      },
    },
    [`package-lock.json: it has left@3.0.0, and package.json says left@^1.0.0; ${AGREE}`],
  ],
  [
    "no node_modules",
    { files: { node_modules: null } },
    [`node_modules: it is missing, and package.json has dependencies; ${INSTALL}`],
  ],
  [
    "another version installed",
    file("node_modules/left/package.json", '{"version":"1.2.4"}'),
    [`node_modules/left: version 1.2.4 is installed, and package-lock.json has 1.2.3; ${INSTALL}`],
  ],
  [
    "a dependency that is not installed",
    file(
      "package-lock.json",
      lock({ version: "1.2.3" }, { "node_modules/left/node_modules/deep": { version: "5.0.0" } }),
    ),
    [
      `node_modules/left/node_modules/deep: it is not installed, and package-lock.json has version 5.0.0; ${INSTALL}`,
    ],
  ],
  [
    "an optional dependency that is not installed",
    file(
      "package-lock.json",
      lock({ version: "1.2.3" }, { "node_modules/mac": { version: "5.0.0", optional: true } }),
    ),
    [],
  ],
  [
    "a package that nobody asked for",
    file("node_modules/@us/stowaway/package.json", "{}"),
    [
      `node_modules: it has packages of which package-lock.json knows nothing: @us/stowaway; ${INSTALL}`,
    ],
  ],
  [
    "packages for development",
    {
      files: {
        "package-lock.json": lock(
          { version: "1.2.3" },
          { "node_modules/jest": { version: "30.0.0", dev: true } },
        ),
        "node_modules/jest/package.json": '{"version":"30.0.0"}',
      },
    },
    [`node_modules: it has packages which are for development: jest; ${INSTALL}`],
  ],
  [
    "a file that everybody may write",
    { modes: { "dist/server.js": 0o666 } },
    ["dist/server.js: everybody may write it; chmod go-w dist/server.js"],
  ],
  [
    "a file that its group may write",
    { modes: { "dist/server.js": 0o664 } },
    ["dist/server.js: its group may write it; chmod go-w dist/server.js"],
  ],
  [
    "a folder that everybody may write",
    { modes: { dist: 0o777 } },
    ["dist: everybody may write it; chmod go-w dist"],
  ],
  [
    "a program with its owner's rights",
    { modes: { "dist/server.js": 0o4755 } },
    ["dist/server.js: it runs with its owner's or group's rights; chmod ug-s dist/server.js"],
  ],
  ["a link inside", { links: { "node_modules/.bin/left": "../left/package.json" } }, []],
  [
    "a link to everywhere",
    { links: { "dist/passwd": "/etc/passwd" } },
    [`dist/passwd: it is a symbolic link that leads outside, to "/etc/passwd"; ${PLAIN_THINGS}`],
  ],
  [
    "a link to above",
    { links: { "dist/up": "../../up" } },
    [`dist/up: it is a symbolic link that leads outside, to "../../up"; ${PLAIN_THINGS}`],
  ],
  [
    "a link that leads out by way of another",
    { links: { here: "dist/deep", "dist/deep": ".", out: "here/../.." } },
    [`out: it is a symbolic link that leads outside, to "here/../.."; ${PLAIN_THINGS}`],
  ],
  [
    "a link to nothing",
    { links: { "dist/gone": "nothing" } },
    [`dist/gone: it is a symbolic link that leads nowhere, to "nothing"; ${PLAIN_THINGS}`],
  ],
  [
    "a hard link",
    { items: [item("dist/again.js", "hard link")] },
    [`dist/again.js: it is a hard link; ${PLAIN_THINGS}: put a copy there`],
  ],
  [
    "a device and a FIFO",
    { items: [item("dist/null", "device"), item("dist/pipe", "FIFO")] },
    [`dist/null: it is a device; ${PLAIN_THINGS}`, `dist/pipe: it is a FIFO; ${PLAIN_THINGS}`],
  ],
  [
    "a path with a control character",
    file("dist/a\u001b[2J.js", ""),
    [`dist/a\\x1b[2J.js: its path leads elsewhere, or cannot be printed; ${PATHS}`],
  ],
  [
    "too many bytes",
    { items: [item("dist/film", "file", 600 * 1024 * 1024)] },
    [".: it has 601 MB unpacked; at most 512 MB"],
  ],
  [
    "too many files",
    { items: Array.from({ length: 50_001 }, (_, index) => item(`dist/${index}`, "file")) },
    [".: it has 50013 files and folders; at most 50000"],
  ],
  [
    "several things, all at once",
    { files: { ...pack({ version: undefined, main: undefined }), ".env": "" } },
    [
      'package.json: `version` is missing; a version like "1.4.0"',
      `package.json: \`main\` is missing; the file that \`node .\` starts, like "dist/server.js", ${ENTRY}`,
      `.env: it holds settings of a machine; ${LEAVE_OUT}`,
    ],
  ],
];

describe("an artefact", () => {
  it.each(ROWS)("with %s", (_, change, expected) => {
    const found = faultsOf(change);
    expect(found).toEqual(expected);
  });

  it("is refused with all of its faults, and what was not done", () => {
    const fault = { path: "a", found: "it is b", allowed: "c" };
    expect(() => {
      refuseFaulty("/x", [fault, fault]);
    }).toThrow("/x is refused, and nothing was sent:\n  a: it is b; c\n  a: it is b; c");
  });

  it("warns of native code, which is not looked into", () => {
    const artefact = { root: "", items: [item("a.node", "file"), item("b.node", "file")] };
    expect(artefactWarnings({ ...artefact, installed: true })).toEqual([
      "native code has to be built for Linux on x64: a.node and 1 more",
    ]);
  });
});
