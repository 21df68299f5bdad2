import { isIPv4, isIPv6 } from "node:net";

import { Listing, type Handler } from "../call";
import { notFound } from "../errors";
import { type DomainRecord, type State, takeId, timestamp } from "../state/model";
import { type Body, Faults, withoutNulls } from "../validation/faults";
import { roundedTtl } from "../validation/ttl";
import { vendor } from "../validation/vendor-schemas";
import { findDomain } from "./domains";

export const listRecords: Handler = ({ store }, call) => {
  const { id } = findDomain(store.state, call.id("domainId"));
  return new Listing(store.state.records.filter(({ domainId }) => domainId === id).map(view));
};

export const getRecord: Handler = ({ store }, call) =>
  view(find(store.state, call.id("domainId"), call.id("recordId")));

export const createRecord: Handler = ({ store }, call) => {
  const { id: domainId, domain } = findDomain(store.state, call.id("domainId"));
  const body = withoutNulls(call.body);
  const faults = new Faults().schema(vendor.createRecordSchema, body);
  checkTarget(faults, String(body["type"]), body["target"]);
  faults.throwIfAny();
  return store.change((draft) => {
    const now = timestamp();
    const record: DomainRecord = {
      ...{ id: takeId(draft, "record"), domainId, type: String(body["type"]) },
      ...{ name: shortName(body["name"], domain), target: targetOf(body) },
      ...{ ttlSec: roundedTtl(body["ttl_sec"]), created: now, updated: now },
    };
    draft.records.push(record);
    return view(record);
  });
};

export const updateRecord: Handler = ({ store }, call) => {
  const [domainId, id] = [call.id("domainId"), call.id("recordId")];
  const { type } = find(store.state, domainId, id);
  const body = withoutNulls(call.body);
  const faults = new Faults().schema(vendor.updateRecordSchema, body);
  if ("target" in body) checkTarget(faults, type, body["target"]);
  faults.throwIfAny();
  return store.change((draft) => {
    const record = find(draft, domainId, id);
    const { domain } = findDomain(draft, domainId);
    if ("name" in body) record.name = shortName(body["name"], domain);
    if ("target" in body) record.target = targetOf(body);
    if ("ttl_sec" in body) record.ttlSec = roundedTtl(body["ttl_sec"]);
    record.updated = timestamp();
    return view(record);
  });
};

export const deleteRecord: Handler = ({ store }, call) => {
  const { id } = find(store.state, call.id("domainId"), call.id("recordId"));
  store.change((draft) => {
    draft.records = draft.records.filter((record) => record.id !== id);
  });
  return {};
};

/** The addresses that a name leads to. */
export function addressesOf({ domains, records }: Readonly<State>, name: string): string[] {
  return records
    .filter(({ domainId, name: own, type }) => {
      const zone = domains.find(({ id }) => id === domainId)?.domain ?? "";
      return ["A", "AAAA"].includes(type) && (own === "" ? zone : `${own}.${zone}`) === name;
    })
    .map(({ target }) => target);
}

function find(state: Readonly<State>, domainId: number, id: number): DomainRecord {
  findDomain(state, domainId);
  const record = state.records.find((other) => other.id === id && other.domainId === domainId);
  if (!record) throw notFound();
  return record;
}

function checkTarget(faults: Faults, type: string, target: unknown): void {
  const isAddress = type === "A" ? isIPv4 : type === "AAAA" ? isIPv6 : () => true;
  faults.check(
    "target",
    () => typeof target === "string" && isAddress(target),
    `Target must be an ${type === "A" ? "IPv4" : "IPv6"} address.`,
  );
}

/** The vendor leaves the zone out, also where it was given. */
function shortName(name: unknown, zone: string): string {
  if (typeof name !== "string" || name === zone) return "";
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name;
}

function targetOf(body: Body): string {
  return body["target"] as string;
}

function view({ id, type, name, target, ttlSec, created, updated }: DomainRecord) {
  return {
    ...{ id, type, name, target, ttl_sec: ttlSec, created, updated },
    ...{ priority: 0, weight: 0, port: 0, service: null, protocol: null, tag: null },
  };
}
