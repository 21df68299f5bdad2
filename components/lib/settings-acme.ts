/** A certificate from an ACME server (RFC 8555): its part of the setting `application`, and what no single value shows. */
import { z } from "zod";

import { isBareAddress } from "./networks";
import { isDomainName } from "./settings-dns";
import { type Fault, quoted } from "./settings-faults";
import { AUTHORITY_CERTIFICATE } from "./settings-values";

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/** So many that the control takes them all beside the name of the setting `dns` and the addresses. */
const MOST_NAMES = 6;

/** What a common name holds (RFC 5280, ub-common-name); the client makes it of the first name. */
const LONGEST_COMMON_NAME = 64;

/** What could mean something to the shell that reads the client's configuration has no place in it. */
const HTTPS_URL = /^https:\/\/[A-Za-z0-9][A-Za-z0-9.:-]*\/[A-Za-z0-9/._~-]*$/;

const DIRECTORY = z.string().transform((text, context) => {
  if (HTTPS_URL.test(text) && URL.canParse(text)) return new URL(text).href;
  const message =
    "the https address of an ACME server's directory is allowed, without user, query and fragment; write it like " +
    LETS_ENCRYPT;
  // It may hold a password, or a token.
  const found = /[@?#]/.test(text) ? { params: { found: "this address" } } : {};
  context.addIssue({ code: "custom", message, input: text, ...found });
  return z.NEVER;
});

const EMAIL = z.string().refine(isMailAddress, {
  message:
    "an email is an address to which the ACME server may write, of the form name@domain; write it like " +
    "hostmaster@example.org",
});

/** Narrower than RFC 5322: it stands in a mailto: address in JSON, and in the client's configuration. */
function isMailAddress(text: string): boolean {
  const [, domain] = /^[A-Za-z0-9._+-]{1,64}@(.+)$/.exec(text) ?? [];
  return domain !== undefined && isDomainName(domain.toLowerCase(), 253);
}

const NAME = z.string().superRefine((name, context) => {
  const message = nameFault(name);
  if (message !== undefined) context.addIssue({ code: "custom", message, input: name });
});

function nameFault(name: string): string | undefined {
  if (name.startsWith("*")) {
    return "the ACME server asks each name itself, at its port 80 (http-01), and nothing answers for a wildcard; write each name out";
  }
  if (isBareAddress(name)) {
    return "names are certified, and this is an address; write a name that leads to it, such as www.example.org";
  }
  // What ends without a letter is an address to some readers.
  if (isDomainName(name, 253) && /\.[0-9-]*[a-z][a-z0-9-]*$/.test(name)) return undefined;
  return "a name is a whole DNS name in lower-case letters; write it like www.example.org";
}

/** The parts that belong to this kind. */
export const ACME = {
  directory: DIRECTORY.optional(),
  email: EMAIL.optional(),
  acceptTerms: z
    .literal(
      true,
      "true alone is allowed, and means that you accept the terms of service of the authority behind the ACME server; " +
        "read them, then write acceptTerms: true",
    )
    .optional(),
  names: z
    .array(NAME)
    .min(1)
    .max(MOST_NAMES, "six names are enough; keep those that people use")
    .optional(),
  caCertificate: AUTHORITY_CERTIFICATE.optional(),
};

/** An ACME server certifies the server, and its account accepts that authority's terms. */
export interface AcmeCertificate {
  kind: "acme";
  directory: string;
  email: string;
  /** Beside the name of the setting `dns`. */
  names: string[];
  /** PEM: who vouches for the ACME server's own HTTPS; empty for whom Debian trusts. */
  caCertificate: string;
}

/** With what the schema left out. */
export function acmeCertificate(
  given: Partial<Record<"directory" | "email" | "caCertificate", string | undefined>> & {
    names?: string[] | undefined;
  },
): AcmeCertificate {
  const { directory = LETS_ENCRYPT, email = "", names = [], caCertificate = "" } = given;
  return { kind: "acme", directory, email, names, caCertificate };
}

/**
 * What is wrong with the names together.
 *
 * @param given the setting as it stands there
 * @param dns whether there is the setting `dns`, and the app server's name by it if that can be read
 */
export function acmeFaults(
  given: unknown,
  dns: { isGiven: boolean; domainName: string | undefined },
): Fault[] {
  const path = "application.certificate.names";
  if (given === undefined && !dns.isGiven) {
    const text =
      "is missing: without the setting dns nothing says for which names the certificate is; write for example " +
      "[www.example.org], or set dns";
    return [{ path, text }];
  }
  const names: unknown[] = Array.isArray(given) ? given : [];
  const doubles = names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (typeof name !== "string" || first === index) return [];
    const text = `${quoted(name)} is not allowed: it is ${path}[${first}], too; remove one of the two`;
    return [{ path: `${path}[${index}]`, text }];
  });
  return [...doubles, ...(dns.isGiven ? longHostFaults(dns.domainName) : longNameFaults(names[0]))];
}

function longHostFaults(domainName = ""): Fault[] {
  if (domainName.length <= LONGEST_COMMON_NAME) return [];
  const text =
    `"acme" is not allowed: the first name of its certificate has at most ${LONGEST_COMMON_NAME} characters, and the app ` +
    `server's name by the setting dns has ${domainName.length}; choose a shorter dns.app, or another kind`;
  return [{ path: "application.certificate.kind", text }];
}

function longNameFaults(first: unknown): Fault[] {
  if (typeof first !== "string" || first.length <= LONGEST_COMMON_NAME) return [];
  const text = `${quoted(first)} is not allowed: the first name has at most ${LONGEST_COMMON_NAME} characters; put a shorter one first`;
  return [{ path: "application.certificate.names[0]", text }];
}
