/**
 * `npm run backup -- restore` and `verify` for many archives in one process, of which each would take a
 * second to start: JSON lines [id, private key, fresh schema] on stdin, and [Ran, Ran] on stderr.
 */
import { createInterface } from "node:readline";

import { UserError } from "../../local/cli/user-error";
import { restore } from "../../scripts/backup/restore";
import { verify } from "../../scripts/backup/verify";

async function answer(work: Promise<void>): Promise<unknown> {
  try {
    await work;
    return { code: 0, stdout: "", stderr: "" };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { code: error.exitCode, stdout: "", stderr: error.message };
  }
}

async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [id, identity, into] = JSON.parse(line) as [string, string, string];
    const options = { stack: "test", identity, quiet: true };
    const restored = await answer(restore(id, { ...options, into }));
    const verified = await answer(verify(id, options));
    process.stderr.write(`${JSON.stringify([restored, verified])}\n`);
  }
}

void main();
