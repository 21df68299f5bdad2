import { createInterface } from "node:readline/promises";

import { seconds } from "../../local/cli/progress";
import { UserError } from "../../local/cli/user-error";
import { findStack } from "../stacks/find";
import type { Stack, StackOutputs } from "../stacks/stack";
import { requireArguments } from "../backup/rebuild";
import { leaveDatabase, type Moved, settleDatabase } from "./data";

/** A server that can be made anew. The backup server cannot: nobody else has what it holds. */
export type Replaceable = "app" | "db";

export interface ReplaceOptions {
  stack?: string;
  identity?: string;
  yes?: boolean;
  json?: boolean;
}

/** What has come of it. */
interface Report {
  server: Replaceable;
  before: Addresses;
  after: Addresses;
  /** The backup that the data came by, for a database server. */
  backup?: string;
  rows?: number;
  seconds: number;
}

type Addresses = StackOutputs["app"];

/** Makes a server anew and says what has become of it. */
export async function replace(server: Replaceable, options: ReplaceOptions): Promise<void> {
  const { stack: name, identity, yes = false, json = false } = options;
  requireArguments(identity === undefined ? {} : { identity });
  const stack = findStack(name);
  const role = server === "db" ? "database" : "app";
  const { [role]: before } = stack.outputs();
  await confirm(stack, server, yes);
  const begun = performance.now();
  const moved = server === "db" ? await replaceDatabase(stack, options) : await replaceApp(stack);
  const { [role]: after } = stack.outputs();
  const took = Math.round(performance.now() - begun) / 1000;
  const report: Report = { server, before, after, ...moved, seconds: took };
  console.log(json ? JSON.stringify(report, null, 2) : explain(report));
}

async function confirm(stack: Stack, server: Replaceable, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new UserError("Nobody is here to be asked: add --yes if you mean it.", 64);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const question = `The server "${server}" of ${stack.name} will be deleted and made anew. Type ${server} to go on: `;
  const answer = await terminal.question(question);
  terminal.close();
  if (answer.trim() !== server) throw new UserError("Nothing was changed.");
}

/**
 * The database server lets in the app server's address alone, and nobody knows the next one's before it
 * exists: so its SSH waits for it on the whole private network, for as long as this takes. It asks for
 * the deployer's key there, as everywhere.
 */
async function replaceApp(stack: Stack): Promise<Record<string, never>> {
  const overrides = { "stronghold:replacing": "app" };
  try {
    await stack.up({ overrides });
    await stack.up({ overrides, replace: "app" });
  } catch (error) {
    throw withRepair(error, [
      "The app server has not been replaced, or not wholly. Mend the cause and run the same command again: it goes on",
      "from what there is. To give up instead, run `up` with your own settings, which closes the database server's SSH",
      "to all but the app server again.",
    ]);
  }
  await stack.up({});
  return {};
}

async function replaceDatabase(stack: Stack, options: ReplaceOptions): Promise<Moved> {
  const left = await leaveDatabase(options);
  try {
    await stack.up({ overrides: { "stronghold:replacing": "database" }, replace: "database" });
    return await settleDatabase(left, options);
  } catch (error) {
    throw withRepair(error, [
      `The data are safe in the backup ${left.backup}. Mend the cause, bring the stack to its settings (\`up\`), and then:`,
      `  npm run backup -- restore ${left.backup} --into ${left.schema}${optionsOf(options)}`,
      "If the old server is still there, it refuses writes until MySQL is started again or the command has come through.",
    ]);
  }
}

function optionsOf({ stack, identity }: ReplaceOptions): string {
  const words = { stack, identity };
  return Object.entries(words)
    .map(([name, value]) => (value === undefined ? "" : ` --${name} ${value}`))
    .join("");
}

function withRepair(error: unknown, lines: string[]): UserError {
  const message = error instanceof Error ? error.message : String(error);
  return new UserError([message, "", ...lines].join("\n"));
}

function explain({ server, before, after, backup, rows, seconds: took }: Report): string {
  const data =
    backup === undefined
      ? []
      : [`Its data came by the backup ${backup}: ${rows ?? 0} rows, all that there were.`];
  return [
    `The server "${server}" is a new one now: ${after.publicIPv4}, which was ${before.publicIPv4}; ${seconds(took * 1000)}.`,
    ...data,
    "Its host key is the old one's. The people's initial passwords and scratch codes hold on it again, the used ones, too:",
    "raise `enrolment` and `passwordIssue` of whoever may have lost one.",
    ...(server === "app" ? ["Deploy the application to it, and lead your DNS records there."] : []),
  ].join("\n");
}
