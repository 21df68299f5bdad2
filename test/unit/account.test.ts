// What of the hosting account is worth a warning, and that a sound one is worth none.
import {
  type Account,
  accountWarnings,
  regionWarnings,
  SCOPES,
} from "../../components/lib/account";

const SOUND: Account = { username: "ada", twoFactor: true, scopes: SCOPES.join(" ") };

function warnings(over: Partial<Account>): string {
  return accountWarnings({ ...SOUND, ...over }, SCOPES).join("\n");
}

describe("an account", () => {
  it.each([
    ["as it should be", {}],
    ["with commas between the scopes", { scopes: SCOPES.join(", ") }],
    ["that may also read what it may write", { scopes: `${SCOPES.join(" ")} linodes:read_only` }],
  ])("%s is worth no warning", (_what, over) => {
    expect(warnings(over)).toBe("");
  });

  it.each<[string, Partial<Account>, string]>([
    ["without two-factor login", { twoFactor: false }, "user ada has no two-factor login"],
    ["whose token may do everything", { scopes: "*" }, "may do everything"],
    [
      "whose token may do more",
      { scopes: `${SCOPES.join(" ")} account:read_only domains:read_write` },
      "more than this stack needs: account:read_only, domains:read_write",
    ],
    [
      "whose token may write where reading is enough",
      { scopes: SCOPES.join(" ").replace("events:read_only", "events:read_write") },
      "more than this stack needs: events:read_write",
    ],
    [
      "whose token may do less",
      { scopes: "linodes:read_only events:read_only" },
      "linodes:read_write, firewall:read_write is missing",
    ],
    ["whose token says nothing of itself", { scopes: "" }, "may not do what this stack needs"],
  ])("%s is", (_what, over, text) => {
    const all = warnings(over);
    expect(all).toContain(text);
    expect(all.split("\n")).toHaveLength(1);
  });
});

describe("a region", () => {
  const region = { id: "us-east", capabilities: ["Linodes", "Metadata"] };

  it("with all that is needed is worth no warning", () => {
    expect(regionWarnings(region, ["Metadata"])).toEqual([]);
  });

  it("that lacks something is, by name", () => {
    expect(regionWarnings(region, ["Metadata", "Cloud Firewall", "VPCs"])).toEqual([
      expect.stringContaining("us-east lacks what this stack needs there: Cloud Firewall, VPCs."),
    ]);
  });
});
