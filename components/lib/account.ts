/** What the hosting account tells of itself, and what of it is worth a warning (catalogue G18). */

/** Whose token it is, and what it is good for. */
export interface Account {
  username: string;
  /** Whether its logins ask for a second factor. */
  twoFactor: boolean;
  /** As the API's `X-OAuth-Scopes` header has it: `*`, or such as `linodes:read_write events:read_only`. */
  scopes: string;
}

/** A data centre, as `GET /regions/<id>` has it. */
export interface Region {
  id: string;
  capabilities: readonly string[];
}

/** What a stack needs of the account that it lives in. */
export interface Needs {
  /** Scopes of the token. */
  scopes: readonly string[];
  /** Capabilities of data centres, by region. */
  regions: ReadonlyMap<string, readonly string[]>;
}

/** What every stack needs: servers, their outer walls, and to see how the work on them goes. */
export const SCOPES = ["linodes:read_write", "firewall:read_write", "events:read_only"] as const;

/** What names for the servers need besides, and names for their addresses. */
export const DNS_SCOPES = ["domains:read_write", "ips:read_write"] as const;

/** What a private network of one's own needs besides. */
export const VPC_SCOPES = ["vpc:read_write"] as const;

/** All that a token has to be good for, whatever the settings ask for besides. */
export function scopesFor({ isNamed, hasVpc }: { isNamed: boolean; hasVpc: boolean }): string[] {
  return [...SCOPES, ...(isNamed ? DNS_SCOPES : []), ...(hasVpc ? VPC_SCOPES : [])];
}

/** What every server needs where it stands: an outer wall, its first-boot data, and its encryption. */
export const CAPABILITIES = ["Linodes", "Cloud Firewall", "Metadata", "Disk Encryption"] as const;

/** A token that is stolen, or a password that is guessed, is worth as much as it may do. */
export function accountWarnings(account: Account, needed: readonly string[]): string[] {
  const { username, twoFactor, scopes } = account;
  return [
    ...(twoFactor
      ? []
      : [
          `The account's user ${username} has no two-factor login: whoever learns the password has all servers. Turn it on ` +
            "in the Cloud Manager: Profile, Login & Authentication.",
        ]),
    ...scopeWarnings(scopes, needed),
  ];
}

/** A server that needs what its region lacks would be refused half-way. */
export function regionWarnings({ id, capabilities }: Region, needed: readonly string[]): string[] {
  const lacking = needed.filter((capability) => !capabilities.includes(capability));
  if (lacking.length === 0) return [];
  return [
    `The region ${id} lacks what this stack needs there: ${lacking.join(", ")}. ` +
      "`linode-cli regions list` shows what each one has.",
  ];
}

function scopeWarnings(scopes: string, needed: readonly string[]): string[] {
  const list = needed.join(", ");
  if (scopes === "*") {
    return [`The Linode token may do everything. Make one that is good for ${list} and no more.`];
  }
  const granted = scopes.split(/[\s,]+/).filter((scope) => scope !== "");
  const surplus = granted.filter((scope) => !needed.includes(scope) && !isWeaker(scope, needed));
  const lacking = needed.filter(
    (scope) => !granted.includes(scope) && !granted.includes(stronger(scope)),
  );
  return [
    ...(surplus.length === 0
      ? []
      : [
          `The Linode token may do more than this stack needs: ${surplus.join(", ")}. Make one that is good for ${list} and ` +
            "no more.",
        ]),
    ...(lacking.length === 0
      ? []
      : [`The Linode token may not do what this stack needs: ${lacking.join(", ")} is missing.`]),
  ];
}

/** Whoever may write may read. */
function stronger(scope: string): string {
  return scope.replace(/:.*/, ":read_write");
}

function isWeaker(scope: string, needed: readonly string[]): boolean {
  return needed.includes(stronger(scope));
}
