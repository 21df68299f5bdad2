import { labelOf, stackNameFaults, tagsOf } from "../../components/lib/stack-names";

const project = "stronghold";

describe("labels and tags", () => {
  const identity = { project, stack: "prod" };

  it("name the stack and the role", () => {
    expect(labelOf(identity, "app")).toBe("stronghold-prod-app");
    expect(labelOf(identity, "database")).toBe("stronghold-prod-db");
    expect(tagsOf(identity, "database")).toEqual(["stronghold", "stronghold-prod", "database"]);
  });
});

describe("the name of a stack", () => {
  it.each(["local", "prod", "eu-2", "a", "12345678901234"])("may be %s", (stack) => {
    expect(stackNameFaults({ project, stack })).toEqual([]);
    expect(labelOf({ project, stack }, "backup").length).toBeLessThanOrEqual(32);
  });

  it.each(["123456789012345", "Prod", "a_b", "a.b", "-a", "a-", "a--b", ""])(
    "may not be %j",
    (stack) => {
      expect(stackNameFaults({ project, stack })).toEqual([
        `stack: "${stack}" is not allowed: the name of the stack is part of every label and host name, so it has ` +
          "lower-case letters, digits and single hyphens, at most 14 characters; rename it with `pulumi stack rename`",
      ]);
    },
  );
});
