/** A try to log in, by a real client that knows nothing of the stack but what the try says. */
import { loginWith } from "../person";
import type { Outcome } from "./attack-matrix";

export interface Attempt {
  user: string;
  address: string;
  /** Private key file. @default no key is shown */
  key?: string;
  /** What is answered to the questions, one after the other. */
  answers?: readonly string[];
  /** The methods that are tried, in ssh's words. @default all that ssh knows */
  methods?: string;
}

/** Seconds of silence after which a wall is taken for one; nobody here is a millisecond away. */
const SILENCE_SECONDS = 1;
/** The same once a connection came about, and so no wall is in the way: a busy sshd may take that long to greet. */
const GREETING_SECONDS = 20;
/** How often a try is made until sshd has had a word in it. */
const TRIES = 6;

/** Tries once, from where `enter` leads. */
export async function attempt(
  enter: readonly string[],
  { user, address, key, answers = [], methods }: Attempt,
): Promise<Outcome> {
  const options = [
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    ...(key === undefined ? ["PubkeyAuthentication=no"] : []),
    ...(methods === undefined ? [] : [`PreferredAuthentications=${methods}`]),
  ].flatMap((option) => ["-o", option]);
  const identity = key === undefined ? [] : ["-i", key];
  const words = ["-F", "none", ...options, ...identity, `${user}@${address}`, "true"];
  let patience = SILENCE_SECONDS;
  for (let left = TRIES; ; left -= 1) {
    const ssh = ["ssh", "-o", `ConnectTimeout=${patience}`, ...words];
    const { code, stderr } = await loginWith([...enter, ...ssh], answers);
    if (code === 0) return "in";
    if (!isTurnedAway(stderr)) return refusalIn(stderr);
    // Not by chance: sshd's penalties for whoever has failed a few times from that address.
    if (left === 1) return "refused";
    patience = GREETING_SECONDS;
  }
}

/** Dropped before a word was said; once in a while since many others are waiting (MaxStartups). */
const isTurnedAway = (stderr: string): boolean =>
  /kex_exchange_identification|banner exchange/.test(stderr);

/** A client that got no further than the wall says so; whatever else it says, sshd has spoken. */
function refusalIn(stderr: string): Outcome {
  if (/Connection timed out|No route to host|Connection refused/.test(stderr)) return "no answer";
  if (/Permission denied|Connection closed|Received disconnect/.test(stderr)) return "refused";
  throw new Error(`ssh ended otherwise: ${stderr}`);
}

/** Does the work for all items, a few at a time. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
