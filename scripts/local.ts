/**
 * `npm run local -- <verb>`: the whole environment on this machine, on hosts that really boot.
 *
 * The table of contents of the local cloud; each verb is a file of its own in local/cli.
 */
import { Command, Option } from "commander";

import { reportFailure } from "../local/cli/user-error";

interface UpOptions {
  engine: "auto" | "embedded" | "pulumi";
  settings?: string;
  json?: boolean;
}

const program = new Command("npm run local --")
  .description(
    "Stands up the app, database and backup servers on this machine, from the same Pulumi program " +
      "as on Linode, and lets you look at them from every side.",
  )
  .showHelpAfterError("(--help shows what there is)")
  // As everywhere in this project: 64 says that the command was called wrongly (sysexits.h).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64))
  // What follows `--` belongs to the command that is run over there.
  .enablePositionalOptions();

program
  .command("up")
  .description("stand up the environment, or bring it to what the settings say")
  .addOption(
    new Option("--engine <engine>", "which engine runs the program")
      .choices(["auto", "embedded", "pulumi"])
      .default("auto"),
  )
  .option("--settings <file>", "use these settings instead of Pulumi.local.yaml")
  .option("--json", "print the result as JSON")
  .action(async (options: UpOptions) => {
    const { up } = await import("../local/cli/up.js");
    await up(options);
  });

program
  .command("down")
  .description("take everything down and leave nothing but the cache of images and packages")
  .option("--json", "print the result as JSON")
  .action(async (options: { json?: boolean }) => {
    const { down } = await import("../local/cli/down.js");
    await down(options);
  });

program
  .command("status")
  .description("what runs: machines, vantage points, outputs")
  .option("--json", "print it as JSON")
  .option("--show-secrets", "print secret outputs in clear")
  .action(async (options: { json?: boolean; showSecrets?: boolean }) => {
    const { status } = await import("../local/cli/status.js");
    await status(options);
  });

program
  .command("logs")
  .description("what the local cloud logged, or the console of one host")
  .argument("[host]", "app, db or backup: that host's boot console")
  .option("-f, --follow", "go on as lines arrive")
  .option("-n, --lines <count>", "how many lines from the end", "50")
  .action(async (host: string | undefined, options: { follow?: boolean; lines: string }) => {
    const { logs } = await import("../local/cli/logs.js");
    await logs(host, options);
  });

program
  .command("alerts")
  .description("the alerts that arrived by mail, Slack and Pushover, newest last")
  .option("-f, --follow", "go on as alerts arrive")
  .option("--text", "print the whole text of each")
  .option("--json", "print them as JSON; with --follow one a line")
  .action(async (options: { follow?: boolean; text?: boolean; json?: boolean }) => {
    const { alerts } = await import("../local/cli/alerts.js");
    await alerts(options);
  });

program
  .command("plan")
  .description("the resources that the program would make; needs no root, network, token or CLI")
  .option("--settings <file>", "use these settings instead of Pulumi.local.yaml")
  .option("--json", "print it as JSON")
  .action(async (options: { settings?: string; json?: boolean }) => {
    const { plan } = await import("../local/cli/plan.js");
    await plan(options);
  });

program
  .command("phone")
  .description(
    "the codes that a person's phone shows, so that two-factor login can be tried without one",
  )
  .argument("[user]", "name of the person (default: the first admin)")
  .option("--json", "print it as JSON")
  .action(async (user: string | undefined, options: { json?: boolean }) => {
    const { phone } = await import("../local/cli/phone.js");
    phone(user, options);
  });

for (const [name, argument, description] of [
  ["console", "<app|db>", "run a command as root through the console, also without a network"],
  ["ssh", "<app|db>", "log in as the first admin user, host keys verified"],
  ["from", "<operator|stranger|neighbour|app|db>", "run a command of this machine from that place"],
] as const) {
  program
    .command(name)
    .description(description)
    .argument(argument)
    .argument("[command...]", "the command and its arguments, after --")
    .passThroughOptions()
    .action(async (place: string, command: string[]) => {
      const { enter } = await import("../local/cli/enter.js");
      process.exitCode = await enter(name, place, command);
    });
}

program.parseAsync().catch(reportFailure);
