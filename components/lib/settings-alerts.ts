/** Who is told of logins: the schema of the setting `alerts` (catalogue G12). */
import { z } from "zod";

import { isBareAddress, singleAddress } from "./networks";
import { AUTHORITY_CERTIFICATE } from "./settings-values";

/** Pushover's own endpoint for messages. */
const PUSHOVER_URL = "https://api.pushover.net/1/messages.json";

/** A value that no message may repeat. */
function secretText(what: string, shape: RegExp, allowed: string) {
  return z.string().superRefine((text, context) => {
    if (shape.test(text)) return;
    context.addIssue({ code: "custom", message: allowed, params: { found: what } });
  });
}

const HOST_AND_PORT = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]{0,252}:[1-9]\d{0,4}$/i,
    "a relay is the name or IPv4 address of an SMTP server, a colon and its port; write it like smtp.example.org:587",
  );

/** Narrower than RFC 5322: what could mean something in a mail's header has no place in an address. */
const MAIL_ADDRESS = z
  .string()
  .regex(
    /^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}$/,
    "a mail address has the form name@domain; write it without a display name",
  );

/** One line of printable text. */
const PRINTABLE = /^[\x20-\x7e\u00a0-\uffff]{1,1024}$/;

const MAIL = z.strictObject({
  relay: HOST_AND_PORT,
  tls: z
    .enum(["starttls", "implicit"], "write starttls (usual on port 587) or implicit (port 465)")
    .default("starttls"),
  user: secretText("this user name", PRINTABLE, "a user name is one line of printable text"),
  password: secretText("this password", PRINTABLE, "a password is one line of printable text"),
  from: MAIL_ADDRESS,
  to: z.array(MAIL_ADDRESS).min(1),
});

/** The part of an address that a URL's user, query or blank could smuggle something into is left out. */
const HTTPS_URL = /^https:\/\/[A-Za-z0-9][A-Za-z0-9.:-]*\/[A-Za-z0-9/._~-]*$/;

const SLACK = z.strictObject({
  webhook: secretText(
    "this address",
    HTTPS_URL,
    "a webhook is an https address such as the one that Slack shows for an incoming webhook",
  ),
});

const PUSHOVER_KEY = /^[A-Za-z0-9]{30}$/;

const PUSHOVER = z.strictObject({
  token: secretText("this token", PUSHOVER_KEY, "a Pushover token is 30 letters and digits"),
  user: secretText("this key", PUSHOVER_KEY, "a Pushover user key is 30 letters and digits"),
  url: z
    .string()
    .regex(HTTPS_URL, "an https address without a query is allowed")
    .default(PUSHOVER_URL),
});

/** sshd logs addresses in canonical spelling, so the beginning of the text is the beginning of an address. */
const ADDRESS_PATTERN = z.string().refine(isAddressPattern, {
  message:
    'write an address such as "203.0.113.10", or its beginning up to a dot or colon and an asterisk, such as ' +
    '"203.0.113.*" or "2001:db8:10:*", in lower case',
});

function isAddressPattern(text: string): boolean {
  if (isBareAddress(text)) return singleAddress(text).startsWith(`${text}/`);
  return /^\d[\d.]{0,11}\.\*$/.test(text) || /^[0-9a-f][0-9a-f:]{0,36}:\*$/.test(text);
}

export const ALERTS = z.strictObject({
  mail: MAIL.optional(),
  slack: SLACK.optional(),
  pushover: PUSHOVER.optional(),
  caCertificate: AUTHORITY_CERTIFICATE.optional(),
  whiteList: z.array(ADDRESS_PATTERN).default([]),
  logOnly: z.boolean().default(false),
});
