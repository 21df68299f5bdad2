/** A person who types at a terminal. */
import { spawn } from "node:child_process";

export interface Conversation {
  code: number;
  /** All that was to be read, typed passwords not among it. */
  screen: string;
}

/**
 * Runs a command that talks to its terminal, and answers each question once it is on the screen: a
 * program that reads passwords throws away what was typed before. Asked for another name or password it
 * gets none. The limit only ends what hangs.
 */
export async function converse(
  words: readonly string[],
  answers: readonly (readonly [question: string, answer: string])[],
  limitMs = 60_000,
): Promise<Conversation> {
  const [command = "", ...args] = words;
  const child = spawn(command, args, { cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
  const waiting = [...answers];
  let screen = "";
  let read = 0;
  const hear = (chunk: Buffer): void => {
    screen += chunk.toString();
    for (let next = waiting[0]; next; next = waiting[0]) {
      const [question, answer] = next;
      const found = screen.indexOf(question, read);
      if (found === -1) break;
      read = found + question.length;
      waiting.shift();
      child.stdin.write(`${answer}\n`);
    }
    // At a question that was not foreseen nobody is there any more.
    if (/(?:assword|login): ?$/.test(screen.slice(read))) child.stdin.end();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.stdin.on("error", () => undefined);
  const limit = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (ended) => {
      resolve(ended ?? 128);
    });
  });
  clearTimeout(limit);
  return { code, screen };
}
