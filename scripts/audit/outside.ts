/** What the servers show to whoever is where this runs. */
import { spawn } from "node:child_process";
import { join } from "node:path";

import type { Role } from "../../components/lib/roles";
import { UserError } from "../../local/cli/user-error";
import type { SshAccess } from "../stacks/stack";
import type { Finding, ServerReport } from "./report";

type Answers = ServerReport["answers"];

/** Ports that services of all kinds are found at; the web's and the app's own among them. */
const WELL_KNOWN = [
  20, 21, 22, 23, 25, 53, 69, 79, 80, 88, 110, 111, 113, 119, 123, 135, 137, 139, 143, 161, 179,
  389, 427, 443, 445, 465, 500, 512, 513, 514, 515, 543, 544, 548, 554, 587, 631, 636, 646, 873,
  990, 993, 995, 1025, 1080, 1099, 1194, 1433, 1521, 1723, 1883, 2000, 2022, 2049, 2121, 2222, 2375,
  2376, 2379, 2812, 3000, 3001, 3003, 3128, 3268, 3306, 3389, 3690, 4000, 4369, 4443, 5000, 5001,
  5060, 5353, 5432, 5555, 5601, 5672, 5900, 5984, 6000, 6379, 6443, 6667, 7000, 7001, 8000, 8008,
  8080, 8081, 8088, 8443, 8888, 9000, 9090, 9100, 9200, 9418, 9443, 9999, 10000, 11211, 15672,
  27017, 33060, 50000,
];
const EVERY = Array.from({ length: 65_535 }, (_, index) => index + 1);
const WAIT_MS = 1_000;

/** What may answer, by server: whoever is in `ssh.allowFrom` sees the door, and everybody the web. */
const ALLOWED: Readonly<Record<Role, readonly number[]>> = {
  app: [22, 80, 443],
  database: [],
  backup: [22],
};
const ROWS: Readonly<Record<Role, string[]>> = { app: ["G08"], database: ["G09"], backup: ["G08"] };

/** Knocks at all servers side by side; only TCP, where an answer is certain. */
export async function knock(
  { enter }: SshAccess,
  addresses: readonly string[],
  every: boolean,
): Promise<Answers> {
  const words = [process.execPath, join(__dirname, "knock.js"), String(WAIT_MS), ...addresses];
  const [command = "", ...args] = [...enter, ...words];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end((every ? EVERY : WELL_KNOWN).join(" "));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const code = await new Promise<number | null>((done, fail) => {
    child.on("error", fail);
    child.on("close", done);
  });
  if (code !== 0) throw new UserError(`The look from outside ended with ${String(code)}.`);
  return JSON.parse(text) as Answers;
}

/** The promise about what answers, judged. */
export function judge(role: Role, answers: Answers): Finding {
  const wrong = answers.filter(({ port }) => !ALLOWED[role].includes(port));
  const allowed = ALLOWED[role].join(", ");
  const named = {
    id: "OUTSIDE-01",
    control: "outside",
    rows: ROWS[role],
    promise: `from outside ${allowed === "" ? "nothing answers" : `nothing answers but ${allowed}`}`,
  };
  if (wrong.length === 0) return { ...named, state: "kept" };
  return {
    ...named,
    state: "broken",
    found: wrong.map(({ address, port }) => `${address} port ${port}`).join(", "),
    repair:
      "npm run audit -- --repair mends the server's own wall; `up` with --refresh the outer one",
  };
}
