import { appendFileSync, existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

/** What arrived in the outside world; what a channel does not have is empty. */
export interface Message {
  /** ISO 8601, UTC. */
  time: string;
  channel: "mail" | "slack" | "pushover";
  from: string;
  to: string[];
  subject: string;
  text: string;
  /** As it came, where that differs and holds no secret. */
  raw?: string;
}

/** A message of which only the time of arrival is missing. */
export type Arrival = Omit<Message, "time">;

/** More than an alert ever needs; larger ones are refused. */
export const MESSAGE_BYTES_MAX = 100_000;

/** Of one file; the one before it is kept too. Thousands of alerts. */
const FILE_BYTES_MAX = 16_000_000;

/** The messages of one cloud, a line of JSON each. */
export class MessageLog {
  readonly file: string;
  private readonly older: string;

  constructor(
    folder: string,
    private readonly maxBytes = FILE_BYTES_MAX,
  ) {
    this.file = join(folder, "messages.jsonl");
    this.older = join(folder, "messages.1.jsonl");
  }

  /** Whether the message is on file, where an end of this process takes it from nobody any more. */
  append(arrival: Arrival): boolean {
    const message: Message = { time: new Date().toISOString(), ...arrival };
    try {
      if (existsSync(this.file) && statSync(this.file).size > this.maxBytes) {
        renameSync(this.file, this.older);
      }
      appendFileSync(this.file, `${JSON.stringify(message)}\n`, { mode: 0o600 });
      return true;
    } catch (error) {
      console.error(error);
      return false;
    }
  }

  /** All messages, oldest first. */
  read(): Message[] {
    return this.reader()();
  }

  /** A function that gives all messages at its first call, and at each further one what came since. */
  reader(): () => Message[] {
    let inode = 0;
    let seen = 0;
    return () => {
      const { ino = 0, size = 0 } = statSync(this.file, { throwIfNoEntry: false }) ?? {};
      if (ino === inode && size === seen) return [];
      // Another file than last time: what was not seen of that one has moved with it.
      const left = ino === inode ? "" : readFrom(this.older, seen);
      if (ino !== inode) [inode, seen] = [ino, 0];
      const fresh = readFrom(this.file, seen);
      seen += Buffer.byteLength(fresh);
      return [...parse(left), ...parse(fresh)];
    };
  }
}

/** The whole lines of a file: the last one may be just being written. */
function readFrom(file: string, offset: number): string {
  if (!existsSync(file)) return "";
  const bytes = readFileSync(file).subarray(offset);
  return bytes.subarray(0, bytes.lastIndexOf("\n") + 1).toString();
}

/** A line that a crash cut short is no message. */
function parse(lines: string): Message[] {
  return lines.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as Message];
    } catch {
      return [];
    }
  });
}
