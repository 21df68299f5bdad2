import { findImage, type Image, IMAGES } from "../catalogue/images";
import { findRegion, type Region, REGIONS } from "../catalogue/regions";
import { findPlan, type Plan, PLANS } from "../catalogue/types";
import { Listing, type Handler } from "../call";
import { notFound } from "../errors";

export const listTypes: Handler = () => new Listing(PLANS.map(planView));
export const listRegions: Handler = () => new Listing(REGIONS.map(regionView));
export const listImages: Handler = () => new Listing(IMAGES.map(imageView));

export const getType: Handler = (_, call) => planView(known(findPlan(call.name("typeId"))));
export const getRegion: Handler = (_, call) => regionView(known(findRegion(call.name("regionId"))));
/** The id holds a slash, which clients send as it is or encoded. */
export const getImage: Handler = (_, call) => imageView(known(findImage(call.name("*"))));

function known<T>(found: T | undefined): T {
  if (found === undefined) throw notFound();
  return found;
}

const HOURS_A_MONTH = 667;

function price(monthly: number) {
  return { hourly: Math.round((monthly / HOURS_A_MONTH) * 10_000) / 10_000, monthly };
}

function planView(plan: Plan) {
  return {
    id: plan.id,
    label: plan.label,
    class: plan.class,
    disk: plan.disk,
    memory: plan.memory,
    vcpus: plan.vcpus,
    gpus: 0,
    accelerated_devices: 0,
    transfer: plan.transfer,
    network_out: plan.networkOut,
    price: price(plan.monthly),
    region_prices: [],
    addons: { backups: { price: price(plan.backupsMonthly), region_prices: [] } },
    successor: null,
  };
}

function regionView(region: Region) {
  return {
    ...region,
    status: "ok",
    site_type: "core",
    resolvers: { ipv4: "203.0.113.1", ipv6: "2001:db8:113::1" },
    placement_group_limits: { maximum_pgs_per_customer: 100, maximum_linodes_per_pg: 5 },
  };
}

function imageView(image: Image) {
  return {
    ...image,
    description: "",
    created_by: "linode",
    updated: image.created,
    type: "manual",
    status: "available",
    is_public: true,
    is_shared: false,
    deprecated: false,
    expiry: null,
    capabilities: ["cloud-init", "distributed-sites"],
    regions: [],
    tags: [],
    total_size: image.size,
  };
}
