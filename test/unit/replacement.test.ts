// What makes way for a server's successor in the state of the real engine.
import { readResources, type StateResource, wayFor } from "../../local/cli/replacement";

const PREFIX = "urn:pulumi:prod::stronghold::stronghold:index:TwoServerEnvironment$";

function urn(name: string): string {
  return `${PREFIX}x::${name}`;
}

const RESOURCES: StateResource[] = [
  { urn: urn("environment-app-instance") },
  { urn: urn("environment-app-hardening-hand-over") },
  { urn: urn("environment-database-instance"), protect: true },
  { urn: urn("environment-database-hardening-hand-over") },
  { urn: urn("environment-seal"), protect: true },
];

describe("the way for a successor", () => {
  it("of the app server is free: nothing of the state is taken away", () => {
    expect(wayFor("app", RESOURCES)).toEqual({
      instance: urn("environment-app-instance"),
      steps: [],
    });
  });

  it("of the database server takes its protection and the old way in away", () => {
    expect(wayFor("database", RESOURCES)).toEqual({
      instance: urn("environment-database-instance"),
      steps: [
        ["state", "unprotect", urn("environment-database-instance"), "--yes"],
        // It depends on the old way in, and would not let it go.
        ["state", "unprotect", urn("environment-seal"), "--yes"],
        [
          ...["state", "delete", urn("environment-database-hardening-hand-over")],
          ...["--target-dependents", "--yes"],
        ],
      ],
    });
  });

  it("is free where an earlier run has made it", () => {
    const left = [{ urn: urn("environment-database-instance") }];
    expect(wayFor("database", left).steps).toEqual([]);
  });

  it("of a server that is not there is refused", () => {
    expect(() => wayFor("app", [])).toThrow("the stack has no environment-app-instance");
  });
});

it("reads what the CLI exports, also of a stack that is empty", () => {
  const exported = { version: 3, deployment: { resources: RESOURCES } };
  expect(readResources(JSON.stringify(exported))).toEqual(RESOURCES);
  expect(readResources('{"version":3,"deployment":{}}')).toEqual([]);
});
