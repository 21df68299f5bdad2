/** Public keys of age (https://age-encryption.org/v1), to which backups are encrypted. */

/** Why a text is not accepted as a recipient; nothing of the text itself is repeated. */
export interface RecipientFault {
  /** What the text is. */
  found: string;
  /** What to do about it. */
  repair: string;
}

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM_WORDS = 6;

/** The words of five bits that hold the 32 bytes of an X25519 point. */
const KEY_WORDS = 52;

const KEY_LENGTH = "age1".length + KEY_WORDS + CHECKSUM_WORDS;

/** How every private key of age begins, in whichever case. */
const PRIVATE_KEY = /AGE-SECRET-KEY-|AGE-PLUGIN-|PRIVATE KEY-----/i;

export function holdsPrivateKey(text: string): boolean {
  return PRIVATE_KEY.test(text);
}

/** Says what is wrong with a public key, if anything: a slip in it would lock every backup for good. */
export function recipientFault(text: string): RecipientFault | undefined {
  if (holdsPrivateKey(text)) {
    const repair =
      "give the public half, which `age-keygen -y <file>` prints, and make a new pair: the pasted key must now be " +
      "considered exposed";
    return { found: "a private key", repair };
  }
  if (text === "")
    return { found: "an empty text", repair: "paste the line that begins with age1" };
  if (/\s/.test(text)) {
    return {
      found: "a text with blanks or line breaks",
      repair: "write each key as an item of its own",
    };
  }
  if (/^ssh-|^sk-/.test(text)) {
    return {
      found: "an SSH key",
      repair: "make a key of age's own with `npm run backup -- keygen`",
    };
  }
  // The names of plug-ins and of post-quantum keys hold another 1, which is no letter of the alphabet.
  if (text.length !== KEY_LENGTH && /^age1[a-z0-9-]+1/.test(text)) {
    const repair = "make a plain key with `npm run backup -- keygen`";
    return { found: "a key of a plug-in or of another kind", repair };
  }
  if (!text.startsWith("age1")) {
    return {
      found: "a text that is no key of age",
      repair: "paste the line that begins with age1",
    };
  }
  if (isKey(text)) return undefined;
  return { found: "a damaged key", repair: "copy the whole line that begins with age1 again" };
}

/** Bech32 (BIP 173) without its limit of 90 characters, as age has it. */
function isKey(text: string): boolean {
  const words = Array.from(text.slice("age1".length), (letter) => ALPHABET.indexOf(letter));
  if (words.includes(-1) || text.length !== KEY_LENGTH) return false;
  const padding = (words[KEY_WORDS - 1] ?? 0) & 0b1111;
  const isPoint = words.slice(0, KEY_WORDS).some((word) => word !== 0);
  return polymod([...expanded("age"), ...words]) === 1 && padding === 0 && isPoint;
}

function expanded(prefix: string): number[] {
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(words: readonly number[]): number {
  return words.reduce((sum, word) => {
    const top = sum >>> 25;
    const shifted = ((sum & 0x1ffffff) << 5) ^ word;
    return GENERATOR.reduce(
      (mixed, term, bit) => ((top >> bit) & 1 ? mixed ^ term : mixed),
      shifted,
    );
  }, 1);
}
