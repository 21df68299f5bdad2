import { Listing, type Handler } from "../call";
import { notFound } from "../errors";
import type { ProfileOptions } from "../cloud";
import type { Event } from "../state/model";

export const getAccount: Handler = ({ profile }) => ({
  active_since: "2018-01-01T00:00:00",
  active_promotions: [],
  balance: 0,
  balance_uninvoiced: 0,
  billing_source: "linode",
  capabilities: ["Linodes", "Cloud Firewall", "Disk Encryption"],
  company: "The local cloud",
  country: "US",
  credit_card: { expiry: null, last_four: null },
  email: profile.email,
  euuid: "00000000-0000-0000-0000-000000000000",
  first_name: "Local",
  last_name: "Cloud",
  address_1: "",
  address_2: "",
  city: "",
  state: "",
  zip: "",
  phone: "",
  tax_id: "",
});

export const listEvents: Handler = ({ store, profile }) =>
  // Newest first, as at the vendor.
  new Listing([...store.state.events].reverse().map((event) => view(event, profile)));

/** Events outlive what they are about: that of a deletion is what the provider waits for. */
export const getEvent: Handler = ({ store, profile }, call) => {
  const id = call.id("eventId");
  const event = store.state.events.find((candidate) => candidate.id === id);
  if (!event) throw notFound();
  return view(event, profile);
};

function view(event: Event, { username }: ProfileOptions) {
  return {
    id: event.id,
    action: event.action,
    status: event.status,
    percent_complete: event.status === "started" ? 0 : 100,
    created: event.created,
    entity: event.entity,
    secondary_entity: event.secondaryEntity,
    username,
    message: event.message,
    read: false,
    seen: false,
    rate: null,
    time_remaining: null,
    duration: null,
  };
}
