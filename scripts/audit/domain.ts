/** How long the application's domain stays registered, by its registry's own word (RDAP, RFC 9082 and 9083). */
import { z } from "zod";

import type { Finding } from "./report";

/** Which registry answers for which top-level domain (RFC 9224). */
const BOOTSTRAP = "https://data.iana.org/rdap/dns.json";
/** Time to find out whose card has expired. */
const DAYS_LEAST = 30;
const WAIT_MS = 10_000;
const DAY_MS = 86_400_000;

const SERVICES = z.object({
  services: z.array(z.tuple([z.array(z.string()), z.array(z.string())])),
});
const DOMAIN = z.object({
  events: z.array(z.object({ eventAction: z.string(), eventDate: z.string() })),
});

/** What is found at an address: JSON, or nothing where there is no such thing. */
export type Get = (url: string) => Promise<unknown>;

/**
 * The promise about the domain, judged. Nothing where no registry can be asked: without a name, and below a
 * top-level domain whose registry has no RDAP.
 */
export async function judgeDomain(
  domainName: string,
  now: Date,
  get: Get = fetched,
): Promise<Finding | undefined> {
  if (domainName === "") return undefined;
  const named = {
    id: "OUTSIDE-02",
    control: "outside",
    rows: ["H09"],
    promise: `the domain of ${domainName} stays registered for ${DAYS_LEAST} days at least`,
  };
  try {
    const until = await registeredUntil(domainName, get);
    if (until === undefined) return undefined;
    const days = Math.floor((until.getTime() - now.getTime()) / DAY_MS);
    if (days >= DAYS_LEAST) return { ...named, state: "kept" };
    return {
      ...named,
      state: "broken",
      found: `its registration ends on ${until.toISOString().slice(0, 10)}`,
      repair: "renew it with your registrar",
    };
  } catch (error) {
    const found = `its registry could not be asked: ${error instanceof Error ? error.message : String(error)}`;
    return { ...named, state: "unknown", found };
  }
}

/** Of the longest part of the name that is registered: which one that is only its registry knows. */
async function registeredUntil(domainName: string, get: Get): Promise<Date | undefined> {
  const labels = domainName.toLowerCase().split(".");
  const { services } = SERVICES.parse(await get(BOOTSTRAP));
  const [, bases = []] = services.find(([zones]) => zones.includes(labels.at(-1) ?? "")) ?? [];
  const base = bases.find((url) => url.startsWith("https://"));
  if (base === undefined) return undefined;
  for (let at = 0; at < labels.length - 1; at += 1) {
    const found = await get(new URL(`domain/${labels.slice(at).join(".")}`, base).href);
    if (found === undefined) continue;
    const { events } = DOMAIN.parse(found);
    const end = events.find(({ eventAction }) => eventAction === "expiration");
    // Some registries keep that to themselves.
    return end && new Date(end.eventDate);
  }
  throw new Error("it knows of no such domain");
}

/** @throws Error if it does not answer, or not with JSON */
export async function fetched(url: string): Promise<unknown> {
  const headers = { accept: "application/rdap+json, application/json" };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(WAIT_MS) });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${new URL(url).host} answered ${answer.status}`);
  return answer.json();
}
