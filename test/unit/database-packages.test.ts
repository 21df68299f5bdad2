import { databasePackages, sourceParameter } from "../../components/lib/database-packages";

describe("the packages of a database", () => {
  it.each([
    ["mysql", "vendor", ["mysql-community-server", "mysql-community-client"]],
    ["mysql", "suite", ["mysql-server", "mysql-client"]],
    ["mysql", "archive", ["mysql-server", "mysql-client"]],
    ["mariadb", "archive", ["mariadb-server", "mariadb-client"]],
  ] as const)("are, for %s from %s: %j", (engine, kind, packages) => {
    expect(databasePackages(engine, kind)).toEqual(packages);
  });
});

describe("the source of a database's packages", () => {
  it.each([
    [{ kind: "vendor", expired: "refuse" }, "vendor"],
    [{ kind: "archive", expired: "accept" }, "archive"],
    [{ kind: "suite", suite: "sid", expired: "refuse" }, "suite:sid"],
  ] as const)("is told the server: %j", (source, parameter) => {
    expect(sourceParameter(source)).toBe(parameter);
  });
});
