import type { Client } from "ssh2";

import { RunnerError } from "../failures";

export interface Executed {
  /** Undefined if a signal ended it. */
  code: number | undefined;
  signal: string | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a command and waits for its end. */
export function execute(client: Client, command: string, stdin: string): Promise<Executed> {
  return new Promise((resolve, reject) => {
    const onLost = (): void => {
      reject(new RunnerError("the connection was lost before the command ended"));
    };
    client.once("error", onLost);
    client.once("close", onLost);
    client.exec(command, (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      let ended: Pick<Executed, "code" | "signal"> | undefined;
      channel.on("data", (chunk: Buffer) => stdout.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      channel.once("exit", (code: number | null, signal?: string) => {
        ended = { code: code ?? undefined, signal };
      });
      channel.once("close", () => {
        if (ended) resolve({ ...ended, stdout: textOf(stdout), stderr: textOf(stderr) });
        else onLost();
      });
      channel.end(stdin);
    });
  });
}

function textOf(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString("utf8");
}
