import { Listing, type Handler } from "../call";
import { notFound } from "../errors";
import { type Domain, type State, takeId } from "../state/model";
import { type Body, Faults, withoutNulls } from "../validation/faults";
import { checkTags } from "../validation/tags";
import { roundedTtl } from "../validation/ttl";
import { vendor } from "../validation/vendor-schemas";

export const listDomains: Handler = ({ store }) => new Listing(store.state.domains.map(view));

export const getDomain: Handler = ({ store }, call) =>
  view(findDomain(store.state, call.id("domainId")));

export const createDomain: Handler = ({ store }, call) => {
  const body = withoutNulls(call.body);
  const faults = new Faults().schema(vendor.createDomainSchema, body);
  const { domain, tags = [] } = body as { domain: string; tags?: string[] };
  checkTags(faults, tags);
  faults.check("domain", () => !isTaken(store.state, domain), "Domain must be unique").throwIfAny();
  return store.change((draft) => {
    const made: Domain = {
      ...{ id: takeId(draft, "domain"), domain, tags },
      type: body["type"] === "slave" ? "slave" : "master",
      soaEmail: (body["soa_email"] as string | undefined) ?? "",
      ttlSec: roundedTtl(body["ttl_sec"]),
    };
    draft.domains.push(made);
    return view(made);
  });
};

/** What is null is left alone, as the provider means it. */
export const updateDomain: Handler = ({ store }, call) => {
  const id = call.id("domainId");
  findDomain(store.state, id);
  const body = withoutNulls(call.body);
  const faults = new Faults().schema(vendor.updateDomainSchema, body);
  checkTags(faults, body["tags"] as string[] | undefined);
  faults.throwIfAny();
  return store.change((draft) => {
    const domain = findDomain(draft, id);
    Object.assign(domain, changesOf(body));
    return view(domain);
  });
};

/** With all its records. */
export const deleteDomain: Handler = ({ store }, call) => {
  const { id } = findDomain(store.state, call.id("domainId"));
  store.change((draft) => {
    draft.domains = draft.domains.filter((domain) => domain.id !== id);
    draft.records = draft.records.filter(({ domainId }) => domainId !== id);
  });
  return {};
};

export function findDomain<S extends Pick<State, "domains">>(
  state: Readonly<S>,
  id: number,
): Domain {
  const found = state.domains.find((domain) => domain.id === id);
  if (!found) throw notFound();
  return found;
}

function isTaken({ domains }: Readonly<State>, name: string): boolean {
  return domains.some(({ domain }) => domain === name);
}

function changesOf(body: Body): Partial<Domain> {
  return {
    ...("domain" in body ? { domain: body["domain"] as string } : {}),
    ...("soa_email" in body ? { soaEmail: body["soa_email"] as string } : {}),
    ...("tags" in body ? { tags: body["tags"] as string[] } : {}),
    ...("ttl_sec" in body ? { ttlSec: roundedTtl(body["ttl_sec"]) } : {}),
  };
}

function view({ id, domain, type, soaEmail, tags, ttlSec }: Domain) {
  return {
    ...{ id, domain, type, group: "", status: "active", description: "" },
    ...{ soa_email: soaEmail, tags, master_ips: [], axfr_ips: [] },
    ...{ ttl_sec: ttlSec, retry_sec: 0, expire_sec: 0, refresh_sec: 0 },
  };
}
