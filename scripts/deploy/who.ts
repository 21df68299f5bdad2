import { spawnSync } from "node:child_process";
import { hostname, userInfo } from "node:os";

import { UserError } from "../../local/cli/user-error";

/** What the server takes for a name. */
const NAME = /^[A-Za-z0-9@._+-]{1,64}$/;

/**
 * Who is said to have deployed: for the people who read the record, and proof of nothing, since all of them come
 * as the same account of automation.
 */
export function whoDeploys(given: string | undefined, env = process.env): string {
  if (given !== undefined) {
    if (NAME.test(given)) return given;
    throw new UserError(
      `--by: ${JSON.stringify(given)} is no name here: up to 64 of letters, digits and @ . _ + -.`,
      64,
    );
  }
  return fit(env["GITHUB_ACTOR"] ?? "") || fit(gitEmail()) || fit(account());
}

function fit(name: string): string {
  return name
    .trim()
    .replace(/[^A-Za-z0-9@._+-]/g, "-")
    .slice(0, 64);
}

function gitEmail(): string {
  const ran = spawnSync("git", ["config", "user.email"], { encoding: "utf8" });
  return ran.status === 0 ? ran.stdout : "";
}

function account(): string {
  return `${userInfo().username}@${hostname()}`;
}
