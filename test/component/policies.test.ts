/** The rules of the policy pack on whole programs. That the CLI enforces them is the engine layer's. */
import { RULES } from "../../policy/rules";
import type { Declared } from "../../policy/rules/rule";
import { CASES } from "../policy/programs";
import { recordEnvironment } from "./environment-fixture";
import { type Recorded, record } from "./recorder";

/** As the engine shows it to a pack: secrets unwrapped. */
function declared({ type, name, inputs, protect, ignoreChanges }: Recorded): Declared {
  const urn = `urn:pulumi:test::stronghold::${type}::${name}`;
  const props = unwrapped(inputs) as Declared["props"];
  return { type, name, urn, props, protect, ignoreChanges };
}

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  if ("secret" in value) return unwrapped(value.secret);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unwrapped(part)]));
}

const faultsOf = (resources: readonly Recorded[], rules = RULES): string[] =>
  resources.map(declared).flatMap((resource) => rules.flatMap((rule) => rule.faults(resource)));

describe("the rules", () => {
  it("have a program each that passes and one that does not", () => {
    const names = RULES.map(({ name }) => name);
    const cases = (isGood: boolean): string[] =>
      CASES.filter(({ faults }) => (faults.length === 0) === isGood).map(({ rule }) => rule);
    expect(new Set(cases(true))).toEqual(new Set(names));
    expect(new Set(cases(false))).toEqual(new Set(names));
  });

  it.each(CASES)("$rule on $what", async ({ rule, program, faults }) => {
    const { resources } = await record(() => {
      program("it");
    });
    const named = faults.map((fault) =>
      fault.replace("<project>", "stronghold").replace("<stack>", "test"),
    );
    expect(
      faultsOf(
        resources,
        RULES.filter(({ name }) => name === rule),
      ),
    ).toEqual(named);
    if (faults.length === 0) expect(faultsOf(resources)).toEqual([]);
  });

  it.each([
    ["the least settings", {}],
    ["SSH from anywhere, typed out", { ssh: { allowFrom: ["anywhere"] } }],
    ["outbound closed", { outbound: { policy: "drop" } }],
  ])("let the environment pass with %s", async (_, settings) => {
    expect(faultsOf((await recordEnvironment(settings)).resources)).toEqual([]);
  });
});
