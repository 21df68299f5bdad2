import { accessSync, constants } from "node:fs";

import type { Recipe } from "./recipes";

/**
 * How this machine reaches Ubuntu's archive, which not every machine does.
 *
 * `STRONGHOLD_UBUNTU_ARCHIVE` is the address of a mirror, such as a company's own; without it,
 * mmdebstrap asks the one that it knows. `STRONGHOLD_UBUNTU_KEYRING` is the file with the keys that
 * sign the archive; without it, it is where the package ubuntu-keyring puts it.
 */
export interface UbuntuArchive {
  mirror: string | undefined;
  keyring: string;
}

const KEYRING = "/usr/share/keyrings/ubuntu-archive-keyring.gpg";

/** @throws Error that says what to do, if the environment names none that could be used. */
export function ubuntuArchive(env: NodeJS.ProcessEnv = process.env): UbuntuArchive {
  const mirror = env["STRONGHOLD_UBUNTU_ARCHIVE"];
  // Its words end up in a list of sources, where a blank begins the next field.
  if (mirror !== undefined && !/^(?:https?|file):\/\/[\w.:/~+-]+$/.test(mirror)) {
    throw new Error(
      `STRONGHOLD_UBUNTU_ARCHIVE is "${mirror}": write the address of a mirror of Ubuntu's archive, such as ` +
        "http://mirror.example.com/ubuntu",
    );
  }
  const keyring = env["STRONGHOLD_UBUNTU_KEYRING"] ?? KEYRING;
  try {
    accessSync(keyring, constants.R_OK);
  } catch {
    throw new Error(
      `an Ubuntu image cannot be built on this machine: ${keyring} is not there, and without it nobody can tell ` +
        "whether packages are Ubuntu's; install ubuntu-keyring, or name the file with STRONGHOLD_UBUNTU_KEYRING",
    );
  }
  return { mirror, keyring };
}

/** What mmdebstrap is told of the archive: words before the suite, and the sources after the folder. */
export function archiveWords(
  { suite, archive }: Recipe,
  env: NodeJS.ProcessEnv = process.env,
): { options: string[]; sources: string[] } {
  if (archive === undefined) return { options: [], sources: [] };
  const { mirror, keyring } = ubuntuArchive(env);
  const options = [`--components=${archive.components}`, `--keyring=${keyring}`];
  if (mirror === undefined) return { options, sources: [] };
  const components = archive.components.replaceAll(",", " ");
  // All three from the one mirror: a machine that needs one seldom reaches the archive of security updates.
  const suites = [suite, `${suite}-updates`, `${suite}-security`];
  return { options, sources: suites.map((name) => `deb ${mirror} ${name} ${components}`) };
}

/** What a failed build of an Ubuntu image is told with, since the tool's own words name no way out. */
export function unreachable({ id, title }: Recipe, reason: string): Error {
  return new Error(
    `${id} could not be built. If ${title}'s archive is out of this machine's reach, name a mirror that is not with ` +
      `STRONGHOLD_UBUNTU_ARCHIVE, or use linode/debian13, which is the default. It failed with: ${reason}`,
  );
}
