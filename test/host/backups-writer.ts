/** Somebody who writes to the database all the time, and notes what was taken and how long it took. */
import { type DatabaseServer, SCHEMA } from "./database-server";
import { eventually } from "./test-machines";

const LOG = "/run/test-writer.log";

/**
 * One row after the other, over one connection as long as it holds; in memory, for the disk may be full.
 * With a breath in between, which leaves the machine to those who are tested.
 */
const scriptFor = (engine: string): string => `
  while :; do
    coproc CLIENT { exec ${engine} --no-defaults --user=root --protocol=socket --unbuffered --batch --skip-column-names ${SCHEMA} 2>/dev/null; }
    pid=$CLIENT_PID
    while :; do
      began=\${EPOCHREALTIME/./}
      { printf 'INSERT INTO notes (text) VALUES (UUID()); SELECT LAST_INSERT_ID(); DO SLEEP(0.01);\\n' >&"\${CLIENT[1]}"; } 2>/dev/null || break
      IFS= read -r -t 60 -u "\${CLIENT[0]}" id || break
      printf '%s %s\\n' "$id" "$((\${EPOCHREALTIME/./} - began))" >>${LOG}
    done 2>/dev/null
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    read -r -t 0.2 <> <(:)
  done`;

export class Writer {
  constructor(private readonly server: DatabaseServer) {}

  prepare(): void {
    this.server.sql(
      `CREATE TABLE IF NOT EXISTS ${SCHEMA}.notes (id BIGINT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100))`,
    );
  }

  async start(): Promise<void> {
    const { server } = this;
    server.must("cat >/run/test-writer", scriptFor(server.engine));
    server.must(
      `rm -f ${LOG}; systemd-run --quiet --collect --unit=test-writer bash /run/test-writer`,
    );
    await this.goesOn();
  }

  stop(): void {
    this.server.root("systemctl kill -s KILL test-writer; systemctl stop test-writer");
  }

  /** Waits until something more was taken. */
  async goesOn(): Promise<void> {
    const before = this.taken().length;
    if (!(await eventually(() => this.taken().length > before, 60_000))) {
      throw new Error("the writer does not get on");
    }
  }

  /** Rows that the database said it has, in their order. */
  taken(): number[] {
    return this.lines().map(([id]) => id);
  }

  /** The longest time that a row has taken since the last time this was asked, in ms. */
  longest(): number {
    const waits = this.lines().map(([, took]) => took / 1000);
    this.server.must(`: >${LOG}`);
    return waits.reduce((longest, wait) => Math.max(longest, wait), 0);
  }

  /** The last row of which the database has said that it has it. */
  lastTaken(): number {
    return Number(this.server.must(`tail -n 1 ${LOG} 2>/dev/null || true`).split(" ")[0] ?? "0");
  }

  private lines(): [number, number][] {
    const text = this.server.must(`cat ${LOG} 2>/dev/null || true`);
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ").map(Number) as [number, number]);
  }
}

/** Adds a table of about so many MB of rows, which compress by half. */
export function fill(server: DatabaseServer, table: string, megabytes: number): void {
  server.sql(`USE ${SCHEMA};
    CREATE TABLE ${table} (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(900), noise VARBINARY(400), n INT, KEY (n));
    INSERT INTO ${table} (text, noise, n) VALUES (REPEAT('lorem ipsum ', 40), RANDOM_BYTES(400), 1);`);
  // Doubled until it is there; the last step takes what is missing.
  const wanted = Math.ceil((megabytes * 1_000_000) / 1000);
  for (let rows = 1; rows < wanted; rows *= 2) {
    server.sql(`INSERT INTO ${SCHEMA}.${table} (text, noise, n)
      SELECT REPEAT(CONCAT(n, ' lorem ipsum '), 32), RANDOM_BYTES(400), FLOOR(RAND() * 100000)
      FROM ${SCHEMA}.${table} LIMIT ${Math.min(rows, wanted - rows)}`);
  }
}
