import { refused } from "./errors";

type Condition = (item: unknown) => boolean;
type Compare = (actual: unknown, wanted: unknown) => boolean;

const COMPARE: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ["+eq", same],
  ["+neq", (actual, wanted) => !same(actual, wanted)],
  ["+gt", (actual, wanted) => order(actual, wanted) > 0],
  ["+gte", (actual, wanted) => order(actual, wanted) >= 0],
  ["+lt", (actual, wanted) => order(actual, wanted) < 0],
  ["+lte", (actual, wanted) => order(actual, wanted) <= 0],
  ["+contains", contains],
]);

/** Selects and sorts a list as the `X-Filter` header says. */
export function applyFilter(items: readonly unknown[], header: string | undefined): unknown[] {
  if (header === undefined) return [...items];
  const filter = parse(header);
  const { "+order_by": orderBy, "+order": direction = "asc", ...conditions } = filter;
  const found = items.filter(all(conditions));
  if (orderBy === undefined) return found;
  if (typeof orderBy !== "string") throw malformed("+order_by must name an attribute.");
  if (direction !== "asc" && direction !== "desc") throw malformed("+order must be asc or desc.");
  const sign = direction === "asc" ? 1 : -1;
  return found.sort((a, b) => sign * (order(pick(a, orderBy), pick(b, orderBy)) || 0));
}

function parse(header: string): Record<string, unknown> {
  let filter: unknown;
  try {
    filter = JSON.parse(header);
  } catch {
    throw malformed("It is not valid JSON.");
  }
  if (!isObject(filter)) throw malformed("It must be a JSON object.");
  return filter;
}

function all(filter: Record<string, unknown>): Condition {
  const conditions = Object.entries(filter).map(([key, wanted]) => condition(key, wanted));
  return (item) => conditions.every((holds) => holds(item));
}

function condition(key: string, wanted: unknown): Condition {
  if (key === "+and" || key === "+or") {
    if (!Array.isArray(wanted) || !wanted.every(isObject)) {
      throw malformed(`${key} must hold a list of objects.`);
    }
    const parts = wanted.map(all);
    return key === "+and"
      ? (item) => parts.every((holds) => holds(item))
      : (item) => parts.some((holds) => holds(item));
  }
  if (key.startsWith("+")) throw malformed(`${key} is no operator here.`);
  if (!isObject(wanted)) return (item) => same(pick(item, key), wanted);
  const tests = Object.entries(wanted).map(([name, value]): Condition => {
    const compare = COMPARE.get(name);
    if (!compare) throw malformed(`${name} is no operator.`);
    return (item) => compare(pick(item, key), value);
  });
  return (item) => tests.every((holds) => holds(item));
}

/** The attribute that a dotted key such as `entity.id` names. */
function pick(item: unknown, key: string): unknown {
  return key
    .split(".")
    .reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), item);
}

/** A list, such as the tags, matches when it holds the value. */
function same(actual: unknown, wanted: unknown): boolean {
  return Array.isArray(actual) ? actual.includes(wanted) : actual === wanted;
}

function contains(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "string") return false;
  const texts: readonly unknown[] = Array.isArray(actual) ? actual : [actual];
  return texts.some((text) => typeof text === "string" && text.includes(wanted));
}

/** NaN, which passes no comparison, for values of different kinds. */
function order(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : Number(a > b);
  return NaN;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(reason: string) {
  return refused(reason, "X-Filter");
}
