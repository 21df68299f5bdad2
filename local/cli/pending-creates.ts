/** What a killed run of the engine may have left in the account, and how it is told from all else. */

/** A creation whose end the engine did not live to see. */
export interface PendingCreate {
  urn: string;
  type: string;
  /** As the state has them: secrets are encrypted. */
  inputs: Readonly<Record<string, unknown>>;
}

/** Something of the account, as the API lists it. */
export type Found = Readonly<Record<string, unknown>> & { id: number };

/** Where in the API a creation would show. */
export interface Place {
  list: string;
  filter: Readonly<Record<string, unknown>>;
  /** Whether it is what the stack was about to make: a name alone could be somebody else's. */
  isOurs: (found: Found) => boolean;
}

/** @throws SyntaxError if the text is not what `pulumi stack export` prints. */
export function readPendingCreates(text: string): PendingCreate[] {
  const exported = JSON.parse(text) as {
    deployment: { pending_operations?: { type: string; resource: PendingCreate }[] };
  };
  return (exported.deployment.pending_operations ?? [])
    .filter(({ type }) => type === "creating")
    .map(({ resource: { urn, type, inputs } }) => ({ urn, type, inputs }));
}

/** Nothing for what leaves no trace in the account: random values, and steps, which may run again. */
export function placeOf({ type, inputs }: PendingCreate): Place | undefined {
  const isSame = (found: Found, ...keys: string[]): boolean =>
    keys.every((key) => found[key] === inputs[key]);
  /** What has tags, by its name, which no other of its kind may have. */
  const tagged = (list: string, name: string): Place => ({
    list,
    filter: { [name]: inputs[name] },
    isOurs: (found) => isSame(found, name) && setOf(found["tags"]) === setOf(inputs["tags"]),
  });
  switch (type) {
    case "linode:index/instance:Instance":
      return tagged("/linode/instances", "label");
    case "linode:index/firewall:Firewall":
      return tagged("/networking/firewalls", "label");
    case "linode:index/domain:Domain":
      return tagged("/domains", "domain");
    case "linode:index/domainRecord:DomainRecord":
      return {
        list: `/domains/${String(inputs["domainId"])}/records`,
        filter: {},
        isOurs: ({ type: kind, name, target }) =>
          setOf([kind, name, target]) ===
          setOf([inputs["recordType"], inputs["name"] ?? "", inputs["target"]]),
      };
    case "linode:index/vpc:Vpc":
      return {
        list: "/vpcs",
        filter: {},
        // It has no tags.
        isOurs: (found) => isSame(found, "label", "description", "region"),
      };
    case "linode:index/vpcSubnet:VpcSubnet":
      return {
        list: `/vpcs/${String(inputs["vpcId"])}/subnets`,
        filter: {},
        isOurs: (found) => isSame(found, "label", "ipv4"),
      };
    default:
      return undefined;
  }
}

/** The same for the same members in any order. */
function setOf(values: unknown): string {
  return JSON.stringify([...((values ?? []) as unknown[])].map(String).sort());
}
