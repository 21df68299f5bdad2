/** How a secret is looked for in a text, and where a server could have written one down. */

/** Names of secrets, and a telling piece of each. */
export type Canaries = ReadonlyMap<string, string>;

/**
 * Of a private key in PEM, what is neither the head that all keys of a kind share nor the public half: within
 * the fifth line in OpenSSH's format, the end of the only one in PKCS #8, and the beginning of the second where
 * that is a key of P-256.
 */
export function innerOf(pem: string): string {
  const lines = pem.trim().split("\n");
  if (lines.length === 5) return (lines[2] ?? "").slice(0, 26);
  return lines.length > 3 ? (lines[4] ?? "").slice(6, 46) : (lines[1] ?? "").slice(-36);
}

/** Names of the secrets that a text holds, in clear or in base64; the text itself is never shown. */
export function leaksIn(text: string, canaries: Canaries): string[] {
  return [...canaries]
    .filter(([, secret]) => holds(text, secret) || base64Of(secret).some((it) => text.includes(it)))
    .map(([name]) => name);
}

/** Eight digits also stand within longer numbers, such as times, that have nothing to do with them. */
function holds(text: string, secret: string): boolean {
  if (!/^\d+$/.test(secret)) return text.includes(secret);
  return new RegExp(`(?<!\\d)${secret}(?!\\d)`).test(text);
}

/** What is sure to show of it in the base64 of any text around it: three shapes, by where it begins. */
function base64Of(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const bytes = Buffer.from(" ".repeat(offset) + secret);
    const end = Math.floor(bytes.length / 3) * 4;
    return bytes.toString("base64").slice(offset === 0 ? 0 : 4, end);
  });
}

/** Prints, on a server, its journal, its logs, its first-boot data, and what lies around in people's folders. */
export const WRITTEN_DOWN =
  "journalctl --no-pager --all; cat /root/.*history /home/*/.*history 2>/dev/null; cat /var/log/*.log; " +
  "cat /var/lib/cloud/instance/*.txt /var/lib/cloud/seed/nocloud/*; grep -rh . /home /tmp /var/tmp 2>/dev/null";
