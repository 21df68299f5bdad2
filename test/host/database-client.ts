/** A real client of a database, with the network of any place of a cloud. */
import { spawn } from "node:child_process";
import { join } from "node:path";

import { type Vantage, vantageCommand } from "../../local/machines/vantage";
import { run } from "./test-machines";

export interface Connection {
  host: string;
  user: string;
  password: string;
  /** The authority that the server's certificate must be of; none for no encryption at all. */
  ca?: string;
  database?: string;
  /** What LOAD DATA LOCAL gets to read. */
  localFile?: string;
}

/** What one statement brought: rows, or the server's or client's name of the error. */
export type Answer = Record<string, unknown>[] | string;

const DRIVER = join(__dirname, "../../node_modules/mysql2/promise");

/** Connects with each of the list, says each statement, prints the answers as JSON and ends. */
const ONCE = `
  const { connections, statements } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const named = (error) => error.code ?? error.message;
  const driver = require(${JSON.stringify(DRIVER)});
  const ask = async ({ ca, localFile, ...rest }) => {
    const ssl = ca === undefined ? {} : { ssl: { ca, minVersion: "TLSv1.2" } };
    const file = () => require("node:stream").Readable.from([localFile]);
    const infile = localFile === undefined ? {} : { infileStreamFactory: file };
    const answers = [];
    try {
      const client = await driver.createConnection({ ...rest, ...ssl, ...infile, connectTimeout: 20000 });
      for (const statement of statements) {
        const said = await client.query(statement).then(([rows]) => (Array.isArray(rows) ? rows : []), named);
        answers.push(said);
      }
      await client.end();
    } catch (error) {
      answers.push(named(error));
    }
    return answers;
  };
  Promise.all(connections.map(ask)).then((answers) => {
    process.stdout.write(JSON.stringify(answers), () => process.exit());
  });`;

/**
 * Connects anew again and again, as a pool does that grows, while one connection stays open; each line
 * of the output is a fault. Ends with the input.
 */
const LOAD = `
  const driver = require(${JSON.stringify(DRIVER)});
  const tell = (text) => process.stdout.write(text + "\\n");
  let going = true;
  process.stdin.on("end", () => (going = false));
  process.stdin.once("data", async (text) => {
    const { ca, ...rest } = JSON.parse(text);
    const options = { ...rest, ssl: { ca }, connectTimeout: 20000 };
    const lasting = await driver.createConnection(options);
    let count = 0;
    while (going) {
      try {
        const fresh = await driver.createConnection(options);
        await fresh.query("INSERT INTO hits () VALUES ()");
        await fresh.end();
        await lasting.query("SELECT COUNT(*) FROM hits");
        count += 1;
      } catch (error) {
        tell("fault " + (error.code ?? error.message));
      }
      if (count === 1) tell("going");
      // Often enough to hit any moment, and no load that slows the server's change down.
      await new Promise((done) => setTimeout(done, 100));
    }
    await lasting.end().catch(() => undefined);
    tell("count " + count);
  });`;

/** Says the statements from there; a connection that fails is the one answer. */
export function ask(
  cloudId: string,
  place: Vantage | number,
  connection: Connection,
  ...statements: string[]
): Answer[] {
  return askEach(cloudId, place, [connection], ...statements)[0] ?? [];
}

/** The same over several connections at a time. */
export function askEach(
  cloudId: string,
  place: Vantage | number,
  connections: readonly Connection[],
  ...statements: string[]
): Answer[][] {
  const words = [...vantageCommand(cloudId, place), process.execPath, "-e", ONCE];
  const ran = run(words, JSON.stringify({ connections, statements }));
  if (ran.code !== 0) throw new Error(`the client ended with ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Answer[][];
}

export interface Load {
  /** Ends it; how often it connected, and what was refused. */
  end: () => Promise<{ count: number; faults: string[] }>;
}

/** Clients that never stop coming; resolves once the first has been served. */
export async function load(
  cloudId: string,
  place: Vantage | number,
  connection: Connection,
): Promise<Load> {
  const words = [...vantageCommand(cloudId, place), process.execPath, "-e", LOAD];
  const child = spawn(words[0] ?? "", words.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write(JSON.stringify(connection));
  let said = "";
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("going\n")) resolve();
    });
    child.once("exit", () => {
      reject(new Error(`the load ended early: ${said}`));
    });
  });
  const end = async (): Promise<{ count: number; faults: string[] }> => {
    child.stdin.end();
    await ended;
    const lines = said.split("\n");
    const faults = lines.filter((line) => line.startsWith("fault "));
    return { count: Number(/^count (\d+)$/m.exec(said)?.[1] ?? "NaN"), faults };
  };
  return { end };
}
