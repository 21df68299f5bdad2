// describe FOLDER: what a release says of itself in its package.json: NAME VERSION [MIGRATION] on stdout, exit 0; or,
// with exit 1, what is wrong with it. It only reads; none of the release's own code runs.
"use strict";
const { readFileSync, statSync } = require("node:fs");
const { join, normalize } = require("node:path");

const folder = process.argv[2];
const NAME = /^(@[a-z0-9._~-]{1,100}\/)?[a-z0-9._~-]{1,100}$/;
const VERSION = /^[0-9A-Za-z.+-]{1,64}$/;
const FILE = /^[A-Za-z0-9@._/-]{1,200}$/;

function refuse(text) {
  console.log(text);
  process.exit(1);
}

function read() {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  } catch (error) {
    return refuse(error.code === "ENOENT" ? "there is none" : "it is no JSON");
  }
}

// entry NAME TEXT: a file of the release, whatever it is called.
function entry(name, text) {
  const path = typeof text === "string" ? normalize(text) : "";
  if (!FILE.test(path) || path.startsWith("/") || path.split("/").includes("..")) {
    refuse(`"${name}" must name a file of the release, of letters, digits and @ . _ / -`);
  }
  if (!statSync(join(folder, path), { throwIfNoEntry: false })?.isFile()) {
    refuse(`"${name}" names a file that is not in the release: ${path}`);
  }
  return path;
}

const { name, version, main, stronghold } = read() ?? {};
if (typeof name !== "string" || !NAME.test(name))
  refuse('"name" is missing, or no name of a package');
if (typeof version !== "string" || !VERSION.test(version))
  refuse('"version" is missing, or no version');
entry("main", main);
const migrate =
  stronghold?.migrate === undefined ? [] : [entry("stronghold.migrate", stronghold.migrate)];
console.log([name, version, ...migrate].join(" "));
