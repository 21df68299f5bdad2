import type { Arrival } from "./messages";

export interface Envelope {
  from: string;
  to: string[];
}

/**
 * A mail as a person would see it: its subject, and its text if that is plain. Anything fancier
 * is left as it is: `raw` holds all of it.
 */
export function readMail(raw: string, { from, to }: Envelope): Arrival {
  const [head = "", ...rest] = raw.replaceAll("\r\n", "\n").split("\n\n");
  // RFC 5322: a line that begins with a blank goes on with the one before.
  const headers = head.replace(/\n[ \t]+/g, " ").split("\n");
  const subject = headers.find((line) => /^subject:/i.test(line)) ?? "";
  return {
    channel: "mail",
    from,
    to,
    subject: subject.slice(subject.indexOf(":") + 1).trim(),
    text: rest.join("\n\n").trimEnd(),
    raw,
  };
}
