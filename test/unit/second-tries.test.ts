/** What `npm test` makes of suites that fail beside others and are tried once more, alone. */
import { countsOf, latest, type Suite, unsteady, worthAnotherTry } from "../../scripts/test/suites";

const suite = (name: string, tests: Record<string, string>): Suite => ({
  name: `/root/${name}`,
  status: Object.values(tests).includes("failed") ? "failed" : "passed",
  assertionResults: Object.entries(tests).map(([fullName, status]) => ({ fullName, status })),
});
const whole = suite("whole", { "it works": "passed", "it waits": "pending" });
const torn = suite("torn", { "it holds": "failed", "it stands": "passed" });
const mended = suite("torn", { "it holds": "passed", "it stands": "passed" });
const unread: Suite = { name: "/root/unread", status: "failed", assertionResults: [] };

it("counts tests, and a file that does not load as a failure", () => {
  expect(countsOf([whole, torn, unread])).toEqual({ passed: 2, failed: 2, skipped: 1 });
  expect(countsOf([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

it("tries again what failed, also what did not load", () => {
  expect(worthAnotherTry([whole, torn, unread])).toEqual(["/root/torn", "/root/unread"]);
  expect(worthAnotherTry([whole])).toEqual([]);
});

it("tries nothing again where much failed, which no busy machine explains", () => {
  const many = ["a", "b", "c", "d"].map((name) => suite(name, { it: "failed" }));
  expect(worthAnotherTry(many.slice(1))).toHaveLength(3);
  expect(worthAnotherTry(many)).toEqual([]);
});

it("takes the last word on each suite, and names what passed alone only", () => {
  expect(countsOf(latest([whole, torn], [mended]))).toEqual({ passed: 3, failed: 0, skipped: 1 });
  expect(unsteady([whole, torn], [mended])).toEqual(["it holds"]);
});

it("keeps a failure that stays, and one that only the second try has", () => {
  expect(countsOf(latest([whole, torn], [torn]))).toEqual({ passed: 2, failed: 1, skipped: 1 });
  expect(unsteady([whole, torn], [torn])).toEqual([]);
  const namesake = suite("namesake", { "it holds": "failed" });
  expect(unsteady([torn, namesake], [mended, namesake])).toEqual(["it holds"]);
  const worse = suite("torn", { "it holds": "passed", "it stands": "failed" });
  expect(countsOf(latest([torn], [worse])).failed).toBe(1);
});
