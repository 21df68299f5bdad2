import { ApiError, type Fault } from "./errors";

export interface Page {
  data: readonly unknown[];
  page: number;
  pages: number;
  results: number;
}

const SIZE = { default: 100, least: 25, most: 500 };

/**
 * Cuts one page out of a list.
 *
 * A page past the end is an empty page and no fault: the provider asks for page 100 of the plans
 * when it starts, to see whether its token works.
 */
export function paginate(items: readonly unknown[], query: Record<string, unknown>): Page {
  const page = wholeNumber(query["page"], 1);
  const size = wholeNumber(query["page_size"], SIZE.default);
  const faults: Fault[] = [];
  if (!(page >= 1)) faults.push({ field: "page", reason: "Must be 1 or more." });
  if (!(size >= SIZE.least && size <= SIZE.most)) {
    faults.push({ field: "page_size", reason: `Must be ${SIZE.least}-${SIZE.most}.` });
  }
  if (faults.length > 0) throw new ApiError(400, faults);
  return {
    data: items.slice((page - 1) * size, page * size),
    page,
    pages: Math.max(1, Math.ceil(items.length / size)),
    results: items.length,
  };
}

/** NaN, which passes no comparison, when the text is not a whole number. */
function wholeNumber(text: unknown, fallback: number): number {
  if (text === undefined) return fallback;
  return typeof text === "string" && /^\d{1,9}$/.test(text) ? Number(text) : NaN;
}
