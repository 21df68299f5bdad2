/**
 * `npm run preview`: what a change would do, for pull requests.
 *
 * It needs no token, no key, no server and no state, so that it may run on a change that nobody has
 * looked at yet. `pulumi preview`, which needs the state, has the last word before an update.
 */
import { Command } from "commander";

import { reportFailure } from "../local/cli/user-error";
import { preview } from "./preview/preview";
import { renderMarkdown, renderText } from "./preview/render";

interface Options {
  stack: string;
  base?: string;
  markdown?: boolean;
  json?: boolean;
  engine: boolean;
}

const program = new Command("npm run preview --")
  .description(
    "Shows what a stack's program and settings make, in what that differs from another version, which policies it " +
      "breaks, and what it costs a month. Ends with 1 if a policy is broken or the settings are bad.",
  )
  .option("--stack <name>", "whose settings: Pulumi.<name>.yaml", "prod")
  .option("--base <ref>", "compare with this version of the repository, such as origin/main")
  .option("--markdown", "print it as the text of a comment")
  .option("--json", "print it as JSON")
  .option("--no-engine", "leave the Pulumi CLI out, also where it is installed")
  .showHelpAfterError("(--help shows what there is)")
  // 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64))
  .action(async ({ markdown = false, json = false, ...options }: Options) => {
    const shown = await preview(options);
    if (json) console.log(JSON.stringify(shown, null, 2));
    else console.log(markdown ? renderMarkdown(shown) : renderText(shown));
    if (shown.faults.length > 0) process.exitCode = 1;
  });

program.parseAsync().catch(reportFailure);
