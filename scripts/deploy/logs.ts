import type { Readable } from "node:stream";

import { UserError } from "../../local/cli/user-error";
import { ended } from "../stacks/servers";
import type { Stack } from "../stacks/stack";
import { APP_HOSTS, type SessionOptions, stackOf, withSession } from "./session";

export interface LogsOptions extends SessionOptions {
  lines: string;
  follow?: boolean;
  since?: string;
}

const JOURNAL = "journalctl --unit=application.service --output=short-iso --no-pager --quiet";
/** A day, a moment, or how long ago; nothing that a shell would act upon. */
const SINCE = /^[\w :+.-]{1,40}$/;

/** Shows what the application has written. */
export async function logs(options: LogsOptions): Promise<void> {
  await logsOf(stackOf(options), options);
}

/** The same with a stack at hand. */
export async function logsOf(
  stack: Stack,
  options: LogsOptions,
  out: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  const line = lineFor(options);
  await withSession(stack, { ...options, quiet: true }, async ({ servers }) => {
    await Promise.all(
      APP_HOSTS.map(async (host) => {
        const child = servers.start(host, line);
        (child.stdout as Readable).pipe(out, { end: false });
        // The other side ends when this one does, and not before where it follows.
        if (options.follow !== true) child.stdin?.end();
        const { code, stderr } = await ended(child, host);
        if (code === 0) return;
        throw new UserError(`The server "${host}" shows no logs (${code}): ${stderr.trim()}`);
      }),
    );
  });
}

/** The command line on the server. */
export function lineFor({ lines, follow, since }: LogsOptions): string {
  if (!/^\d{1,6}$/.test(lines)) {
    throw new UserError(`--lines: ${JSON.stringify(lines)} is not a number of lines.`, 64);
  }
  if (since !== undefined && !SINCE.test(since)) {
    throw new UserError(
      `--since: ${JSON.stringify(since)} is no time that the journal knows, like "1 hour ago" or "2026-11-23 12:00".`,
      64,
    );
  }
  const from = since === undefined ? "" : ` --since="${since}"`;
  const journal = `${JOURNAL} --lines=${lines}${from}`;
  if (follow !== true) return `sudo -n ${journal}`;
  // ssh without a terminal passes no Ctrl-C on; the end of its input is what the other side sees of it.
  return `sudo -n sh -c '${journal} --follow & cat >/dev/null; kill $!'`;
}
