import { spawn } from "node:child_process";

import { type Role, ROLES, SHORT_NAMES } from "../../components/lib/roles";
import { LocalMachines } from "../machines";
import { isVantage, VANTAGE_POINTS, vantageCommand } from "../machines/vantage";
import { type CloudPaths, cloudPaths } from "../paths";
import { findMachine } from "./machines";
import { entryText, phoneEntry } from "./phone";
import { requireCloud } from "./readiness";
import { UserError } from "./user-error";

export type Way = "console" | "ssh" | "from";

/** Runs a command at, or from, some place of the cloud; the exit code is the command's own. */
export async function enter(way: Way, place: string, command: string[]): Promise<number> {
  const paths = cloudPaths();
  requireCloud(paths);
  const words = command[0] === "--" ? command.slice(1) : command;
  return run(await commandFor(way, paths, place, words));
}

async function commandFor(
  way: Way,
  paths: CloudPaths,
  place: string,
  words: string[],
): Promise<string[]> {
  switch (way) {
    case "console": {
      const { id } = await findMachine(paths, place);
      return adopt(paths).consoleCommand(id, words.length > 0 ? words : ["bash", "-l"]);
    }
    case "ssh": {
      await findMachine(paths, place);
      showPhone(paths, place);
      const ssh = ["ssh", "-F", paths.sshConfig, place];
      return [...vantageCommand(paths.cloudId, "operator"), ...ssh, ...remoteWords(words)];
    }
    case "from": {
      if (words.length === 0)
        throw new UserError(`What is to run from ${place}? Name it after --.`, 64);
      if (isVantage(place)) return [...vantageCommand(paths.cloudId, place), ...words];
      if (!SERVERS.includes(place)) {
        const places = [...VANTAGE_POINTS, ...SERVERS].join(", ");
        throw new UserError(`"${place}" is no vantage point. There are: ${places}.`, 64);
      }
      const { id } = await findMachine(paths, place);
      return [...adopt(paths).networkCommand(id), ...words];
    }
    default:
      return way satisfies never;
  }
}

/** What people call the servers. */
const SERVERS = ROLES.map((role) => SHORT_NAMES[role]);

/** The codes that ssh is about to ask for: every server on the way asks for its own. */
function showPhone(paths: CloudPaths, place: string): void {
  if (!process.stdin.isTTY) return;
  const onTheWay = WAYS[place] ?? [];
  const entries = onTheWay.map((role) => entryText(phoneEntry(paths, role)));
  process.stderr.write(["The first admin's phone shows:", ...entries, ""].join("\n  "));
  process.stderr.write("\n");
}

/** The servers on the way to each one, itself included. */
const WAYS: Readonly<Record<string, readonly Role[]>> = {
  app: ["app"],
  db: ["app", "database"],
  backup: ["backup"],
};

function adopt({ stateDir, cacheDir, cloudId }: CloudPaths): LocalMachines {
  return new LocalMachines({ stateDir, cacheDir, cloudId, log: () => undefined });
}

/**
 * What ssh hands to the remote shell: it joins its words with blanks, so several are quoted to stay
 * the words they were, while a single one is a command line, as with ssh itself.
 */
function remoteWords(words: string[]): string[] {
  if (words.length === 0) return [];
  return ["--", words.length === 1 ? (words[0] ?? "") : words.map(shellQuote).join(" ")];
}

function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function run(words: string[]): Promise<number> {
  const [command = "", ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit" });
    // Ctrl-C is for the command over there, which shares this terminal.
    process.on("SIGINT", () => undefined);
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "ENOENT" ? new UserError(`${command} is not installed here.`, 127) : error,
      );
    });
    child.on("close", (code, signal) => {
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}
