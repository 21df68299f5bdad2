/** What mysql-client.ts runs: a session in a process of its own, so that it can be in another network. */
import { createConnection, type Connection } from "mysql2/promise";

import type { Access, Answer } from "./mysql-client";

/** What is asked for, as JSON; a loop's is one line, after which stdin stays open until it has to end. */
export interface Order {
  access: Access;
  statements: readonly string[];
  loop: boolean;
}

function connect({ host, user, password, schema, ca }: Access): Promise<Connection> {
  // The authority vouches for this one server and no other. That the certificate names the address as well is
  // checked elsewhere: this client would compare it with "localhost" where it connects by address.
  const ssl = ca === undefined ? {} : { ssl: { ca } };
  const database = schema === undefined ? {} : { database: schema };
  // Up to the end of the login, which a busy machine may make wait.
  const connectTimeout = 10_000;
  return createConnection({ host, user, password, ...database, connectTimeout, ...ssl });
}

/** The error's name, as the server or the system gives it. */
function nameOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

async function answer(access: Access, statements: readonly string[]): Promise<Answer> {
  let connection: Connection;
  try {
    connection = await connect(access);
  } catch (error) {
    return { login: nameOf(error), results: [] };
  }
  const results: Answer["results"] = [];
  for (const statement of statements) {
    try {
      results.push((await connection.query(statement))[0] as Answer["results"][number]);
    } catch (error) {
      results.push(nameOf(error));
    }
  }
  await connection.end();
  return { login: "in", results };
}

/** One line a login, until stdin ends. */
async function loop(access: Access): Promise<void> {
  process.stdin.resume();
  while (!process.stdin.readableEnded) {
    const { login, results } = await answer(access, ["SELECT 1"]);
    const [result] = results;
    console.log(typeof result === "object" ? "in" : `${login} ${result ?? ""}`.trimEnd());
  }
}

let text = "";
process.stdin.setEncoding("utf8").on("data", function read(chunk: string) {
  text += chunk;
  if (!text.includes("\n")) return;
  process.stdin.off("data", read);
  const order = JSON.parse(text) as Order;
  if (order.loop) return void loop(order.access);
  void answer(order.access, order.statements).then((said) => {
    console.log(JSON.stringify(said));
  });
});
