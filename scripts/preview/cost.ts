/** What an environment costs, by the provider's own list of prices, which is public. */
import type { Plan } from "../../local/runner/plan";
import { resourcesOf } from "./compare";

/** In US dollars a month, before taxes and traffic beyond what is included. */
export interface Cost {
  monthly: number;
  servers: { name: string; type: string; monthly: number }[];
}

/** A plan of the provider's, as `GET /linode/types` has it. */
export interface TypePrice {
  id: string;
  price: { monthly: number };
  region_prices: { id: string; monthly: number }[];
  addons: {
    backups: { price: { monthly: number }; region_prices: { id: string; monthly: number }[] };
  };
}

const INSTANCE = "linode:index/instance:Instance";
const API = "https://api.linode.com";
const LIMIT_MS = 10_000;

/** @throws Error if the list cannot be had. */
export async function readPrices(): Promise<TypePrice[]> {
  const origin = process.env["LINODE_URL"] ?? API;
  const answer = await fetch(`${origin.replace(/\/+$/, "")}/v4/linode/types?page_size=500`, {
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  if (!answer.ok) throw new Error(`${origin} answered ${answer.status}`);
  return ((await answer.json()) as { data: TypePrice[] }).data;
}

/** A server's size that the provider does not sell. */
export class UnknownType extends Error {}

/** @throws UnknownType if a server has a type that the list does not have. */
export function costOf(plan: Plan, prices: readonly TypePrice[]): Cost {
  const servers = resourcesOf(plan)
    .filter(({ type }) => type === INSTANCE)
    .map(({ name, inputs }) => {
      const { type, region, backupsEnabled } = inputs as {
        type: string;
        region: string;
        backupsEnabled?: boolean;
      };
      const found = prices.find(({ id }) => id === type);
      if (!found) throw new UnknownType(`${name}: the provider has no plan ${type}`);
      const { backups } = found.addons;
      const own = priceIn(region, found.price, found.region_prices);
      const kept = backupsEnabled ? priceIn(region, backups.price, backups.region_prices) : 0;
      return { name, type, monthly: own + kept };
    });
  return { monthly: servers.reduce((sum, { monthly }) => sum + monthly, 0), servers };
}

function priceIn(
  region: string,
  price: { monthly: number },
  regional: readonly { id: string; monthly: number }[],
): number {
  return regional.find(({ id }) => id === region)?.monthly ?? price.monthly;
}
