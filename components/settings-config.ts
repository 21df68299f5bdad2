import * as pulumi from "@pulumi/pulumi";

import { endOf } from "./lib/own-certificate";
import { parseSettings, type Settings, SETTING_NAMES, SettingsError } from "./lib/settings";
import { describeFaults } from "./lib/settings-faults";
import { ANYWHERE } from "./lib/networks";
import { stackNameFaults } from "./lib/stack-names";

/** From so many days before its end on, it is said that a certificate has to be renewed. */
const RENEWAL_DAYS = 21;

/** Settings that are plain text; all others are JSON. */
const TEXT_SETTINGS: readonly string[] = ["region", "replacing", "deployerPrivateKey"];

/**
 * The settings of the current stack.
 *
 * @throws pulumi.RunError naming every fault at once, before any resource is registered.
 */
export function readSettings(now = new Date()): Settings {
  const project = pulumi.getProject();
  const stack = pulumi.getStack();
  const stackFaults = stackNameFaults({ project, stack });
  try {
    const settings = parseSettings(readConfig(project), now);
    if (stackFaults.length > 0) throw new pulumi.RunError(describeFaults(stackFaults));
    warnAboutLooseSettings(settings);
    warnAboutCertificate(settings, now);
    return settings;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new pulumi.RunError(describeFaults([...stackFaults, ...error.faults]));
  }
}

/** Every key in the project's namespace, also those that are no settings, so that none is overlooked. */
export function readConfig(project: string): Record<string, unknown> {
  const prefix = `${project}:`;
  const entries = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value] as const)
    // `Pulumi.yaml` has to give what is optional a default, and nothing at all is the only one there is.
    .filter(([name, value]) => !(name === "deployerPrivateKey" && value === ""))
    .filter(([name, value]) => !(name === "dns" && value === "{}"));
  return Object.fromEntries(entries.map(([name, value]) => [name, valueOf(name, value)]));
}

function valueOf(name: string, text: string): unknown {
  if (TEXT_SETTINGS.includes(name) || !SETTING_NAMES.includes(name)) return text;
  try {
    return JSON.parse(text);
  } catch {
    // The schema says what belongs here, better than a parser could.
    return text;
  }
}

function warnAboutLooseSettings(settings: Settings): void {
  const { ssh, admins, twoFactor, alerts, database, replacing } = settings;
  if (ssh.allowFrom.some((network) => ANYWHERE.includes(network))) {
    void pulumi.log.warn(
      "ssh.allowFrom is anywhere: the whole internet can knock at the app server's SSH.",
    );
  }
  const unenrolled = admins.filter(({ enrolment }) => enrolment === 0).map(({ name }) => name);
  if (twoFactor.unenrolled === "keyOnly" && unenrolled.length > 0) {
    void pulumi.log.warn(
      `twoFactor.unenrolled is keyOnly: a stolen key of ${unenrolled.join(", ")} is enough to get in.`,
    );
  }
  if (alerts.logOnly) {
    void pulumi.log.warn("alerts.logOnly is true: nobody is told when somebody logs in.");
  }
  if (replacing === "app") {
    void pulumi.log.warn(
      "replacing is app: until it is taken out again, the whole private network can knock at the database server's SSH.",
    );
  }
  if (database.source.expired === "accept") {
    void pulumi.log.warn(
      "database.source.expired is accept: a list of packages that has run out is taken, so whoever stands in between " +
        "can hold back security updates.",
    );
  }
}

/** Nobody else renews it. */
function warnAboutCertificate({ application: { certificate } }: Settings, now: Date): void {
  if (certificate.kind !== "own") return;
  const { date, days } = endOf(certificate.chain, now);
  if (days >= RENEWAL_DAYS) return;
  const left = days === 1 ? "1 day" : `${days} days`;
  void pulumi.log.warn(
    `application.certificate.chain ends on ${date}, in ${left}: give the renewed certificate before, as browsers refuse ` +
      "the application afterwards.",
  );
}
