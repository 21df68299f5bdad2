/** Whether what would run is what the lock file says. */
import { posix } from "node:path";

import semver from "semver";

import type { Artefact, Fault } from "./artefact";
import { isFault, isObject, type Json, jsonIn, PACKAGE, said } from "./package-faults";

export const LOCK = "package-lock.json";
const MAKE_LOCK = "make it with `npm install --package-lock-only`";
const AGREE = "`npm install` brings them together";
const INSTALL = "install with `npm ci --omit=dev --ignore-scripts`";
/** Named one by one up to here. */
const NAMED = 10;

/** A package of the lock file. */
interface Locked {
  path: string;
  version: string;
  isDevelopment: boolean;
  isOptional: boolean;
  isLink: boolean;
}

/** What is wrong with the lock file, and with what is installed. */
export function dependencyFaults(artefact: Artefact): Fault[] {
  const read = jsonIn(artefact, PACKAGE, "");
  const lock = jsonIn(artefact, LOCK, MAKE_LOCK);
  if (isFault(lock)) return [lock];
  const { lockfileVersion, packages } = lock;
  if ((lockfileVersion !== 2 && lockfileVersion !== 3) || !isObject(packages)) {
    const found = said("lockfileVersion", lockfileVersion);
    return [{ path: LOCK, found, allowed: "2 or 3, which npm 7 and newer write" }];
  }
  const locked = lockedIn(packages);
  const wanted = isFault(read) ? {} : runTime(read);
  return [
    ...(isFault(read) ? [] : agreementFaults(wanted, packages, locked)),
    ...(artefact.installed ? installationFaults(artefact, wanted, locked) : []),
  ];
}

/** Whether there is anything to install. */
export function hasDependencies(artefact: Artefact): boolean {
  const lock = jsonIn(artefact, LOCK, "");
  const packages = isFault(lock) ? undefined : lock["packages"];
  return isObject(packages) && lockedIn(packages).some(({ isDevelopment }) => !isDevelopment);
}

/** What it needs to run: names and ranges. */
function runTime({ dependencies, optionalDependencies }: Json): Record<string, string> {
  return { ...texts(dependencies), ...texts(optionalDependencies) };
}

function texts(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

function lockedIn(packages: Json): Locked[] {
  return Object.entries(packages).flatMap(([path, entry]) => {
    if (path === "" || !isObject(entry)) return [];
    const { version, dev, optional, devOptional, link } = entry;
    return [
      {
        path,
        version: typeof version === "string" ? version : "",
        isDevelopment: dev === true,
        isOptional: optional === true || devOptional === true,
        isLink: link === true,
      },
    ];
  });
}

function agreementFaults(
  wanted: Record<string, string>,
  packages: Json,
  locked: readonly Locked[],
): Fault[] {
  const top = packages[""];
  const known = isObject(top) ? runTime(top) : {};
  const fault = (found: string): Fault => ({ path: LOCK, found, allowed: AGREE });
  const versions = new Map(locked.map(({ path, version }) => [path, version]));
  const changed = Object.entries(wanted).flatMap(([name, range]) => {
    const before = known[name];
    if (before === undefined) return [fault(`it knows nothing of ${name}@${range}`)];
    if (before !== range) {
      return [fault(`it is for ${name}@${before}, and package.json says ${name}@${range}`)];
    }
    const version = versions.get(`node_modules/${name}`);
    if (version === undefined) return [fault(`it has no version of ${name}@${range}`)];
    // A range may also be an address, or the name of another package.
    const isWrong = semver.validRange(range) !== null && !semver.satisfies(version, range);
    return isWrong && version !== ""
      ? [fault(`it has ${name}@${version}, and package.json says ${name}@${range}`)]
      : [];
  });
  const gone = Object.entries(known).filter(([name]) => wanted[name] === undefined);
  return [
    ...changed,
    ...gone.map(([name, range]) => fault(`it is for ${name}@${range}, which package.json lacks`)),
  ];
}

function installationFaults(
  artefact: Artefact,
  wanted: Record<string, string>,
  locked: readonly Locked[],
): Fault[] {
  const isInstalled = artefact.items.some(({ path }) => path.startsWith("node_modules/"));
  if (!isInstalled && Object.keys(wanted).length > 0) {
    const found = "it is missing, and package.json has dependencies";
    return [{ path: "node_modules", found, allowed: INSTALL }];
  }
  return [
    ...differences(artefact, locked),
    ...several(unknown(artefact, locked), "of which package-lock.json knows nothing"),
    ...several(development(artefact, locked), "which are for development"),
  ];
}

function differences(artefact: Artefact, locked: readonly Locked[]): Fault[] {
  return locked.flatMap(({ path, version, isDevelopment, isOptional, isLink }) => {
    if (isDevelopment || isLink || version === "") return [];
    const read = jsonIn(artefact, `${path}/${PACKAGE}`, "");
    // What is optional is left out where it does not fit the machine.
    if (isFault(read)) {
      const found = `it is not installed, and package-lock.json has version ${version}`;
      return isOptional ? [] : [{ path, found, allowed: INSTALL }];
    }
    if (read["version"] === version) return [];
    const found = `version ${String(read["version"])} is installed, and package-lock.json has ${version}`;
    return [{ path, found, allowed: INSTALL }];
  });
}

function unknown(artefact: Artefact, locked: readonly Locked[]): string[] {
  const paths = new Set(locked.map(({ path }) => path));
  return installed(artefact).filter((path) => !paths.has(path));
}

function development(artefact: Artefact, locked: readonly Locked[]): string[] {
  const paths = new Set(
    locked.filter(({ isDevelopment }) => isDevelopment).map(({ path }) => path),
  );
  return installed(artefact).filter((path) => paths.has(path));
}

/** The packages that lie directly in the release's own node_modules; those of packages may hold anything. */
function installed({ items }: Artefact): string[] {
  return items
    .filter(({ path }) => posix.basename(path) === PACKAGE)
    .map(({ path }) => posix.dirname(path))
    .filter((path) => {
      const [top, first = "", ...rest] = path.split("/");
      return (
        top === "node_modules" && first !== "" && rest.length === (first.startsWith("@") ? 1 : 0)
      );
    });
}

/** One line for all of them: there may be hundreds. */
function several(paths: readonly string[], what: string): Fault[] {
  if (paths.length === 0) return [];
  const names = paths.map((path) => path.replace("node_modules/", ""));
  const more = names.length > NAMED ? `, and ${names.length - NAMED} more` : "";
  const found = `it has packages ${what}: ${names.slice(0, NAMED).join(", ")}${more}`;
  return [{ path: "node_modules", found, allowed: INSTALL }];
}
