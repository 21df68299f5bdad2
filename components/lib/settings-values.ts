/** What a single value of the settings may be, and what to do about one that is not allowed. */
import { X509Certificate } from "node:crypto";

import { z } from "zod";

import {
  ANYWHERE,
  isBareAddress,
  isTooWide,
  type Network,
  parseNetwork,
  SHORTEST_PREFIX,
  singleAddress,
} from "./networks";
import { SSH_FROM_ANYWHERE } from "./stack-names";
import { publicHalfOf } from "./ssh-key-pairs";
import { ALLOWED_KEYS, inspectPublicKey } from "./ssh-public-keys";
import { userNameFault } from "./user-names";

/** Stands for every address, so that nobody opens SSH to the world by a slip of a digit. */
export const ANYWHERE_WORD = "anywhere";

/** What one rule of the Cloud Firewall holds. */
const MOST_NETWORKS = 255;

export const REGION = z
  .string()
  .regex(
    /^[a-z]{2}-[a-z0-9-]*[a-z0-9]$/,
    "a region is the id of a Linode data centre, such as us-east or de-fra-2; `linode-cli regions list` has them all",
  );

export const INSTANCE_TYPE = z
  .string()
  .regex(
    /^g\d+-[a-z]+-[a-z0-9-]+$/,
    "a type is the id of a Linode plan, such as g6-standard-1; `linode-cli linodes types` has them all",
  );

/** The vendor's images that the controls are made for; README says how each is proven. */
export const IMAGES = ["linode/debian13", "linode/ubuntu24.04", "linode/ubuntu26.04"] as const;

const EITHER_IMAGE = `${IMAGES.slice(0, -1).join(", ")} or ${IMAGES.at(-1) ?? ""}`;

export const INSTANCE_IMAGE = z
  .string()
  .refine((id) => IMAGES.some((image) => image === id) || /^private\/\d+$/.test(id), {
    message:
      `an image is ${EITHER_IMAGE}, for which the controls are made and tested, or an image of your own that is ` +
      "made from one of them; write one of these or private/<number>",
  });

/** A tag as Linode takes it, and as no other list has to quote it. */
const TAG = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[\w .:=/-]{1,48})[\w]$/,
    "a tag is 3 to 50 letters, digits, blanks and . : = / - _, a letter or digit at either end; write for example " +
      "team:payments",
  )
  .refine((tag) => tag !== SSH_FROM_ANYWHERE, {
    message: "the stack itself says so where it is the case; choose another tag",
  });

export const TAGS = z.array(TAG).max(20, "twenty tags are enough; keep those that are looked for");

export const USER_NAME = z.string().superRefine((name, context) => {
  const fault = userNameFault(name);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault, input: name });
});

/** A public key, as one line with single blanks. */
const PUBLIC_KEY = z.string().transform((text, context) => {
  const inspected = inspectPublicKey(text);
  if ("key" in inspected) return inspected.key.line;
  const { found, repair } = inspected.fault;
  const message = `${ALLOWED_KEYS}; ${repair}`;
  context.addIssue({ code: "custom", message, params: { found } });
  return z.NEVER;
});

export const PUBLIC_KEYS = z.array(PUBLIC_KEY).min(1);

/** A private key as a text that ends in a newline, which SSH libraries insist on. */
export const PRIVATE_KEY = z.string().transform((text, context) => {
  const half = publicHalfOf(text);
  if ("publicKey" in half) return `${text.trim().replaceAll("\r\n", "\n")}\n`;
  const message = `an unencrypted private key in OpenSSH's format is allowed, and this one ${half.fault}`;
  context.addIssue({ code: "custom", message, params: { found: "this key" } });
  return z.NEVER;
});

/** Who vouches for a server that is asked, as one certificate in one spelling. */
export const AUTHORITY_CERTIFICATE = z.string().transform((text, context) => {
  try {
    return new X509Certificate(text).toString();
  } catch {
    const message = "a certificate in PEM is allowed, from -----BEGIN to -----END CERTIFICATE-----";
    context.addIssue({ code: "custom", message, params: { found: "this text" } });
    return z.NEVER;
  }
});

/** Networks in canonical spelling; the word for all of them is turned into the two that it means. */
export const NETWORKS = z
  .array(
    z.string().transform((text, context) => {
      if (text === ANYWHERE_WORD) return text;
      const checked = checkNetwork(text);
      if ("network" in checked) return checked.network.cidr;
      context.addIssue({ code: "custom", message: checked.fault, input: text });
      return z.NEVER;
    }),
  )
  .min(1)
  .max(
    MOST_NETWORKS,
    `a rule of the Cloud Firewall holds at most ${MOST_NETWORKS} networks; join neighbouring ones into wider ones`,
  )
  .transform((networks) => (networks.includes(ANYWHERE_WORD) ? [...ANYWHERE] : networks));

function checkNetwork(text: string): { network: Network } | { fault: string } {
  if (isBareAddress(text)) {
    return { fault: `each item is a network in CIDR form; write "${singleAddress(text)}"` };
  }
  const network = parseNetwork(text);
  if (!network) {
    return {
      fault:
        'each item is an IPv4 or IPv6 network in CIDR form; write it like "203.0.113.10/32" or "2001:db8::/64"',
    };
  }
  if (network.prefix === 0) {
    return { fault: `it means every address; write ["${ANYWHERE_WORD}"] if you want that` };
  }
  if (isTooWide(network.cidr)) {
    return {
      fault: `a network here is at least a /${SHORTEST_PREFIX[network.family]}; name your own addresses, or write ["${ANYWHERE_WORD}"]`,
    };
  }
  const [address = ""] = text.split("/");
  if (singleAddress(address).split("/")[0] !== network.cidr.split("/")[0]) {
    return {
      fault: `the address has bits beyond its prefix; write "${network.cidr}" for the network or "${singleAddress(address)}" for the address`,
    };
  }
  return { network };
}

/** A whole number in the range, told apart from a text that looks like one. */
export function wholeNumber(least: number, message: string, most = 9999) {
  return z.number().refine((value) => Number.isInteger(value) && value >= least && value <= most, {
    message,
  });
}

/** Which of a person's enrolments in two-factor login is the valid one. */
export const ENROLMENT = wholeNumber(
  0,
  "an enrolment is a whole number; 1 is the first, a higher one replaces it, 0 means not enrolled",
);

/** Which of a person's initial passwords is the valid one. */
export const PASSWORD_ISSUE = wholeNumber(
  1,
  "an issue is a whole number from 1; a higher one makes a new initial password",
);

/** A hash by a method that is slow to guess: yescrypt, gost-yescrypt or SHA-512 (crypt(5)). */
export const PASSWORD_HASH = z.string().superRefine((text, context) => {
  if (/^\$(?:y|gy|6)\$[./A-Za-z0-9$=,]{40,300}$/.test(text)) return;
  const message =
    "a crypt(3) hash that begins with $y$, $gy$ or $6$ is allowed; make one with `mkpasswd --method=yescrypt`";
  context.addIssue({ code: "custom", message, params: { found: "this hash" } });
});

/** The name or address of a time server. */
export const TIME_SERVER = z
  .string()
  .refine((text) => isBareAddress(text) || /^[a-z0-9][a-z0-9.-]{0,252}$/i.test(text), {
    message: "a time server is a host name or an address; write it like ntp.example.org",
  });

export const PORT = z
  .number()
  .refine((port) => Number.isInteger(port) && port >= 1 && port <= 65535, {
    message: "a port is a whole number from 1 to 65535",
  });
