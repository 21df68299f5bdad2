import type { ServerAddresses } from "./outputs-contract";
import { namesIn } from "./own-certificate";
import type { ApplicationSettings } from "./settings";

/** So many that the control takes them all beside the server's own name and addresses. */
const MOST_NAMES = 6;

/**
 * Under which names and addresses the application is reached: first what people should use, which is a name
 * where there is one. A certificate that the stack does not make may be for names that it does not make either.
 */
export function applicationHosts(
  { certificate }: ApplicationSettings,
  { domainName, publicIPv4, publicIPv6 }: ServerAddresses,
): string[] {
  const hosts = [domainName, ...namesOf(certificate), publicIPv4, publicIPv6].filter(
    (host) => host !== "",
  );
  return [...new Set(hosts)];
}

/** Of a certificate that the operator has given, the first ones count. */
function namesOf(certificate: ApplicationSettings["certificate"]): string[] {
  switch (certificate.kind) {
    case "authority":
      return [];
    case "own":
      return namesIn(certificate.chain).slice(0, MOST_NAMES);
    case "acme":
      return certificate.names;
    default:
      return certificate satisfies never;
  }
}

/** Where a browser finds the application. */
export function webOriginOf([first]: readonly string[]): string {
  // An IPv6 address would need brackets, and never comes first.
  if (first === undefined || first.includes(":"))
    throw new Error("an app server has an IPv4 address");
  return `https://${first}`;
}
