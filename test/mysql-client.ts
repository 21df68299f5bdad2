/** A client of the database that knows what it is told and nothing else, from wherever it is run. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import type { Order } from "./mysql-session";

/** How a client tries to get in. */
export interface Access {
  host: string;
  user: string;
  password: string;
  /** @default no database is chosen */
  schema?: string;
  /** The authority that has to vouch for the server. @default the connection is not encrypted */
  ca?: string;
}

/** What came of each statement: rows, the error's name, or what kept the client from logging in. */
export interface Answer {
  /** `in`, or the name of the error. */
  login: string;
  results: (Record<string, unknown>[] | string)[];
}

const SESSION = ["--import", "tsx", join(__dirname, "mysql-session.ts")];

function commandFor(enter: readonly string[]): [command: string, words: string[]] {
  const [command = "", ...words] = [...enter, process.execPath, ...SESSION];
  return [command, words];
}

const line = (order: Order): string => `${JSON.stringify(order)}\n`;

/** Runs the statements one after the other over one connection, from where `enter` leads. */
export async function query(
  enter: readonly string[],
  access: Access,
  statements: readonly string[] = [],
): Promise<Answer> {
  const [command, words] = commandFor(enter);
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"], timeout: 60_000 });
  child.stdin.end(line({ access, statements, loop: false }));
  return (await json(child.stdout)) as Answer;
}

/** A client that logs in over and over, as a pool of connections does, until it is stopped. */
export class Loop {
  private readonly child;
  private output = "";

  constructor(enter: readonly string[], access: Access) {
    const [command, words] = commandFor(enter);
    this.child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdout.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stdin.write(line({ access, statements: [], loop: true }));
  }

  /** Every login's outcome so far, and the end of it. */
  async stop(): Promise<string[]> {
    const closed = new Promise((done) => this.child.once("close", done));
    this.child.stdin.end();
    await closed;
    return this.output.trim().split("\n");
  }
}
