import { ApiError } from "./errors";

type Area = "account" | "domains" | "events" | "firewall" | "ips" | "linodes" | "vpc";
export type Scope = `${Area}:read_only` | `${Area}:read_write`;

/** Refuses a token that is not good for a route. `granted` is `*` or a list such as the vendor's. */
export function checkScope(granted: string, needed: Scope | undefined): void {
  if (needed === undefined || granted === "*") return;
  const scopes = granted.split(/[\s,]+/);
  // Whoever may write may read.
  const enough = [needed, needed.replace(/:.*/, ":read_write")];
  if (enough.some((scope) => scopes.includes(scope))) return;
  throw new ApiError(401, [
    { reason: `Your OAuth token is not authorized to use this endpoint: it lacks ${needed}.` },
  ]);
}
