import { randomBytes } from "node:crypto";

import { RunnerError } from "../failures";
import type { Handler, Made, Work } from "../handler";
import { type Connection, nameOf } from "../ssh/connection";
import { execute, type Executed } from "../ssh/execute";

interface CommandInputs {
  connection: Connection;
  create?: string;
  update?: string;
  delete?: string;
  stdin?: string;
  environment?: Record<string, string>;
}

/** How much of a failed command's output is shown. */
const TAIL_LINES = 20;

/** `command.remote.Command`: each run of it dials anew. */
export const commandHandler: Handler = {
  echoes: ["stdout", "stderr"],

  create(work, bare) {
    const inputs = bare as unknown as CommandInputs;
    return run(work, randomBytes(8).toString("hex"), inputs, inputs.create);
  },

  update(work, { id }, bare) {
    const inputs = bare as unknown as CommandInputs;
    return run(work, id, inputs, inputs.update ?? inputs.create);
  },
};

async function run(
  work: Work,
  id: string,
  inputs: CommandInputs,
  command: string | undefined,
): Promise<Made> {
  refuseUnsupported(inputs);
  // An empty one would be taken for a wish for a shell, which would run what it reads.
  if (command === undefined || command === "") return { id, outputs: { stdout: "", stderr: "" } };
  const { connection, stdin = "" } = inputs;
  const executed = await execute(connection, command, stdin, work.signal);
  if (executed.code !== 0) throw new RunnerError(failure(connection, executed));
  const summary = /^SUMMARY\t[^\t]*\t(.*)$/m.exec(executed.stdout)?.[1];
  if (summary !== undefined) work.say(summary);
  const { stdout, stderr } = executed;
  return { id, outputs: { stdout: withoutNewline(stdout), stderr: withoutNewline(stderr) } };
}

function refuseUnsupported(inputs: CommandInputs): void {
  if (inputs.delete !== undefined) {
    throw new RunnerError("the embedded runner forgets commands and does not run their `delete`");
  }
  if (Object.keys(inputs.environment ?? {}).length > 0) {
    throw new RunnerError("the embedded runner sets no `environment`: hand values over on `stdin`");
  }
}

/** Neither the command's text nor its stdin, since both may hold what nobody should read. */
function failure(connection: Connection, { code, stdout, stderr }: Executed): string {
  const how = code === undefined ? "was ended by a signal" : `exited ${code}`;
  const tails = [stdout, stderr].map(tail).filter((text) => text !== "");
  return [`the command ${how} on ${nameOf(connection)}`, ...tails].join("\n");
}

function tail(text: string): string {
  return text.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}

function withoutNewline(text: string): string {
  return text.replace(/\n$/, "");
}
