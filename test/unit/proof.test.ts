/** What a run of the tests says of the promises. */
import { proofs, renderProofs, resultsOf } from "../../scripts/audit/proof";
import { traces } from "../../scripts/audit/traceability";
import type { Suite } from "../../scripts/test/suites";

type Named = Pick<Suite, "name" | "status">;

const suite = (name: string, status = "passed"): Named => ({ name: `/root/${name}`, status });
const all = traces().flatMap(({ tests }) => tests.map((test) => suite(test)));
const resultOf = (row: string, suites: Named[]): string | undefined =>
  proofs(resultsOf(suites, "/root")).find((proof) => proof.row === row)?.result;
const CLOCK = "test/host/control-clock.test.ts";

it("every promise is proved where every suite passes", () => {
  const found = proofs(resultsOf(all, "/root"));
  expect(found.filter(({ result }) => result !== "proved")).toEqual([]);
  expect(renderProofs(found)).toBe(`${found.length} of ${found.length} promises proved`);
});

it("one suite that fails leaves its promises unkept, and is named", () => {
  const failing = all.map((one) => (one.name.endsWith(CLOCK) ? suite(CLOCK, "failed") : one));
  expect(resultOf("G07", failing)).toBe("failed");
  expect(resultOf("G16", failing)).toBe("proved");
  const text = renderProofs(proofs(resultsOf(failing, "/root")));
  expect(text).toContain("G07 failed: ");
  expect(text).toContain(`    ${CLOCK}`);
});

it("a promise of which no suite has run is not proved", () => {
  expect(resultOf("G07", [])).toBe("unproved");
  expect(resultOf("G07", [suite(CLOCK)])).toBe("proved");
});
